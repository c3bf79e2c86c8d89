package otphttp

import (
	"encoding/base64"
	"net/http"
)

// noteLifetime is how long a note stays, in seconds.
const noteLifetime = 600

// SetNote hands a text to the page that a redirect leads to, in a cookie of this flow. It is for
// what a page has to tell: why a code was refused, say. The text is not signed, stays for ten
// minutes, and has at most 2 KiB. An empty text removes it.
func (f *Flow) SetNote(w http.ResponseWriter, r *http.Request, text string) {
	maxAge := noteLifetime
	if text == "" {
		maxAge = -1
	}

	f.cookies.set(w, r, f.noteCookie(), base64.RawURLEncoding.EncodeToString([]byte(text)), maxAge)
}

// Note returns the text of SetNote, or "".
func (f *Flow) Note(r *http.Request) string {
	text, err := base64.RawURLEncoding.DecodeString(f.cookies.get(r, f.noteCookie()))
	if err != nil {
		return ""
	}
	return string(text)
}

func (f *Flow) noteCookie() string { return bindingCookie + "-note-" + f.config.Name }
