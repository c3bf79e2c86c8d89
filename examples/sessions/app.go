// Package sessions puts package otphttp beside chi and scs: people sign in by a code, and confirm
// each payout by another one.
package sessions

import (
	"net/http"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/budget"
	"github.com/seed-5978b5f1/otp/otphttp"
)

// An App is an application with accounts and payouts.
type App struct {
	Sessions       *scs.SessionManager
	Logins, Orders *otp.Service // of the Kinds SignIn and ConfirmTransaction
	Payouts        *Payouts
	Keys           otp.Keys
	Clients        *budget.Budget
}

// Handler returns the routes. The session is loaded around the pages, and saved with their answer.
func (a *App) Handler() (http.Handler, error) {
	config := otphttp.Config{Keys: a.Keys, Allow: a.Clients.Allow}
	signIn, err := SignIn(a.Sessions, a.Logins, config)
	if err != nil {
		return nil, err
	}
	stepUp, err := StepUp(a.Sessions, a.Orders, a.Payouts, config)
	if err != nil {
		return nil, err
	}

	r := chi.NewRouter()
	r.Use(a.Clients.Wrap, a.Sessions.LoadAndSave)
	r.Handle("/sign-in/*", signIn)
	r.Handle("/confirm/*", stepUp)
	r.Get("/", func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("signed in as " + a.Sessions.GetString(r.Context(), "account")))
	})
	return r, nil
}
