package otphttp

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// Send sends a code to the address in the body of the request, for handlers that answer in their own
// way: pages, say. It checks method, origin, budget and body as [Flow.ServeSend] does, and sets the
// cookies of the flow. What it returns is the same for unknown addresses, and takes as long.
//
// The error is a *Problem, or one of package otp, or the service's own; [ProblemOf] describes it.
// With an error for which State.Status.Live is true, the client has a code that it asked for
// before: lead it to where the code is entered.
func (f *Flow) Send(w http.ResponseWriter, r *http.Request) (State, error) {
	methods := []string{http.MethodPost}
	if f.config.AllowGET && r.PathValue(f.config.AddressField) != "" {
		methods = append(methods, http.MethodGet)
	}

	if err := f.open(w, r, methods...); err != nil {
		return State{}, f.failed(r, err)
	}

	state, err := f.send(w, r)
	return state, f.failed(r, err)
}

func (f *Flow) send(w http.ResponseWriter, r *http.Request) (State, error) {
	now := time.Now()
	typed := strings.TrimSpace(r.PostForm.Get(f.config.AddressField))
	s := session{issued: now, vouched: now, address: typed}

	to, known, err := f.find(r, s.address)
	if err != nil {
		return State{}, err
	}

	f.bind(w, r, &s)
	if err := f.vouch(r, to, &s); err != nil {
		return State{}, err
	}

	status, err := f.config.Codes.Send(r.Context(), otp.Request{
		To: to, Binding: s.binding, Trust: s.trust, Decoy: !known,
		Language: r.Header.Get("Accept-Language"),
	})

	// Rule 10: a decoy never fails, so a failed delivery is told as sent. Observe has seen it.
	if errors.Is(err, otp.ErrDelivery) {
		err = nil
	}
	if err != nil && !status.Live {
		return State{Address: s.address, Status: status}, f.refusal(err, status, &s)
	}

	state := State{Address: s.address, Status: status, Session: f.begin(w, r, s)}
	if err != nil {
		return state, f.refusal(err, status, &s)
	}
	return state, nil
}

// vouch gives the session its Trust: by the device, by the answer of a challenge, or by what it had
// when the client asked before, while that code may live, so that the same code can be sent again.
func (f *Flow) vouch(r *http.Request, to string, s *session) error {
	if s.binding == "" {
		return nil // Rule 8: a Trust above Stranger needs a Binding
	}
	if f.config.Devices && f.KnowsDevice(r, to) {
		s.trust = otp.Known
		return nil
	}

	if f.config.Challenge != nil {
		solved, err := f.config.Challenge(r)
		if err != nil || solved {
			s.trust = otp.Challenged
			return err
		}
	}

	earlier, ok := f.session(r)
	recent := s.issued.Before(earlier.vouched.Add(f.config.Codes.Policy().Lifetime))
	if ok && recent && earlier.binding == s.binding && f.sameAddress(earlier.address, s.address) {
		s.trust, s.vouched = earlier.trust, earlier.vouched
	}
	return nil
}

// refusal describes why nothing was sent.
func (f *Flow) refusal(err error, status otp.Status, s *session) error {
	if !errors.Is(err, otp.ErrLimited) && !errors.Is(err, otp.ErrLocked) {
		return err
	}

	p := ProblemOf(err)
	if f.config.Challenge != nil && s.trust == otp.Stranger && s.binding != "" && !status.Live {
		p = problem(ChallengeRequired)
		p.Err = err
	}
	p.CodeStatus = &status
	return p
}
