// Package browsers tests the pages of package otphttp/pages in Chromium, Firefox and WebKit, and
// has what other tests drive browsers with.
package browsers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

// Run has a script of Node.js drive a browser, by browser.mjs.
func Run(t *testing.T, script string, args ...string) {
	t.Helper()
	need(t)

	args = append([]string{script}, args...)
	out, err := exec.CommandContext(t.Context(), "node", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

// need skips a test that starts a browser where the short tests run, or where none is set up.
func need(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	_, file, _, _ := runtime.Caller(0)
	installed := filepath.Join(filepath.Dir(file), "node_modules", "installed.json")
	if _, err := os.Stat(installed); err != nil {
		servers.Missing(t, err)
	}
}

// Serve answers what a script asks the test, as JSON, and returns the URL.
func Serve(t *testing.T, state func(url.Values) any) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(state(r.URL.Query()))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// ServeProving serves a site under a host, and the issuer of its people's mailboxes under all
// others, over HTTPS. It returns the arguments of openProving in prove.mjs.
func ServeProving(t *testing.T, host string, site, issuer http.Handler) []string {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if r.Host == host {
				site.ServeHTTP(w, r)
				return
			}
			issuer.ServeHTTP(w, r)
		}))
	t.Cleanup(server.Close)
	key := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	return []string{
		"https://" + host, server.Listener.Addr().String(),
		base64.StdEncoding.EncodeToString(key[:]),
	}
}
