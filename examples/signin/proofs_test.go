package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// In a real Chromium that proves addresses, a person types the address and Enter, and is signed in
// without a mail. Where the machine is so slow that the form is sent before the browser is ready,
// the code is asked for, and another browser tries.
func TestProofs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		servers.Missing(t, err)
	}

	issuer := evptest.NewIssuer("mail.example")
	issuer.SignIn("ada@mail.example")
	var asked atomic.Int64
	proofs, err := evp.New(evp.Config{
		Origins: []string{"https://acme.example"}, Client: issuer.Client(),
		Lookup: func(ctx context.Context, name string) ([]string, error) {
			asked.Add(1)
			return issuer.LookupTXT(ctx, name)
		},
	})
	require.NoError(t, err)
	terminal := new(screen)
	app := newApp(filepath.Join(t.TempDir(), "signin.db"), terminal, proofs)
	server := httptest.NewTLSServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "acme.example" {
				app.ServeHTTP(w, r)
				return
			}
			issuer.ServeHTTP(w, r)
		}))
	t.Cleanup(server.Close)

	for range 5 {
		mails := terminal.size()
		w := newWindow(t, server)
		w.do(chromedp.Navigate("https://acme.example/sign-in/"))
		w.do(chromedp.KeyEvent("ada@mail.example"))
		w.load(chromedp.KeyEvent(kb.Enter))
		if asked.Load() > 0 {
			require.Contains(t, w.text("main"), "You are signed in as ada@mail.example.")
			require.Equal(t, mails, terminal.size(), "a mail was sent")
			return
		}
		require.Contains(t, w.text("h1"), "Enter the code")
	}
	require.Fail(t, "no token came with the form")
}

func (s *screen) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Len()
}

// A window is a new browser that proves addresses.
type window struct {
	t   *testing.T
	ctx context.Context
}

// newWindow opens a browser that finds every host at the server.
func newWindow(t *testing.T, server *httptest.Server) *window {
	t.Helper()
	key := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	t.Cleanup(cancel)

	ctx, _ = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(time.Minute),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("enable-features", "EmailVerificationProtocol"),
		chromedp.Flag("auto-grant-email-verification-permission-for-testing", true),
		chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1:"+port),
		chromedp.Flag("ignore-certificate-errors-spki-list",
			base64.StdEncoding.EncodeToString(key[:])))...)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() { require.NoError(t, chromedp.Cancel(ctx)) }) // before its folder goes
	return &window{t, ctx}
}

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	require.NoError(w.t, chromedp.Do(w.ctx, steps...))
}

// load takes a step that leads to another page, and returns when that is there.
func (w *window) load(step chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	_, err := chromedp.RunResponse(w.ctx, step)
	require.NoError(w.t, err)
}

func (w *window) text(selector chromedp.CSS) string {
	w.t.Helper()
	text, err := chromedp.Run(w.ctx, chromedp.Text(selector, chromedp.NodeVisible))
	require.NoError(w.t, err)
	return text
}
