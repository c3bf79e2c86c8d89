package otphttp

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// sessionField is the member by which clients without cookies carry their session.
const sessionField = "session"

// Ask sends a code to the address in the body of the request, for handlers that answer in their own
// way: pages, say. It checks method, origin, budget and body as [Flow.Send] does, and sets the
// cookies of the flow. What it returns is the same for unknown addresses, and takes as long.
//
// The error is a *Problem, or one of package otp, or the service's own; [ProblemOf] describes it.
// With an error for which State.Status.Live is true, the client has a code that it asked for
// before: lead it to where the code is entered.
func (f *Flow) Ask(w http.ResponseWriter, r *http.Request) (State, error) {
	methods := []string{http.MethodPost}
	if f.config.AllowGET && r.PathValue(f.config.AddressField) != "" {
		methods = append(methods, http.MethodGet)
	}

	if err := f.open(w, r, methods...); err != nil {
		return State{}, f.failed(r, err)
	}

	state, err := f.ask(w, r)
	return state, f.failed(r, err)
}

// open checks what all requests that act have in common, and reads the body.
func (f *Flow) open(w http.ResponseWriter, r *http.Request, methods ...string) error {
	if err := checkMethod(w, r, methods...); err != nil {
		return err
	}
	if err := f.checkOrigin(r); err != nil {
		return err
	}
	if err := f.checkBudget(w, r); err != nil {
		return err
	}

	if r.Method == http.MethodGet {
		name := f.config.AddressField
		r.PostForm = map[string][]string{name: {r.PathValue(name)}}
		return nil
	}
	return ReadBody(w, r)
}

// checkMethod refuses other methods than these. HEAD is never among them: a GET may act.
func checkMethod(w http.ResponseWriter, r *http.Request, methods ...string) error {
	if slices.Contains(methods, r.Method) {
		return nil
	}

	allowed := strings.Join(methods, ", ")
	w.Header().Set("Allow", allowed)
	return &Problem{
		Status: http.StatusMethodNotAllowed, Code: "method_not_allowed",
		Detail: "This takes " + allowed + " only.",
	}
}

func (f *Flow) checkBudget(w http.ResponseWriter, r *http.Request) error {
	if f.config.Allow == nil || f.config.Allow(w, r) {
		return nil
	}
	return &Problem{
		Status: http.StatusTooManyRequests, Code: "too_many_requests",
		Detail: "Too many requests come from your network. Try again in a minute.",
		Flow:   &otp.Status{RetryAt: time.Now().Add(time.Minute)},
	}
}

func (f *Flow) ask(w http.ResponseWriter, r *http.Request) (State, error) {
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

// findStep is what the time of Find is rounded up to.
const findStep = 25 * time.Millisecond

// find looks the account up, in a time that does not tell whether there is one.
func (f *Flow) find(r *http.Request, typed string) (to string, known bool, err error) {
	start := time.Now()
	defer func() {
		taken := time.Since(start)
		time.Sleep(taken.Truncate(findStep) + findStep - taken)
	}()

	if len(typed) > maxAddress {
		return "", false, f.invalidAddress(nil)
	}
	if _, err := otp.NormalizeAddress(typed); err != nil {
		return "", false, f.invalidAddress(err)
	}

	to, known, err = f.config.Find(r, typed)
	if errors.Is(err, otp.ErrInvalid) {
		return "", false, f.invalidAddress(err)
	}
	if err == nil && !known && to == "" {
		to = typed
	}
	return to, known, err
}

func (f *Flow) invalidAddress(cause error) error {
	return &Problem{
		Status: http.StatusBadRequest, Code: "address_invalid", Field: f.config.AddressField,
		Detail: "This is not an address. Enter one such as ada@example.com.", Err: cause,
	}
}

// bind gives the session its Binding: that of the session which the client sends along, that of its
// cookie, or none.
func (f *Flow) bind(w http.ResponseWriter, r *http.Request, s *session) {
	switch {
	case r.PostForm.Has(sessionField):
		earlier, err := f.tokens.read(r.PostForm.Get(sessionField))
		if err != nil {
			earlier.binding = rand.Text()
		}
		s.binding = earlier.binding
	case f.Bound(r) || !f.config.AllowUnbound || fromBrowser(r):
		s.binding = f.Binding(w, r)
	}
}

// vouch gives the session its Trust: by the device, by the answer of a challenge, or by what it had
// when the client asked before, while that code may live, so that the same code can be sent again.
func (f *Flow) vouch(r *http.Request, to string, s *session) error {
	if s.binding == "" {
		return nil // Rule 8: a Trust above Stranger needs a Binding
	}
	if f.config.Devices && f.Knows(r, to) {
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
	if ok && recent && earlier.binding == s.binding && sameAddress(earlier.address, s.address) {
		s.trust, s.vouched = earlier.trust, earlier.vouched
	}
	return nil
}

// sameAddress compares two typed addresses.
func sameAddress(a, b string) bool {
	normalA, errA := otp.NormalizeAddress(a)
	normalB, errB := otp.NormalizeAddress(b)
	return errA == nil && errB == nil && normalA == normalB
}

// begin hands the session to the client: as a cookie, or as text for clients that sent one along. A
// client without a Binding has none.
func (f *Flow) begin(w http.ResponseWriter, r *http.Request, s session) (text string) {
	switch {
	case s.binding == "":
		return ""
	case r.PostForm.Has(sessionField):
		return f.tokens.write(s)
	}

	f.setSession(w, r, s)
	return ""
}

func (f *Flow) setSession(w http.ResponseWriter, r *http.Request, s session) {
	f.cookies.set(w, r, f.sessionCookie(), f.tokens.write(s), f.tokens.maxAge())
}

func (f *Flow) sessionCookie() string { return bindingCookie + "-" + f.config.Name }

// session returns the session that the client sends along, or that of its cookie.
func (f *Flow) session(r *http.Request) (session, bool) {
	text := f.cookies.get(r, f.sessionCookie())
	if r.PostForm.Has(sessionField) {
		text = r.PostForm.Get(sessionField)
	}

	s, err := f.tokens.read(text)
	return s, err == nil
}

// refusal describes why nothing was sent.
func (f *Flow) refusal(err error, status otp.Status, s *session) error {
	if !errors.Is(err, otp.ErrLimited) && !errors.Is(err, otp.ErrLocked) {
		return err
	}

	p := ProblemOf(err)
	p.Flow = &status

	if f.config.Challenge != nil && s.trust == otp.Stranger && s.binding != "" && !status.Live {
		p.Code = "challenge_required"
		p.Detail = "Too many codes were asked for. Nothing was sent. Solve a challenge to go on."
	}
	return p
}
