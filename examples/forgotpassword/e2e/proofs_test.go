package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

const proofHost = "reset.acme.example"

// A proving is the application behind HTTPS, and the provider of all its accounts' mailboxes, for
// one browser.
type proving struct {
	*website
	issuer *evptest.Issuer
	issued atomic.Int64 // tokens, to the browser
	asked  atomic.Int64 // by the application, for the record of the domain
	down   bool         // so that it gets no answer
	sent   int          // mails, before the form that brought a token
}

func newProving(t *testing.T) *proving {
	t.Helper()
	p := &proving{website: &website{t: t}, issuer: evptest.NewIssuer("example.com")}
	p.issuer.SignIn(ada)
	verifier, err := evp.New(evp.Config{
		Origins: []string{"https://" + proofHost}, Lookup: p.lookup, Client: p.issuer.Client(),
	})
	require.NoError(t, err)
	site := p.handler(func(app *web.App) { app.HTTPS, app.Proofs = true, verifier })

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

// browser opens a browser that finds every host here. Features are Chromium's.
func (p *proving) browser(features string) *window {
	p.t.Helper()
	key := sha256.Sum256(p.Certificate().RawSubjectPublicKeyInfo)
	_, port, err := net.SplitHostPort(p.Listener.Addr().String())
	require.NoError(p.t, err)
	w := newWindow(p.t,
		"enable-features", features,
		"auto-grant-email-verification-permission-for-testing", true,
		"host-resolver-rules", "MAP * 127.0.0.1:"+port,
		"ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(key[:]))
	w.visit("https://" + proofHost)
	w.wantFocus("address")
	return w
}

const (
	feature = "EmailVerificationProtocol"
	send    = chromedp.CSS("main form button")
)

// prove has a browser prove the address: it is typed and left, and the form is sent. Where the
// machine is so slow that the browser is not ready for that, another one tries.
func (p *proving) prove() *window {
	p.t.Helper()
	for range 5 {
		p.sent = p.mailsTo(ada)
		w := p.browser(feature)
		issued := p.issued.Load()
		w.keys(ada)
		w.pause()
		w.keys(kb.Tab)
		for range 10 {
			if w.pause(); p.issued.Load() > issued {
				break
			}
		}
		if w.load(chromedp.Click(send)); p.asked.Load() > 0 {
			return w
		}
	}
	require.Fail(p.t, "no token came with the form")
	return nil
}

// pause gives the browser the time that a person takes.
func (w *window) pause() {
	w.t.Helper()
	begin := eval[float64](w, `performance.now()`)
	await(w.t, "the clock", func() bool {
		return eval[float64](w, `performance.now()`) > begin+500
	})
}

// In a real Chromium that proves addresses, the mail is spared. Where it does not, or the proof is
// worth nothing, the code is sent as before.
func TestProofs(t *testing.T) {
	t.Run("resets without a mail", func(t *testing.T) {
		p := newProving(t)
		w := p.prove()
		w.want("h1", "Choose a new password")
		w.wantFocus("password")
		require.Equal(t, p.sent, p.mailsTo(ada))

		w.submit(newPassword)
		w.want("h1", "Your password was changed")
		require.Equal(t, p.sent+1, p.mailsTo(ada), "the notice")
	})
	t.Run("the issuer is down", func(t *testing.T) {
		p := newProving(t)
		p.down = true
		w := p.prove()
		w.want("h1", "Enter the code")
		require.NotEmpty(t, p.codeTo(ada))
	})
	t.Run("the flag is off, and the token is stale", func(t *testing.T) {
		p := newProving(t)
		w := p.browser("")
		w.keys(ada, kb.Tab)
		w.load(chromedp.Click(send))
		w.want("h1", "Enter the code")
		require.NotEmpty(t, p.codeTo(ada))
		require.Zero(t, p.issued.Load())

		w.visit("https://" + proofHost)
		nonce := eval[string](w, `document.querySelector("[data-nonce]").nonce`)
		browser := evptest.NewBrowser(p.issuer, "https://"+proofHost)
		stale := browser.Token(grace, nonce, func(_, kb *evptest.Half) {
			kb.Claims["iat"] = time.Now().Add(-17 * time.Minute).Unix()
		})
		eval[string](w, `document.querySelector("[data-nonce]").value = `+quote(stale))
		w.wantFocus("address")
		w.submit(grace)
		w.want("h1", "Enter the code")
		require.NotEmpty(t, p.codeTo(grace))
	})
}
