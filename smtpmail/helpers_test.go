package smtpmail_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

// secured is a server that has a certificate for 127.0.0.1. All servers of the tests share it.
var secured = sync.OnceValue(func() *httptest.Server { return httptest.NewTLSServer(nil) })

// roots trust the certificate.
func roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(secured().Certificate())
	return pool
}

// serverTLS returns what a server does TLS by.
func serverTLS() *tls.Config { return &tls.Config{Certificates: secured().TLS.Certificates} }

// pemFiles returns the certificate and its key as files have them.
func pemFiles() (certificate, key []byte) {
	pair := secured().TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
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
		TLS:      &tls.Config{RootCAs: roots()},
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
