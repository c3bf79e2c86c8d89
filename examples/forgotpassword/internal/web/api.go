package web

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// actsOnGet reports whether a GET for the path does something.
func actsOnGet(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/generate-otp/") }

// postGenerate sends a code: {"email"}.
func (a *App) postGenerate(w http.ResponseWriter, r *http.Request) {
	in, err := readObject(w, r, "email")
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.generate(w, r, in["email"])
}

// getGenerate sends a code to the address in the path. It is there for those who call it by hand: nothing links to it.
func (a *App) getGenerate(w http.ResponseWriter, r *http.Request) {
	a.generate(w, r, r.PathValue("email"))
}

func (a *App) generate(w http.ResponseWriter, r *http.Request, email string) {
	if err := checkEmail(email); err != nil {
		a.refuse(w, r, err)
		return
	}
	status, err := a.ask(r.Context(), email, "", r.Header.Get("Accept-Language"))
	if err != nil {
		setRetryAfter(w, status)
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, http.StatusAccepted, struct {
		Message   string    `json:"message"`
		ExpiresAt time.Time `json:"expires_at,omitzero"`
		RetryAt   time.Time `json:"retry_at,omitzero"`
	}{"If there is an account of this address, a code is on its way.", status.ExpiresAt, status.RetryAt})
}

// postReset sets a new password: {"email", "otp", "password"}.
func (a *App) postReset(w http.ResponseWriter, r *http.Request) {
	in, err := readObject(w, r, "email", "otp", "password")
	if err == nil {
		err = checkEmail(in["email"])
	}
	if err == nil {
		err = a.reset(r.Context(), in["email"], "", in["otp"], in["password"], r.Header.Get("Accept-Language"))
	}
	a.answer(w, r, err, "The password was changed.")
}

// errSignIn says that address and password do not belong together.
var errSignIn = &badRequest{http.StatusForbidden, "The address or the password is wrong."}

// postLogin tells whether a password is right: {"email", "password"}. It begins no session: there is nothing to use it
// for.
func (a *App) postLogin(w http.ResponseWriter, r *http.Request) {
	in, err := readObject(w, r, "email", "password")
	if err == nil {
		err = checkEmail(in["email"])
	}
	if err == nil {
		var right bool
		if right, err = a.signIn(r.Context(), in["email"], in["password"]); err == nil && !right {
			err = errSignIn
		}
	}
	a.answer(w, r, err, "The password is right.")
}

func checkEmail(email string) error {
	if err := users.CheckEmail(email); err != nil {
		return malformed("email %v.", err)
	}
	return nil
}

// answer says what was done, or why not.
func (a *App) answer(w http.ResponseWriter, r *http.Request, err error, done string) {
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, http.StatusOK, struct {
		Message string `json:"message"`
	}{done})
}

func (a *App) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if bad, ok := errors.AsType[*badRequest](err); ok {
		problem(w, r, bad.status, bad.detail)
		return
	}
	status, detail := a.explain(r, err)
	problem(w, r, status, detail)
}

// setRetryAfter sets the header to the whole seconds until one may ask again, if that is known.
func setRetryAfter(w http.ResponseWriter, status otp.Status) {
	if !status.RetryAt.IsZero() {
		w.Header().Set("Retry-After", strconv.Itoa(secondsUntil(status.RetryAt)))
	}
}

// secondsUntil returns the whole seconds until t, at least 1 if t is in the future.
func secondsUntil(t time.Time) int { return max(0, int(math.Ceil(time.Until(t).Seconds()))) }
