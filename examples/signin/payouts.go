package main

import (
	"context"
	"net/http"
	"sync"

	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// A Payout waits until its owner has confirmed it.
type Payout struct {
	ID, Owner, IBAN, Amount string
	Confirmed               bool
}

// MailDetails is what the message and the page show (otpmail.Detailed).
func (p Payout) MailDetails(string) []otpmail.Detail {
	return otpmail.Details{{Name: "To", Value: p.IBAN}, {Name: "Amount", Value: p.Amount}}
}

// Payouts stand for the table of the application. The zero value is empty.
type Payouts struct {
	mu  sync.Mutex
	all []Payout
}

// Add adds a payout. One that is edited is another one, with another ID.
func (p *Payouts) Add(payout Payout) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, payout)
}

// Pending returns the latest payout of a person that is not confirmed. The owner "" is nobody.
func (p *Payouts) Pending(owner string) (Payout, error) {
	if owner == "" {
		return Payout{}, &otphttp.Problem{
			Status: http.StatusUnauthorized, Code: "not_signed_in", Detail: "Sign in first.",
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()

	for i := len(p.all) - 1; i >= 0; i-- {
		if p.all[i].Owner == owner && !p.all[i].Confirmed {
			return p.all[i], nil
		}
	}
	return Payout{}, &otphttp.Problem{
		Status: http.StatusConflict, Code: "nothing_pending", Detail: "Nothing is to be confirmed.",
	}
}

// Confirm returns what marks a payout. A worker pays what is marked, so marking it twice does no
// harm.
func (p *Payouts) Confirm(id string) otphttp.Done {
	return func(context.Context, http.ResponseWriter) error {
		p.mu.Lock()
		defer p.mu.Unlock()

		for i := range p.all {
			if p.all[i].ID == id {
				p.all[i].Confirmed = true
			}
		}
		return nil
	}
}
