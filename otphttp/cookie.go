package otphttp

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
)

// bindingCookie is the name of the cookie that holds the Binding of a browser.
const bindingCookie = "otp"

// bindingLength is the length of a Binding: 130 random bits in base32.
const bindingLength = 26

// Binding returns the Binding of the browser: a random text in the cookie "__Host-otp", which
// Binding sets if the request has none. Call it where a form is shown, so that the cookie is there
// before the form is sent, and before anything is written to w. Browsers take the cookie by HTTPS
// only; see Config.Insecure for a Flow in development.
func Binding(w http.ResponseWriter, r *http.Request) string {
	return cookies{}.binding(w, r)
}

// cookies reads and writes the cookies of this package.
type cookies struct {
	insecure bool
	origins  []string // whose requests may come from another site
}

func (c cookies) binding(w http.ResponseWriter, r *http.Request) string {
	if binding, ok := c.readBinding(r); ok {
		return binding
	}

	binding := rand.Text()
	c.set(w, r, bindingCookie, binding, 0)
	return binding
}

// binds reports whether the request brings a Binding.
func (c cookies) binds(r *http.Request) bool {
	_, ok := c.readBinding(r)
	return ok
}

func (c cookies) readBinding(r *http.Request) (string, bool) {
	binding := c.get(r, bindingCookie)
	return binding, isBinding(binding)
}

func isBinding(text string) bool {
	return len(text) == bindingLength && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '2' || r > '7')
	})
}

// get returns the value of a cookie, or "".
func (c cookies) get(r *http.Request, name string) string {
	cookie, err := r.Cookie(c.name(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// set sets a cookie for maxAge seconds. 0 makes one that ends with the browser, a negative maxAge
// deletes it.
//
// An application of Config.Origins on another site gets a cookie for that site alone (Partitioned,
// CHIPS).
func (c cookies) set(w http.ResponseWriter, r *http.Request, name, value string, maxAge int) {
	cookie := &http.Cookie{
		Name: c.name(name), Value: value, Path: "/", MaxAge: maxAge,
		Secure: !c.insecure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	crossSite := r.Header.Get("Sec-Fetch-Site") == "cross-site"
	if crossSite && slices.Contains(c.origins, r.Header.Get("Origin")) {
		cookie.SameSite, cookie.Partitioned = http.SameSiteNoneMode, !c.insecure
	}

	http.SetCookie(w, cookie)
}

// name has the prefix that keeps other hosts of the domain from setting the cookie.
func (c cookies) name(name string) string {
	if c.insecure {
		return name
	}
	return "__Host-" + name
}
