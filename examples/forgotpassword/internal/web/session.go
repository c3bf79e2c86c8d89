package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// A session is one browser that resets one password. It lives in a cookie; the server keeps nothing.
type session struct {
	// Email is what was typed. It proves nothing and opens nothing: the code does.
	Email string
	// Bind is random: codes that are asked for in this session are worth nothing outside of it, and strangers cannot
	// use up their attempts.
	Bind string
}

// newSession returns the session to ask for a code in: the one that is there if it is for this address, so that the
// same code can be sent again.
func (a *App) newSession(r *http.Request, email string) session {
	if s, ok := a.session(r); ok && users.SameEmail(s.Email, email) {
		return s
	}
	return session{Email: email, Bind: rand.Text()}
}

// session returns the session of the request.
func (a *App) session(r *http.Request) (s session, ok bool) {
	cookie, err := r.Cookie(a.cookieName())
	if err != nil {
		return session{}, false
	}
	bind, encoded, _ := strings.Cut(cookie.Value, ".")
	email, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(bind) != len(rand.Text()) || users.CheckEmail(string(email)) != nil {
		return session{}, false
	}
	return session{string(email), bind}, true
}

func (a *App) setSession(w http.ResponseWriter, s session) {
	a.setCookie(w, s.Bind+"."+base64.RawURLEncoding.EncodeToString([]byte(s.Email)), 3600)
}

func (a *App) endSession(w http.ResponseWriter) { a.setCookie(w, "", -1) }

func (a *App) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: a.cookieName(), Value: value, Path: "/", MaxAge: maxAge,
		Secure: a.HTTPS, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// cookieName has the prefix that keeps other hosts of the domain from setting the cookie, where browsers allow it.
func (a *App) cookieName() string {
	if a.HTTPS {
		return "__Host-reset"
	}
	return "reset"
}
