// Package web is the forgot-password system over HTTP: a JSON API, and pages for people. The same handlers run in a
// server and in Lambda functions.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed-5978b5f1/otp"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// App is the application. All fields but CrossOrigin, Allow and Mailbox are required.
type App struct {
	// Codes sends and verifies the codes.
	Codes *otp.Service
	// Users holds the accounts.
	Users users.Store
	// Notify tells a person that the password was changed, in the language of an Accept-Language header.
	Notify func(ctx context.Context, email, language string) error
	// Log gets one line for each request, and one for each failure.
	Log *slog.Logger
	// HTTPS says that browsers reach the application by HTTPS, as they must outside of development. Cookies are
	// marked Secure then.
	HTTPS bool
	// CrossOrigin refuses what other sites make a browser send, but for the origins that were added to it.
	CrossOrigin http.CrossOriginProtection
	// Allow reports whether the client of a request that acts may make it; see package budget. Nil allows all, for
	// functions behind a gateway, whose throttle they rely on.
	Allow func(http.ResponseWriter, *http.Request) bool
	// Mailbox, in development, takes the place of everybody's mailbox and is shown at /mailbox. Nil otherwise.
	Mailbox http.Handler
}

// requestTimeout bounds one request as a whole, and finishTimeout what follows once a code is spent.
const (
	requestTimeout = 10 * time.Second
	finishTimeout  = 5 * time.Second
)

// ask sends a code to the person at the address, if there is an account of it. For others the same happens but for the
// mail: what is returned is the same, and takes as long.
func (a *App) ask(ctx context.Context, email, bind, language string) (otp.Status, error) {
	user, err := a.Users.Find(ctx, email)
	unknown := errors.Is(err, users.ErrUnknown)
	if err != nil && !unknown {
		return otp.Status{}, err
	}
	to := user.Email // not what was typed
	if unknown {
		to = email
	}
	status, err := a.Codes.Send(ctx, otp.Request{To: to, Binding: bind, Language: language, Decoy: unknown})
	if errors.Is(err, otp.ErrDelivery) {
		return status, nil // a decoy never fails; Observe has seen the error
	}
	return status, err
}

// errNotStored says that a code was accepted, but the password is still the old one.
var errNotStored = errors.New("web: the code was accepted but the new password could not be stored")

// reset sets a new password, once the code is accepted. It returns a *users.PasswordError or what Verify returned, with
// nothing changed, or errNotStored.
func (a *App) reset(ctx context.Context, email, bind, code, password, language string) error {
	if err := users.CheckPassword(password, email); err != nil {
		return err // first: Verify spends the code
	}
	if err := a.Codes.Verify(ctx, otp.Submission{To: email, Binding: bind, Code: code}); err != nil {
		return err
	}
	// The code is spent: finish even if the person hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	hash, err := users.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotStored, err)
	}
	user, err := a.Users.SetPassword(ctx, email, hash)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotStored, err)
	}
	if err := a.Notify(ctx, user.Email, language); err != nil {
		a.Log.ErrorContext(ctx, "the person could not be told of the new password",
			"pseudonym", a.Codes.Pseudonym(email), "err", err)
	}
	return nil
}

// signIn reports whether the password is that of the account. It takes as long if there is no such account.
func (a *App) signIn(ctx context.Context, email, password string) (bool, error) {
	user, err := a.Users.Find(ctx, email)
	if err != nil && !errors.Is(err, users.ErrUnknown) {
		return false, err
	}
	return user.Matches(ctx, password)
}
