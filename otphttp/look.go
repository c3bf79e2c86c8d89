package otphttp

import (
	"net/http"

	"github.com/seed-5978b5f1/otp"
)

// Look returns where the client stands, for handlers that answer in their own way. It changes
// nothing. It counts against the budget of the client, because it reads from the store. A client
// that has asked for nothing gets an error with the code session_missing.
func (f *Flow) Look(w http.ResponseWriter, r *http.Request) (State, error) {
	if err := checkMethod(w, r, http.MethodGet, http.MethodPost, http.MethodHead); err != nil {
		return State{}, f.failed(r, err)
	}
	if err := f.checkBudget(w, r); err != nil {
		return State{}, f.failed(r, err)
	}
	if r.Method == http.MethodPost {
		if err := ReadBody(w, r); err != nil {
			return State{}, f.failed(r, err)
		}
	}

	state, err := f.look(r)
	return state, f.failed(r, err)
}

func (f *Flow) look(r *http.Request) (State, error) {
	s, ok := f.session(r)
	if !ok {
		return State{}, errNoSession()
	}

	to, known, err := f.find(r, s.address)
	if err != nil {
		return State{}, err
	}

	status, err := f.config.Codes.Status(r.Context(), otp.Request{
		To: to, Binding: s.binding, Trust: s.trust, Decoy: !known,
	})
	if err != nil {
		return State{}, err
	}
	return State{Address: s.address, Status: status, Done: s.done}, nil
}

// Codes returns the Service of the Flow.
func (f *Flow) Codes() *otp.Service { return f.config.Codes }

// Fields returns the names of the members of the body for the address and for the code.
func (f *Flow) Fields() (address, code string) {
	return f.config.AddressField, f.config.CodeField
}
