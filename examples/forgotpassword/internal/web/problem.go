package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/seed-5978b5f1/otp"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// A failure answers that a request cannot be served.
type failure func(w http.ResponseWriter, r *http.Request, status int, detail string)

// problem is a failure of problem details (RFC 9457). Without a type, the title is that of the status.
func problem(w http.ResponseWriter, _ *http.Request, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	writeJSON(w, status, struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(status), status, detail})
}

// writeJSON answers with v; the content type is set by the caller.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // fails only if the client is gone
}

// explain returns the status and the text for an error of ask, reset or signIn, and logs those that are ours. Strangers
// are told of a refused code no more than that.
func (a *App) explain(r *http.Request, err error) (status int, detail string) {
	if weak, ok := errors.AsType[*users.PasswordError](err); ok {
		return http.StatusUnprocessableEntity, weak.Error()
	}
	switch {
	case errors.Is(err, otp.ErrRejected):
		return http.StatusForbidden, "The code was rejected: it is wrong, used, or not valid any more."
	case errors.Is(err, otp.ErrLimited), errors.Is(err, otp.ErrLocked):
		return http.StatusTooManyRequests, "Too many codes were asked for. Nothing was sent; a code that you have may still work."
	}
	a.Log.Log(r.Context(), failureLevel(r.Context()), "request failed", "route", r.Pattern, "err", err)
	if errors.Is(err, errNotStored) {
		return http.StatusServiceUnavailable,
			"The code was right, but the new password could not be stored, and the old one still holds. Ask for another code."
	}
	return http.StatusServiceUnavailable, "This does not work right now. Nothing is lost: try again in a minute."
}
