package pages

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// noteLifetime is how long a note stays, in seconds.
const noteLifetime = 600

// noteField is the query parameter that names the note of a page.
const noteField = "n"

// A note is what the page after a redirect has to tell.
type note struct {
	ID      string    `json:"i"`
	Page    string    `json:"p"` // "ask" or "code"
	Problem string    `json:"e,omitzero"`
	Detail  string    `json:"d,omitzero"` // of a problem that this package does not know
	Field   string    `json:"f,omitzero"`
	Sent    bool      `json:"s,omitzero"` // once more
	Address string    `json:"a,omitzero"`
	Code    string    `json:"c,omitzero"`
	Key     string    `json:"k,omitzero"` // of a submission that is to be sent once more
	RetryAt time.Time `json:"r,omitzero"`
}

// noteOf returns the note of a problem. Who has proved the address knows of no code. What is wrong
// with a telephone number has a sentence of its own.
func noteOf(problem *otphttp.Problem, proved bool) note {
	code := problem.Code
	if proved && code == otphttp.Unfinished {
		code = otphttp.Unavailable
	}
	if refused, ok := errors.AsType[*otpsms.NumberError](problem); ok &&
		code == otphttp.AddressInvalid && refused.Problem != otpsms.ProblemNational {
		code = otphttp.ProblemCode(refused.Problem)
	}
	return note{Problem: string(code), Detail: problem.Detail, Field: problem.Field}
}

// leadToNote redirects to a page that has something to tell, in a cookie that is not signed.
func (p *Pages) leadToNote(w http.ResponseWriter, r *http.Request, name string, n note) {
	n.ID = rand.Text()[:8]
	p.setNote(w, n)
	redirect(w, withQuery(p.link(r, name), noteField, n.ID))
}

func (p *Pages) setNote(w http.ResponseWriter, n note) {
	n.Address, n.Code, n.Detail = clip(n.Address), clip(n.Code), clip(n.Detail)
	n.Key = clip(n.Key)

	text, err := json.Marshal(n)
	if err != nil {
		return // a note is nothing but text
	}
	p.setNoteCookie(w, base64.RawURLEncoding.EncodeToString(text), noteLifetime)
}

// clip keeps a note small enough for a cookie.
func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), 320)], "") }

// note returns what there is to tell on the page that a redirect has led to, also when it is loaded
// again. On others, what went wrong once is not told later.
func (p *Pages) note(r *http.Request, page string) note {
	cookie, err := r.Cookie(p.cookieName("note-" + p.flow.Config().Name))
	if err != nil {
		return note{}
	}
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return note{}
	}

	var n note
	if json.Unmarshal(text, &n) != nil || n.Page != page || n.ID != r.URL.Query().Get(noteField) {
		return note{}
	}
	return n
}

func (p *Pages) dropNote(w http.ResponseWriter) { p.setNoteCookie(w, "", -1) }

func (p *Pages) setNoteCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: p.cookieName("note-" + p.flow.Config().Name), Value: value, Path: "/",
		MaxAge: maxAge, Secure: !p.flow.Config().Insecure, HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// cookieName returns the name of a cookie as package otphttp forms it.
func (p *Pages) cookieName(name string) string {
	if p.flow.Config().Insecure {
		return "otp-" + name
	}
	return "__Host-otp-" + name
}

// bound reports whether the browser brings a cookie of the flow. A form that was shown and comes
// back without any is from a browser that takes no cookies.
func (p *Pages) bound(r *http.Request) bool {
	prefix := strings.TrimSuffix(p.cookieName(""), "-")
	return slices.ContainsFunc(r.Cookies(), func(c *http.Cookie) bool {
		return strings.HasPrefix(c.Name, prefix)
	})
}
