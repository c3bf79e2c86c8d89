package otphttp

import (
	"net/http"

	"github.com/seed-5978b5f1/otp"
)

// ServeSend is the handler that sends a code. POST a form or JSON with the address:
//
//	{"email": "ada@example.com"}
//
// The answer is the same whether there is such an account or not: 202 with the state of the code,
//
//	{"live": true, "locked": false, "attempts_left": 5, "code_length": 6,
//	 "expires_at": "2026-12-01T12:10:00Z", "retry_at": "2026-12-01T12:01:00Z"}
//
// or a problem document. With Config.Proofs, the member "email_verification_token" may spare the
// code: the answer is then what Done has written, else 200 and {"done": true, "proved": true}, or
// with the Kind ResetPassword a state as above with "proved": true, after which Verify needs no
// code.
//
// A client without cookies sends the member "session" along, empty at first, and takes the new one
// from the answer, whether that is 202 or a problem. With an empty session, the header
// Idempotency-Key or the member "idempotency_key" of 22 to 128 random bytes lets it repeat the
// request after a lost answer: the same key gets a session of the same Binding. Such a key is as
// secret as the session, and a shorter one is refused as invalid_request (400).
func (f *Flow) ServeSend(w http.ResponseWriter, r *http.Request) {
	if f.cors(w, r, http.MethodPost) {
		return
	}

	state, err := f.Send(w, r)
	switch {
	case state.Answered:
	case err != nil:
		WriteProblem(w, err)
	case state.Accepted:
		writeDone(w, true)
	default:
		writeJSON(w, jsonType, http.StatusAccepted, newStanding(state))
	}
}

// ServeVerify is the handler that takes a code. POST a form or JSON with the code and with whatever
// Config.Accept reads:
//
//	{"code": "492013", "password": "…"}
//
// The address may be there, and must then be that of the request for the code. A client without
// cookies adds the "session". The header Idempotency-Key or the member "idempotency_key", a random
// text of at most 128 bytes (a short one will do here), tells a request that comes again from
// another one: with the same key, code and other members it is accepted again, and Done runs again,
// unless Config.Once is set. With another password, say, it is another request.
//
// The answer is what Done has written, else 200 and {"done": true}, or a problem document. Whoever
// has asked for the code is told why it was rejected; its member "flow" says how many attempts are
// left.
func (f *Flow) ServeVerify(w http.ResponseWriter, r *http.Request) {
	if f.cors(w, r, http.MethodPost) {
		return
	}

	state, err := f.Verify(w, r)
	switch {
	case state.Answered:
	case err != nil:
		WriteProblem(w, err)
	default:
		writeDone(w, state.Proved)
	}
}

// writeDone answers that all is done.
func writeDone(w http.ResponseWriter, proved bool) {
	writeJSON(w, jsonType, http.StatusOK, struct {
		Done   bool `json:"done"`
		Proved bool `json:"proved,omitempty"`
	}{true, proved})
}

// ServeStatus is the handler that tells the state of the code as ServeSend does, without sending
// one: by GET, or by POST of the "session" for clients without cookies.
func (f *Flow) ServeStatus(w http.ResponseWriter, r *http.Request) {
	if f.cors(w, r, http.MethodGet, http.MethodPost) {
		return
	}

	state, err := f.Status(w, r)
	if err != nil {
		WriteProblem(w, err)
		return
	}

	writeJSON(w, jsonType, http.StatusOK, newStanding(state))
}

// A standing is the State that the JSON answers of ServeSend and ServeStatus hold.
type standing struct {
	otp.Status
	Session string `json:"session,omitempty"`
	Proved  bool   `json:"proved,omitempty"`
}

func newStanding(s State) standing { return standing{s.Status, s.Session, s.Proved} }
