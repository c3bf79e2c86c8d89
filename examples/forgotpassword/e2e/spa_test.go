package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// TestSinglePageApplication resets a password from pages of other origins: one of the same site,
// one of another site, one by the session in JSON, and one that the service does not know.
func TestSinglePageApplication(t *testing.T) {
	s := &website{t: t, Server: httptest.NewUnstartedServer(nil)}
	page := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!DOCTYPE html><title>An application</title>")
	}))
	t.Cleanup(page.Close)

	at := func(host string) string { return "https://" + host + ":" + portOf(page.Listener) }
	s.Config.Handler = s.handler(func(app *web.App) {
		app.HTTPS = true
		app.Origins = []string{at("app.acme.test"), at("app.other.test")}
	})
	s.StartTLS()
	t.Cleanup(s.Close)
	api := "https://api.acme.test:" + portOf(s.Listener)

	flags := []any{"ignore-certificate-errors", true, "host-resolver-rules", "MAP *.test 127.0.0.1"}
	for name, c := range map[string]struct {
		origin, credentials, session string
		email                        string
	}{
		"same site":           {at("app.acme.test"), "include", "", ada},
		"another site":        {at("app.other.test"), "include", "", grace},
		"without credentials": {at("app.other.test"), "omit", `, session: ""`, "eve@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWindow(t, flags...)
			w.visit(c.origin)
			post := func(path, members string) string {
				return get(w, chromedp.Evaluate[string](fmt.Sprintf(`(async () => {
					const answer = await fetch(%q, {
						method: "POST", credentials: %q,
						headers: {
							"Content-Type": "application/json", "Idempotency-Key": "k".repeat(22),
						},
						body: JSON.stringify({%s}),
					});
					return answer.status + " " + await answer.text();
				})()`, api+path, c.credentials, members), chromedp.EvalAwaitPromise))
			}

			sent := post("/generate-otp", fmt.Sprintf("email: %q%s", c.email, c.session))
			require.True(t, strings.HasPrefix(sent, "202 "), sent)
			if c.session != "" {
				require.Contains(t, sent, `"session":"`)
				return
			}

			members := fmt.Sprintf("otp: %q, password: %q", s.codeTo(c.email), newPassword)
			for range 2 {
				require.Equal(t, `200 {"done":true}`, strings.TrimSpace(post("/reset", members)))
			}
		})
	}

	t.Run("an origin that is not listed", func(t *testing.T) {
		w := newWindow(t, flags...)
		w.visit(at("evil.test"))
		mails := s.mailsTo(grace)
		const script = `(async () => {
			const failed = async (type) => {
				try {
					await fetch(%q, {method: "POST", headers: {"Content-Type": type}, body: %q});
					return "answered";
				} catch (e) { return e.name; }
			};
			const types = ["application/json", "application/x-www-form-urlencoded"];
			return Promise.all(types.map(failed));
		})()`
		got := get(w, chromedp.Evaluate[[]string](
			fmt.Sprintf(script, api+"/generate-otp", "email=grace@example.com"),
			chromedp.EvalAwaitPromise,
		))

		assert.Equal(t, []string{"TypeError", "TypeError"}, got)
		assert.Equal(t, mails, s.mailsTo(grace), "a mail was sent")
	})
}

func portOf(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
