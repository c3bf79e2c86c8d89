package otphttp

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// maxAddress bounds an address, in bytes: 64 for the local part of an email address, 255 for its
// domain (RFC 5321 §4.5.3.1), and the sign between them.
const maxAddress = 320

// maxTransaction bounds Recipient.Binding, in bytes.
const maxTransaction = 128

// mailField is the AddressField that holds addresses of mail, and nothing else.
const mailField = "email"

// typed returns the address that the person has entered.
func (f *Flow) typed(r *http.Request) string {
	typed := strings.TrimSpace(r.PostForm.Get(f.config.AddressField))
	if f.config.AddressField == mailField {
		return readAddress(typed)
	}
	return typed
}

// normal returns the form of an address in which the Service compares them. What is no address,
// such as a user name, stays as it is.
func (f *Flow) normal(address string) string {
	normal, err := f.config.Codes.Normalize(address)
	if err != nil {
		return address
	}
	return normal
}

// find asks the application who gets the code.
func (f *Flow) find(r *http.Request, typed string) (Recipient, error) {
	if _, err := otp.NormalizeAddress(typed); typed != "" && err != nil || len(typed) > maxAddress {
		return Recipient{}, f.invalidAddress(err)
	}
	if typed != "" && f.config.AddressField == mailField && !isAddress(typed) {
		return Recipient{}, f.invalidAddress(otp.ErrInvalid)
	}

	rec, err := f.config.Find(r, typed)
	_, ownProblem := errors.AsType[*Problem](err)
	switch {
	case !ownProblem && errors.Is(err, otp.ErrInvalid):
		return Recipient{}, f.invalidAddress(err)
	case err != nil:
		return Recipient{}, err
	}

	rec.To = cmp.Or(rec.To, typed)
	return rec, f.checkRecipient(&rec, typed)
}

// checkRecipient says what is wrong with what Find has returned. That is the application's mistake,
// unless it is what the person has typed.
func (f *Flow) checkRecipient(rec *Recipient, typed string) error {
	_, err := f.config.Codes.Normalize(rec.To)
	switch {
	case err != nil && rec.To == typed && typed != "":
		return f.invalidAddress(err)
	case rec.To == "":
		return errors.New("otphttp: Config.Find returned no To where nothing was typed: " +
			"return a To, or a *Problem")
	case err != nil: // not %w: it is not the client's mistake, and may hold the address
		return errors.New("otphttp: Config.Find returned a To that is no address: " +
			"Normalize of Codes refuses it")
	case len(rec.To) > maxAddress:
		return fmt.Errorf("otphttp: Config.Find returned a To of %d bytes: "+
			"it must have at most %d", len(rec.To), maxAddress)
	case len(rec.Binding) > maxTransaction:
		return fmt.Errorf("otphttp: Config.Find returned a Binding of %d bytes: "+
			"it must have at most %d", len(rec.Binding), maxTransaction)
	case rec.Trust < otp.Stranger || rec.Trust > otp.Known:
		return fmt.Errorf("otphttp: Config.Find returned the Trust %d: "+
			"it must be otp.Stranger, Challenged or Known", rec.Trust)
	}
	return nil
}

// findFloor is what the time of a look-up is rounded up to: outside of Send, to 1, 2, 4, … times
// it.
const findFloor = 250 * time.Millisecond

// findWithin is find in a time that does not tell whether there is an account.
func (f *Flow) findWithin(r *http.Request, typed string) (Recipient, error) {
	start := time.Now()
	rec, err := f.find(r, typed)

	floor := findFloor
	for time.Since(start) > floor {
		floor *= 2
	}
	time.Sleep(time.Until(start.Add(floor)))
	return rec, err
}

func (f *Flow) invalidAddress(cause error) error {
	p := problem(AddressInvalid)
	p.Field, p.Err = f.config.AddressField, cause
	if f.config.AddressField != mailField {
		p.Detail = "This cannot be used. Check it for typing errors."
	}
	return p
}
