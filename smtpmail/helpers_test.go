package smtpmail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

// A certificate is one that the tests have made, for 127.0.0.1.
type certificate struct {
	pem, keyPEM []byte
	roots       *x509.CertPool // trust it
}

// valid is good for an hour. All servers of the tests share it.
var valid = sync.OnceValue(func() certificate { return newCertificate(time.Now().Add(time.Hour)) })

// newCertificate makes a certificate that is good until notAfter and signs itself.
func newCertificate(notAfter time.Time) certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)

	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "smtpmail's tests"},
		NotBefore:             notAfter.Add(-2 * time.Hour),
		NotAfter:              notAfter,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)

	c := certificate{
		pem:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		keyPEM: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
		roots:  x509.NewCertPool(),
	}
	c.roots.AppendCertsFromPEM(c.pem)
	return c
}

// server returns what a server does TLS by.
func (c certificate) server() *tls.Config {
	pair, err := tls.X509KeyPair(c.pem, c.keyPEM)
	must(err)
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// plain writes a short mail that shows the code.
type plain struct{}

func (plain) Render(m otp.Message) (otpmail.Mail, error) {
	return otpmail.Mail{Subject: "Your code", Text: "Your code is\n" + m.Code.Reveal() + "\n"}, nil
}

const (
	username = "otp"
	password = "not a guess"
	from     = "Acme <no-reply@acme.example>"
)

// configFor returns what a Sender needs for the server at an address.
func configFor(address string) smtpmail.Config {
	host, port, err := net.SplitHostPort(address)
	must(err)
	number, err := strconv.Atoi(port)
	must(err)
	return smtpmail.Config{
		Host: host, Port: number,
		TLS:      &tls.Config{RootCAs: valid().roots},
		Username: username, Password: password,
		From:     from,
		Renderer: plain{},
	}
}

// newSender returns a Sender that is closed after the test.
func newSender(t testing.TB, c smtpmail.Config) *smtpmail.Sender {
	t.Helper()

	s, err := smtpmail.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// message returns one with a code, under an id of its own.
func message(to string) otp.Message {
	return otp.Message{
		ID:        rand.Text(),
		Purpose:   "sign-in",
		To:        to,
		Code:      otp.NewCode("123456"),
		ExpiresAt: time.Now().Add(10 * time.Minute),
	}
}

// sendAtOnce sends a number of mails to one person at the same time, and returns what Send did.
func sendAtOnce(t testing.TB, sender *smtpmail.Sender, mails int) []error {
	var all sync.WaitGroup
	errs := make([]error, mails)
	for i := range errs {
		all.Go(func() { errs[i] = sender.Send(t.Context(), message(ada)) })
	}
	all.Wait()
	return errs
}
