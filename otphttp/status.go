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

	state := s.state()
	var err error
	if !s.accepted { // afterwards something else may be pending, or nothing
		state.Data, err = f.pending(r, &s)
	}
	if err == nil {
		state.Status, err = f.statusOf(r, &s)
	}
	return state, err
}

// statusOf returns the Status of the latest code of a session, or of another one that is live.
func (f *Flow) statusOf(r *http.Request, s *session) (latest otp.Status, err error) {
	for i, trust := range s.trusts() {
		status, err := f.config.Codes.Status(r.Context(), otp.Request{
			To: s.to, Binding: s.binding(), Trust: trust, Decoy: !s.known,
		})
		if err != nil || status.Live {
			return status, err
		}
		if i == 0 {
			latest = status
		}
	}
	return latest, nil
}
