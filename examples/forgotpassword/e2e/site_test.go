package e2e

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/mail"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/setup"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/site"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

const (
	ada   = "ada@example.com"
	grace = "grace@example.com"
)

// A website is the application on a laptop, in this process, with the two accounts for development.
type website struct {
	*httptest.Server
	mailbox *mail.Mailbox
}

// newHandler returns the application. configure changes it before.
func (s *website) newHandler(t *testing.T, configure func(*web.App)) http.Handler {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	app, err := setup.Laptop(log)
	require.NoError(t, err)
	require.NoError(t, setup.AddDemoUsers(t.Context(), app.Users, log))
	s.mailbox = app.Mailbox.(*mail.Mailbox)
	configure(app)

	handler, err := site.Handler(app)
	require.NoError(t, err)
	return handler
}

// mails returns the texts of the mails to an address, the newest last.
func (s *website) mails(query url.Values) any {
	texts := []string{}
	for _, letter := range slices.Backward(s.mailbox.Letters()) {
		if letter.To == query.Get("to") {
			texts = append(texts, letter.Text)
		}
	}
	return texts
}
