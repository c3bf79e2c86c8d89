package otphttp

import (
	"net/http"

	"github.com/seed-5978b5f1/otp"
)

// Status returns where the client stands, for handlers that answer in their own way. It changes
// nothing. It counts against the budget of the client, because it reads from the store. A client
// that has asked for nothing gets an error with the code [SessionMissing].
func (f *Flow) Status(w http.ResponseWriter, r *http.Request) (State, error) {
	if err := f.openToRead(w, r); err != nil {
		return State{}, f.failed(r, err)
	}

	state, err := f.status(r)
	return state, f.failed(r, err)
}

func (f *Flow) status(r *http.Request) (State, error) {
	s, ok := f.session(r)
	if !ok {
		return State{}, problem(SessionMissing)
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
	return State{Address: s.address, Status: status, Accepted: s.done}, nil
}
