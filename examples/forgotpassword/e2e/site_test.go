package e2e

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
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
	t       *testing.T
	mailbox *mail.Mailbox
}

// newWebsite starts the application. configure changes it before.
func newWebsite(t *testing.T, configure func(*web.App)) *website {
	t.Helper()
	s := &website{t: t, Server: httptest.NewUnstartedServer(nil)}
	s.Server.Config.Handler = s.handler(configure)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *website) handler(configure func(*web.App)) http.Handler {
	s.t.Helper()
	log := slog.New(slog.NewTextHandler(s.t.Output(), nil))
	app, err := setup.Laptop(log)
	require.NoError(s.t, err)
	require.NoError(s.t, setup.AddDemoUsers(s.t.Context(), app.Users, log))

	s.mailbox = app.Mailbox.(*mail.Mailbox)
	if configure != nil {
		configure(app)
	}

	handler, err := site.Handler(app)
	require.NoError(s.t, err)
	return handler
}

// codeTo returns the code of the newest mail to the address.
func (s *website) codeTo(email string) string {
	s.t.Helper()
	for _, letter := range s.mailbox.Letters() {
		if code := codePattern.FindString(letter.Text); letter.To == email && code != "" {
			return code
		}
	}
	require.Fail(s.t, "there is no mail with a code")
	return ""
}

// mailsTo returns how many mails there are to the address.
func (s *website) mailsTo(email string) int {
	n := 0
	for _, letter := range s.mailbox.Letters() {
		if letter.To == email {
			n++
		}
	}
	return n
}

// allowWhile configures a budget that lasts while allowed is true.
func allowWhile(allowed *atomic.Bool) func(*web.App) {
	return func(app *web.App) {
		app.Allow = func(http.ResponseWriter, *http.Request) bool { return allowed.Load() }
	}
}
