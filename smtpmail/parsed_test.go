package smtpmail_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

// variants are products and what their mails have beside the code.
var variants = []otpmail.Options{
	{Product: "Acme"},
	{Product: "Acme", CodeInSubject: true, Links: map[string]string{"p": "https://acme.example"}},
	{Product: "Acme", Support: "help@acme.example", Logo: "https://acme.example/logo.png"},
	{Product: "Donaudampfschifffahrtsgesellschaft & Töchter International Ltd."},
	{Product: "株式会社アクメ・サービス・インターナショナル東京本社", CodeInSubject: true},
}

// Every mail of package otpmail, in each language, of each kind and variant, has lines of at most
// 76 characters in its header (RFC 2047 §2), and is read as it was written.
func TestAllMailsAreReadAsWritten(t *testing.T) {
	for _, opts := range variants {
		catalog, err := otpmail.NewCatalog(opts)
		require.NoError(t, err)
		from := otpmail.From{Name: opts.Product, Address: "no-reply@acme.example"}

		for _, language := range otpmail.Languages() {
			for kind := otp.General; kind <= otp.ConfirmTransaction; kind++ {
				written, err := catalog.Render(otp.Message{
					Purpose: "p", Kind: kind, Language: language, Code: otp.NewCode("492013"),
					Data: otpmail.Details{{Name: "To", Value: "عبد الرحمن & Sons"}},
				})
				require.NoError(t, err)
				requireReadAsWritten(t, from, written)
			}
			for kind := otpmail.PasswordChanged; kind <= otpmail.AccountExists; kind++ {
				written, err := catalog.Notice(otpmail.Notice{
					Kind: kind, Language: language, Time: time.Now(),
				})
				require.NoError(t, err)
				requireReadAsWritten(t, from, written)
			}
		}
	}
}

func requireReadAsWritten(t *testing.T, from otpmail.From, written otpmail.Mail) {
	t.Helper()

	text, err := smtpmail.Compose(from, ada, written)
	require.NoError(t, err)
	header, _, _ := bytes.Cut(text, []byte("\r\n\r\n"))
	requireShortLines(t, string(header))

	got := read(t, bytes.NewReader(text))
	require.Equal(t, written.Subject, got.subject(t))
	sender, err := got.header.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, from.Name, sender[0].Name)
	require.Equal(t, from.Address, sender[0].Address)
	require.Equal(t, lines(written.Text), lines(got.text))
	require.Equal(t, lines(written.HTML), lines(got.html))
}

func requireShortLines(t *testing.T, header string) {
	t.Helper()

	for line := range strings.Lines(header) {
		require.LessOrEqual(t, len(strings.TrimRight(line, "\r\n")), 76, line)
	}
}
