package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

const proofHost = "reset.acme.example"

// A proving is the application behind HTTPS, and the provider of all its accounts' mailboxes, for
// one browser.
type proving struct {
	website
	issuer *evptest.Issuer
	issued atomic.Int64 // tokens, to the browser
	asked  atomic.Int64 // by the application, for the record of the domain
	down   bool         // so that it gets no answer
}

func newProving(t *testing.T) *proving {
	t.Helper()
	p := &proving{issuer: evptest.NewIssuer("example.com")}
	p.issuer.SignIn(ada)
	verifier, err := evp.New(evp.Config{
		Origins: []string{"https://" + proofHost}, Lookup: p.lookup, Client: p.issuer.Client(),
	})
	require.NoError(t, err)
	site := p.newHandler(t, func(app *web.App) { app.HTTPS, app.Proofs = true, verifier })

	p.Server = httptest.NewTLSServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if r.Host == proofHost {
				site.ServeHTTP(w, r)
				return
			}
			p.issuer.ServeHTTP(w, r)
			if r.URL.Path == "/issue" {
				p.issued.Add(1)
			}
		}))
	t.Cleanup(p.Close)
	return p
}

func (p *proving) lookup(ctx context.Context, name string) ([]string, error) {
	p.asked.Add(1)
	if p.down {
		return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	}
	return p.issuer.LookupTXT(ctx, name)
}

// state is what the script asks for: mails, counts, and a token for a nonce that is too old.
func (p *proving) state(query url.Values) any {
	stale := ""
	if nonce := query.Get("nonce"); nonce != "" {
		browser := evptest.NewBrowser(p.issuer, "https://"+proofHost)
		stale = browser.Token(grace, nonce, func(_, kb *evptest.Half) {
			kb.Claims["iat"] = time.Now().Add(-17 * time.Minute).Unix()
		})
	}
	return map[string]any{
		"mails": p.mails(query), "issued": p.issued.Load(), "asked": p.asked.Load(), "stale": stale,
	}
}

// In a real Chromium that proves addresses, the mail is spared. Where it does not, or the proof is
// worth nothing, the code is sent as before.
func TestProofs(t *testing.T) {
	for _, want := range []string{"spared", "down", "off"} {
		t.Run(want, func(t *testing.T) {
			p := newProving(t)
			p.down = want == "down"
			key := sha256.Sum256(p.Certificate().RawSubjectPublicKeyInfo)
			browse(t, "proofs.mjs", p.state,
				"https://"+proofHost, p.Listener.Addr().String(),
				base64.StdEncoding.EncodeToString(key[:]), want)
		})
	}
}
