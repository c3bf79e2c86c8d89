package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/internal/browsers"

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

// A password is reset from pages of other origins: one of the same site, one of another site, one
// by the session in JSON. A page that the service does not know gets nothing.
func TestSinglePageApplication(t *testing.T) {
	s := &website{Server: httptest.NewUnstartedServer(nil)}
	page := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!DOCTYPE html><title>An application</title>")
	}))
	t.Cleanup(page.Close)

	s.Config.Handler = s.newHandler(t, func(app *web.App) {
		app.HTTPS = true
		app.Origins = []string{
			"https://app.acme.test:" + portOf(page), "https://app.other.test:" + portOf(page),
		}
	})
	s.StartTLS()
	t.Cleanup(s.Close)
	browsers.Run(t, "spa.mjs", browsers.Serve(t, s.mails), portOf(page), portOf(s.Server))
}

func portOf(server *httptest.Server) string {
	return fmt.Sprint(server.Listener.Addr().(*net.TCPAddr).Port)
}

// In a real Chromium that proves addresses, the mail is spared. Where it does not, or the proof is
// worth nothing, the code is sent as before.
func TestProofs(t *testing.T) {
	for _, want := range []string{"spared", "down", "off"} {
		t.Run(want, func(t *testing.T) { testProof(t, want) })
	}
}

func testProof(t *testing.T, want string) {
	const host = "reset.acme.example"
	var issued, asked atomic.Int64 // tokens; the record of the domain
	issuer := evptest.NewIssuer("example.com")
	issuer.SignIn(ada)
	provider := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		issuer.ServeHTTP(w, r)
		if r.URL.Path == "/issue" {
			issued.Add(1)
		}
	})
	verifier, err := evp.New(evp.Config{
		Origins: []string{"https://" + host}, Client: issuer.Client(),
		Lookup: func(ctx context.Context, name string) ([]string, error) {
			asked.Add(1)
			if want == "down" {
				return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
			}
			return issuer.LookupTXT(ctx, name)
		},
	})
	require.NoError(t, err)

	// The script asks for mails, counts, and a token for a nonce that is too old.
	var s website
	site := s.newHandler(t, func(app *web.App) { app.HTTPS, app.Proofs = true, verifier })
	state := func(query url.Values) any {
		browser := evptest.NewBrowser(issuer, "https://"+host)
		return map[string]any{
			"mails": s.mails(query), "issued": issued.Load(), "asked": asked.Load(),
			"stale": browser.Token(grace, query.Get("nonce"), func(_, kb *evptest.Half) {
				kb.Claims["iat"] = time.Now().Add(-17 * time.Minute).Unix()
			}),
		}
	}
	args := append(browsers.ServeProving(t, host, site, provider), want, browsers.Serve(t, state))
	browsers.Run(t, "proofs.mjs", args...)
}

// A password is reset by keyboard on DynamoDB and SES: ask, read the mail, a wrong code, the right
// one, sign in.
func TestBrowser(t *testing.T) {
	s := newSystem(t)
	mails := browsers.Serve(t, func(url.Values) any { return s.mails() })
	browsers.Run(t, "reset.mjs", mails, startServer(t, append(s.env, secretEnv)).url, s.email)
}

// The pages that are the application's own work and have no fault, those of development too.
func TestLaptop(t *testing.T) {
	browsers.Run(t, "laptop.mjs", startServer(t, os.Environ()).url)
}
