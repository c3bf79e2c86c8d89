package otpmail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

const code = "492013"

// purposes has one of each kind.
var purposes = map[string]otp.Kind{
	"general": otp.General, "sign-in": otp.SignIn, "confirm": otp.ConfirmAddress,
	"change": otp.ChangeAddress, "reset": otp.ResetPassword,
	"pay": otp.ConfirmTransaction,
}

// payment has labels in some languages, as an application has them.
type payment struct{ amount, payee string }

func (p payment) MailDetails(language string) []otpmail.Detail {
	labels := map[string][2]string{
		"de": {"Betrag", "Empfänger"}, "ar": {"المبلغ", "المستفيد"},
	}[language]
	if labels == [2]string{} {
		labels = [2]string{"Amount", "To"}
	}
	return []otpmail.Detail{{Name: labels[0], Value: p.amount}, {Name: labels[1], Value: p.payee}}
}

// acme returns options for a product with everything.
func acme() otpmail.Options {
	links := map[string]string{}
	for purpose := range purposes {
		links[purpose] = "https://acme.example/code"
	}
	return otpmail.Options{Product: "Acme", Support: "help@acme.example", Links: links}
}

// newCatalog fails the test where otpmail.NewCatalog does.
func newCatalog(tb testing.TB, opts otpmail.Options) *otpmail.Catalog {
	tb.Helper()

	s, err := otpmail.NewCatalog(opts)
	require.NoError(tb, err)
	return s
}

// render fails the test where Render does.
func render(tb testing.TB, r otpmail.Renderer, m otp.Message) otpmail.Mail {
	tb.Helper()

	mail, err := r.Render(m)
	require.NoError(tb, err)
	require.NoError(tb, mail.Check())
	return mail
}

// message returns a message as a Service makes it, with lines where they are needed.
func message(purpose, language string) otp.Message {
	m := otp.Message{
		ID: "6f2a", Purpose: purpose, Kind: purposes[purpose], Language: language,
		To:   "ada@example.com",
		Code: otp.NewCode(code), ExpiresAt: time.Now().Add(10 * time.Minute),
	}
	if purposes[purpose] == otp.ConfirmTransaction {
		m.Data = payment{"€250.00", "Ada Lovelace"}
	}
	return m
}
