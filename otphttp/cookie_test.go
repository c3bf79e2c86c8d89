package otphttp_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otphttp"
)

func TestBinding(t *testing.T) {
	w := httptest.NewRecorder()
	binding := otphttp.Binding(w, httptest.NewRequest(http.MethodGet, site, nil))
	require.Regexp(t, regexp.MustCompile("^[A-Z2-7]{26}$"), binding)

	cookie := w.Result().Cookies()[0]
	assert.Equal(t, &http.Cookie{
		Name: "__Host-otp", Value: binding, Path: "/", Secure: true, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Raw: cookie.Raw,
	}, cookie)

	for value, kept := range map[string]bool{
		binding:                       true,
		binding[1:]:                   false,
		"x" + binding[1:]:             false,
		"ABCDEFGHIJKLMNOPQRSTUVWXY_1": false,
	} {
		r := httptest.NewRequest(http.MethodGet, site, nil)
		r.AddCookie(&http.Cookie{Name: "__Host-otp", Value: value})
		w := httptest.NewRecorder()

		got := otphttp.Binding(w, r)
		assert.Equal(t, kept, got == value, value)
		assert.Equal(t, kept, len(w.Result().Cookies()) == 0, value)
	}
}

// Once a code was sent, Binding and session outlive the browser by as long.
func TestCookiesLiveAsLong(t *testing.T) {
	s, c := newService(t, nil), newClient(t)
	c.get(func(w http.ResponseWriter, r *http.Request) { s.Binding(w, r) })
	require.Zero(t, c.cookies[binding].MaxAge)

	c.post(s.ServeSend, "email", ada).want(t, 202, "")
	require.Positive(t, c.cookies[binding].MaxAge)
	require.Equal(t, c.cookies[sessionCookie].MaxAge, c.cookies[binding].MaxAge)
}

// Development by plain HTTP takes cookies that are not Secure.
func TestInsecure(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) { c.Insecure = true })
	c := newClient(t)

	c.post(s.ServeSend, "email", ada).want(t, 202, "")
	require.Len(t, c.cookies, 2)
	for name, cookie := range c.cookies {
		assert.NotContains(t, name, "__Host-")
		assert.False(t, cookie.Secure)
		assert.True(t, cookie.HttpOnly)
	}
	c.post(s.ServeVerify, "code", s.inbox.Code(t, ada)).want(t, 200, "")
}

// An application of another site gets cookies for that site alone; others get none that another
// site can use.
func TestCookiesOfOtherSites(t *testing.T) {
	const app = "https://app.other.example"

	for fetchSite, sameSite := range map[string]http.SameSite{
		"cross-site": http.SameSiteNoneMode,
		"same-site":  http.SameSiteLaxMode,
	} {
		s := newService(t, func(c *otphttp.Config) { c.Origins = []string{app} })
		c := newClient(t)
		c.header.Set("Origin", app)
		c.header.Set("Sec-Fetch-Site", fetchSite)

		c.post(s.ServeSend, "email", ada).want(t, 202, "")
		require.Len(t, c.cookies, 2)
		for _, cookie := range c.cookies {
			assert.Equal(t, sameSite, cookie.SameSite)
			assert.Equal(t, sameSite == http.SameSiteNoneMode, cookie.Partitioned)
			assert.True(t, cookie.Secure)
		}
	}
}

// What another site makes a browser send sets no cookie, and none gets SameSite=None but for a
// listed application: a form that a link of another site leads to neither.
func TestNoCookiesForOtherSites(t *testing.T) {
	s, c := newService(t, origins(spa)), newClient(t)
	c.header.Set("Origin", "https://evil.example")
	c.header.Set("Sec-Fetch-Site", "cross-site")
	for _, handler := range []http.HandlerFunc{s.ServeSend, s.ServeVerify} {
		answer := c.post(handler, "email", ada, "code", "000000")
		answer.want(t, 403, "cross_origin")
		assert.Empty(t, answer.Cookies())
	}

	for _, method := range []string{http.MethodPost, http.MethodGet} {
		opened := newClient(t).do(func(w http.ResponseWriter, r *http.Request) {
			r.Header = c.header
			s.Binding(w, r)
		}, request(method, "/"))
		assert.Equal(t, http.SameSiteLaxMode, opened.Cookies()[0].SameSite)
		assert.False(t, opened.Cookies()[0].Partitioned)
	}
}
