package pages_test

import (
	"net/http"
	"net/http/cookiejar"
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
			s := newWebsiteFor(t, otp.SignIn, func(o *pages.Options, c *otphttp.Config) {
				o.Path, o.Next = "/in/", "/account"
				if name == "StripPrefix" {
					o.Path = "/"
				}
				c.Insecure = true
			})
			server := httptest.NewServer(c.mount(s))
			defer server.Close()
			client := newClient(t)

			first := client.get(t, server.URL+c.root)
			require.Equal(t, http.StatusOK, first.StatusCode)
			client.wantAssets(t, first)

			code := client.submit(t, first, "email", ada)
			require.Equal(t, c.root+"code", code.Request.URL.Path)
			client.wantAssets(t, code)

			end := client.submit(t, code, "code", s.inbox.Code(t, ada))
			require.Equal(t, c.next, end.Request.URL.Path)

			lost := client.get(t, server.URL+c.root+"no/such/page")
			require.Equal(t, http.StatusNotFound, lost.StatusCode)
			client.wantAssets(t, lost)
			require.Equal(t, c.root, client.resolve(t, lost, lost.attr("a class=\"button\" href")))
		})
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

// A client is a browser of a real server: it follows redirects.
type client struct{ http.Client }

func newClient(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &client{http.Client{Jar: jar}}
}

func (c *client) get(t *testing.T, target string) view {
	t.Helper()
	answer, err := c.Get(target)
	require.NoError(t, err)
	return read(t, answer)
}

// submit sends the first form of a page.
func (c *client) submit(t *testing.T, page view, field, value string) view {
	t.Helper()
	action := c.resolve(t, page, page.attr(`form method="post" action`))
	answer, err := c.PostForm("http://"+page.Request.URL.Host+action, url.Values{field: {value}})
	require.NoError(t, err)
	return read(t, answer)
}

// wantAssets fails the test unless the style and the script of a page are where it says.
func (c *client) wantAssets(t *testing.T, page view) {
	t.Helper()
	for _, attr := range []string{`link rel="stylesheet" href`, "script src"} {
		target := "http://" + page.Request.URL.Host + c.resolve(t, page, page.attr(attr))
		require.Equal(t, http.StatusOK, c.get(t, target).StatusCode, target)
	}
}

func (c *client) resolve(t *testing.T, page view, link string) string {
	t.Helper()
	target, err := page.Request.URL.Parse(link)
	require.NoError(t, err)
	return target.RequestURI()
}
