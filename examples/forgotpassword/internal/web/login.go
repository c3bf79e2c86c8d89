package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/seed-5978b5f1/otp/otphttp"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// login tells whether a password is right: {"email", "password"}. It begins no session: there is
// nothing to use it for.
func (a *App) login(w http.ResponseWriter, r *http.Request) {
	if err := a.CheckLogin(w, r); err != nil {
		otphttp.WriteProblem(w, err)
		return
	}

	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(`{"message":"The password is right."}` + "\n"))
}

// CheckLogin returns nil if the password in the body of the request is that of the account.
func (a *App) CheckLogin(w http.ResponseWriter, r *http.Request) error {
	if a.Allow != nil && !a.Allow(w, r) {
		return &otphttp.Problem{
			Status: http.StatusTooManyRequests, Code: otphttp.TooManyRequests,
			Detail: "Too many requests come from your network. Try again in a minute.",
		}
	}
	if err := otphttp.ParseBody(w, r); err != nil {
		return err
	}

	email := strings.TrimSpace(r.PostForm.Get("email"))
	password := r.PostForm.Get("password")
	if _, err := users.Normalize(email); err != nil {
		return &otphttp.Problem{
			Status: http.StatusBadRequest, Code: otphttp.AddressInvalid, Field: "email",
			Detail: "This is not an address. Enter one such as ada@example.com.",
		}
	}

	right, err := a.signIn(r.Context(), email, password)
	if err != nil {
		a.Log.ErrorContext(r.Context(), "sign-in failed", "err", err)
		return err
	}
	if !right {
		return &otphttp.Problem{
			Status: http.StatusForbidden, Code: "password_wrong", Field: "password",
			Detail: "The address or the password is wrong.",
		}
	}
	return nil
}

// signIn reports whether the password is that of the account. It takes as long if there is no such
// account.
func (a *App) signIn(ctx context.Context, email, password string) (bool, error) {
	waiting, cancel := context.WithTimeout(ctx, hashTimeout)
	defer cancel()

	user, err := a.Users.Find(waiting, email)
	if err != nil && !errors.Is(err, users.ErrUnknown) {
		return false, err
	}
	return user.Matches(waiting, password)
}
