// Package web is the API of the forgot-password system: package otphttp on the accounts. It runs in
// a server and in Lambda functions alike, and so has no pages; package site has them.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otpmail"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/mail"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

// App is the application. All fields but HTTPS, Origins, Proofs, OriginTrial, Allow and Mailbox are
// required.
type App struct {
	// Product is the name that stands on pages and mails.
	Product string

	// Codes sends and verifies the codes.
	Codes *otp.Service

	// Keys sign the cookies.
	Keys otp.Keys

	// Users holds the accounts.
	Users users.Store

	// Mails has the texts of mails, and Mail sends them.
	Mails *otpmail.Catalog
	Mail  mail.Sender

	// Log gets one line for each request, and one for each failure.
	Log *slog.Logger

	// HTTPS says that browsers reach the application by HTTPS, as they must outside of development.
	HTTPS bool

	// Origins are those of single-page applications that may use the API.
	Origins []string

	// Proofs lets browsers prove an address in place of a code. OriginTrial is the token of an
	// origin trial that has them do so.
	Proofs      *evp.Verifier
	OriginTrial string

	// Allow reports whether the client of a request may make it; see package budget. Nil allows
	// all, for functions behind a gateway, whose throttle they rely on.
	Allow func(http.ResponseWriter, *http.Request) bool

	// Mailbox, in development, takes the place of everybody's mailbox and is shown at /mailbox. Nil
	// otherwise.
	Mailbox http.Handler
}

// Flow returns the flow of a reset, with the members "email", "otp" and "password".
func (a *App) Flow() (*otphttp.Flow, error) { return otphttp.New(a.config()) }

// originalFlow returns the flow of the original's two requests: a GET with the address in its path,
// and a POST without cookie and session. It is the weaker half, kept for the original's clients:
// whoever knows an address can use up the attempts of such a code, and addresses stand in URLs and
// logs. A service that has no such clients leaves it out.
func (a *App) originalFlow() (*otphttp.Flow, error) {
	c := a.config()
	c.AllowGET, c.AllowUnbound, c.Proofs = true, true, nil
	return otphttp.New(c)
}

func (a *App) config() otphttp.Config {
	return otphttp.Config{
		Name:         "reset",
		Codes:        a.Codes,
		Keys:         a.Keys,
		CodeField:    "otp",
		Find:         a.find,
		Accept:       a.accept,
		RevokeOthers: true,
		Devices:      true,
		DeviceSince:  a.deviceSince,
		Origins:      a.Origins,
		Proofs:       a.Proofs,
		Allow:        a.Allow,
		Insecure:     !a.HTTPS,
		Log:          a.Log,
	}
}

// find returns the address as it was registered.
func (a *App) find(r *http.Request, typed string) (otphttp.Recipient, error) {
	to, err := otpmail.ParseAddress(typed)
	if err != nil {
		return otphttp.Recipient{}, err
	}

	user, err := a.Users.Find(r.Context(), to)
	if errors.Is(err, users.ErrUnknown) {
		return otphttp.Recipient{To: to}, nil
	}
	return otphttp.Recipient{To: user.Email, Known: true}, err
}

// deviceSince returns when the password was changed: who knew the one before is unknown since.
func (a *App) deviceSince(r *http.Request, to string) (time.Time, error) {
	user, err := a.Users.Find(r.Context(), to)
	return user.PasswordChanged, err
}

// hashTimeout bounds how long a reset waits for its turn to hash.
const hashTimeout = 5 * time.Second

// accept checks and hashes the new password before the code is spent, so that a busy server refuses
// with nothing lost.
func (a *App) accept(r *http.Request, c otphttp.Claim) (otphttp.Done, error) {
	password := r.PostForm.Get("password")
	if err := users.CheckPassword(password, c.To); err != nil {
		return nil, passwordProblem(err)
	}

	waiting, cancel := context.WithTimeout(r.Context(), hashTimeout)
	defer cancel()

	hash, err := users.Hash(waiting, password)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ http.ResponseWriter) error {
		return a.setPassword(ctx, c.To, hash, r.Header.Get("Accept-Language"))
	}, nil
}

func passwordProblem(err error) error {
	weak, ok := errors.AsType[*users.PasswordError](err)
	if !ok {
		return err
	}
	return &otphttp.Problem{
		Code: otphttp.ProblemCode(weak.Code), Field: "password", Detail: weak.Error(),
	}
}

func (a *App) setPassword(ctx context.Context, email, hash, language string) error {
	user, err := a.Users.SetPassword(ctx, email, hash)
	if err != nil {
		return err
	}

	// The password is changed all the same.
	if err := a.notify(ctx, user.Email, language); err != nil {
		a.Log.ErrorContext(ctx, "the person could not be told of the new password",
			"pseudonym", a.Codes.Pseudonym(email), "err", err)
	}
	return nil
}

// notify tells a person that the password was changed just now. language is the value of an
// Accept-Language header.
func (a *App) notify(ctx context.Context, email, language string) error {
	notice, err := a.Mails.Notice(otpmail.Notice{
		Kind: otpmail.PasswordChanged, Time: time.Now().UTC(), Language: language,
	})
	if err != nil {
		return err
	}
	return a.Mail.SendMail(ctx, email, notice)
}
