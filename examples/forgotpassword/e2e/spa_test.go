package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

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
			"https://app.acme.test:" + portOf(t, page), "https://app.other.test:" + portOf(t, page),
		}
	})
	s.StartTLS()
	t.Cleanup(s.Close)
	browse(t, "spa.mjs", s.mails, portOf(t, page), portOf(t, s.Server))
}

func portOf(t *testing.T, server *httptest.Server) string {
	t.Helper()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	return port
}
