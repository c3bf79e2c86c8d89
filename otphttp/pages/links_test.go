package pages_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

// The pages work wherever they are: at their path, below a prefix that a proxy takes off before the
// server sees the path, and below one that http.StripPrefix takes off within the server.
func TestBelowAPrefix(t *testing.T) {
	for name, c := range map[string]struct {
		path, root string // Options.Path, and where a browser finds the first page
		mount      func(http.Handler) http.Handler
		next       string // where a browser ends
	}{
		"none": {"/in/", "/in/", func(h http.Handler) http.Handler { return h }, "/account"},
		"a proxy": {"/in/", "/app/in/", func(h http.Handler) http.Handler {
			return proxy("/app", h)
		}, "/app/account"},
		"StripPrefix": {"/", "/in/", func(h http.Handler) http.Handler {
			return http.StripPrefix("/in", h)
		}, "/account"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newWebsiteFor(t, otp.SignIn, func(o *pages.Options, config *otphttp.Config) {
				o.Path, o.Next = c.path, "/account"
				config.Insecure = true
			})
			b := newBrowser(t, s)
			b.handler = c.mount(s)
			action := func(page view) string {
				return resolve(t, b.last, page.attr(`form method="post" action`))
			}

			first := b.get(c.root)
			b.wantAssets(first)
			code := b.submit(action(first), "email", ada)
			require.Regexp(t, "^"+c.root+`code(\?|$)`, b.last)
			b.wantAssets(code)
			end := b.post(action(code), "code", s.inbox.Code(t, ada))
			require.Equal(t, c.next, resolve(t, b.last, end.Header.Get("Location")))

			lost := b.get(c.root + "no/such/page")
			require.Equal(t, http.StatusNotFound, lost.StatusCode)
			b.wantAssets(lost)
			require.Equal(t, c.root, resolve(t, b.last, lost.attr(`a class="button" href`)))
		})
	}
}

// wantAssets fails the test unless the style and the script of a page are where it says.
func (b *browser) wantAssets(page view) {
	b.t.Helper()
	for _, attr := range []string{`link rel="stylesheet" href`, "script src"} {
		path := resolve(b.t, b.last, page.attr(attr))
		asset := b.do(httptest.NewRequest(http.MethodGet, site+path, nil))
		require.Equal(b.t, http.StatusOK, asset.StatusCode, path)
	}
}

// proxy takes a prefix off the paths, so that the server never hears of it.
func proxy(prefix string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, prefix)
		if !ok {
			http.NotFound(w, r)
			return
		}
		behind := httptest.NewRequestWithContext(r.Context(), r.Method, path, r.Body)
		behind.URL.RawQuery, behind.Header, behind.Host = r.URL.RawQuery, r.Header, r.Host
		next.ServeHTTP(w, behind)
	})
}

// A path in the query is where the person goes in the end, through all pages. What leads off the
// host, or could, is left out.
func TestNext(t *testing.T) {
	for next, want := range map[string]string{
		"/orders/7?tab=2":               "/orders/7?tab=2",
		"/":                             "/",
		"":                              "/home",
		"orders":                        "/home",
		"//evil.example":                "/home",
		"///evil.example":               "/home",
		`/\evil.example`:                "/home",
		"/\t/evil.example":              "/home",
		"/\n/evil.example":              "/home",
		"https://evil.example":          "/home",
		"javascript:alert(1)":           "/home",
		"/" + strings.Repeat("x", 1024): "/home",
	} {
		s := newWebsiteFor(t, otp.SignIn, func(o *pages.Options, _ *otphttp.Config) {
			o.Next = "/home"
		})
		b := newBrowser(t, s)
		start := "/?" + url.Values{"next": {next}}.Encode()

		action := func(page view) string {
			return resolve(t, start, page.attr("form method=\"post\" action"))
		}
		code := b.submit(action(b.get(start)), "email", ada)
		answer := b.post(action(code), "code", s.inbox.Code(t, ada))
		require.Equal(t, want, resolve(t, "/code", answer.Header.Get("Location")), "%q", next)
	}
}

// The page in the end leads on, too.
func TestNextOfTheLastPage(t *testing.T) {
	s := newWebsiteFor(t, otp.ConfirmAddress, func(o *pages.Options, _ *otphttp.Config) {
		o.SignInURL, o.Next = "", "com.acme.app://done"
	})
	b := newBrowser(t, s)
	b.ask(ada)

	done := b.submit("/code", "code", s.inbox.Code(t, ada))
	require.Equal(t, "com.acme.app://done", done.attr("a class=\"button\" href"))
	done = b.get("/done?next=/orders")
	require.Equal(t, "./orders", done.attr("a class=\"button\" href"))
}

// A mail protector may escape the "#" of a link, so that the code comes as a part of the path. The
// browser is led back to where no server sees it.
func TestRewrittenLink(t *testing.T) {
	b := newBrowser(t, newWebsite(t, nil))

	answer := b.get("/code%23c=492013")
	require.Equal(t, http.StatusSeeOther, answer.StatusCode)
	require.Equal(t, "./code#c=492013", answer.Header.Get("Location"))

	for _, code := range []string{"1234", "123456789012345", "49%202013", "<b>492013", ""} {
		require.Equal(t, http.StatusNotFound, b.get("/code%23c="+code).StatusCode, code)
	}
}
