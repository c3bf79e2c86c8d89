package main

import (
	"net/http"

	"github.com/alexedwards/scs/v2"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

// StepUp returns the pages on which a person who is signed in confirms a payout, below /confirm/.
func StepUp(sessions *scs.SessionManager, codes *otp.Service, payouts *Payouts, c otphttp.Config) (
	http.Handler, error) {
	c.Codes, c.Name = codes, "confirm"
	c.Find = func(r *http.Request, _ string) (otphttp.Recipient, error) {
		to := sessions.GetString(r.Context(), "account")
		payout, err := payouts.Pending(to)
		return otphttp.Recipient{
			To: to, Known: true, Trust: otp.Known, Binding: payout.ID, Data: payout,
		}, err
	}
	c.Accept = func(_ *http.Request, c otphttp.Claim) (otphttp.Done, error) {
		return payouts.Confirm(c.Binding), nil
	}
	flow, err := otphttp.New(c)
	if err != nil {
		return nil, err
	}
	return pages.New(flow, pages.Options{Product: "Acme", Path: "/confirm/", Next: "/"})
}
