package otphttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// Send sends a code to the address in the body of the request, for handlers that answer in their
// own way: pages, say. It checks method, origin, budget and body as [Flow.ServeSend] does, and sets
// the cookies of the flow. What it returns is the same for unknown addresses, and takes as long.
//
// The error is a *Problem, or one of package otp, or the service's own; [ProblemOf] describes it.
// With an error for which State.Status.Live is true, the client has a code that it asked for
// before, or that may still arrive: lead it to where the code is entered.
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
	if err := cmp.Or(checkKey(r), f.checkBindingKey(r)); err != nil {
		return State{}, err
	}
	p := f.prove(r) // before look: its time is in others' hands
	q, err := f.look(w, r, p)
	if err != nil {
		return State{}, err
	}
	if f.holds(r, q, p) {
		if state, taken, err := f.takeProof(w, r, q, p); taken {
			return state, err
		}
	}
	f.evenOut(q)

	status, err := f.ask(r, q)
	state := q.session.state()
	state.Status = status
	if q.session.address == "" { // elsewhere Data would tell that there is an account
		state.Data = q.Data
	}
	switch {
	case status.Live || carries(r) && q.earlier.browser == "":
		state.Session = f.begin(w, r, &q.session)
	case carries(r): // its code may be live, for another address
		state.Session = r.PostForm.Get(sessionField)
	}
	if err != nil {
		return state, withSession(err, state.Session)
	}

	if !q.Known && f.config.Unknown != nil {
		f.tellUnknown(r, q.session.address)
	}
	return state, nil
}

// An asker is who asks for a code, and for whom.
type asker struct {
	Recipient
	session session       // to be handed out
	earlier session       // of the client, or zero
	device  bool          // known to the address, or has proved it
	begun   time.Time     // to look all this up
	taken   time.Duration // for that
}

// look finds out who asks, and for whom. Its time does not tell whether there is an account, since
// evenOut follows, and it counts towards Policy.MinSendTime. So it does nothing that a client can
// draw out: it reads no body, and asks for no challenge.
func (f *Flow) look(w http.ResponseWriter, r *http.Request, p *proof) (*asker, error) {
	begun := time.Now()
	typed := f.typed(r)
	rec, err := f.find(r, typed)
	if err != nil {
		return nil, err
	}

	q := &asker{Recipient: rec, begun: begun, device: f.config.Devices && f.KnowsDevice(r, rec.To)}
	q.earlier, _ = f.session(r)
	q.session = session{
		issued: begun, vouched: begun, known: rec.Known, transaction: rec.Binding, to: rec.To,
		address: typed,
	}
	if err := f.bind(w, r, &q.session); err != nil {
		return nil, err
	}
	if err := f.revokeReplaced(r, q); err != nil {
		return nil, err
	}
	return q, f.endReplacedProof(r, q, p)
}

// evenOut rounds the time of the look-up up to findFloor, or to half of MinSendTime where that is
// less: otherwise the answer would tell, by the seconds in it, whether one began meanwhile. The
// rest of MinSendTime is for the mail. A proof of the address does not wait.
func (f *Flow) evenOut(q *asker) {
	floor := min(f.config.Codes.Policy().MinSendTime/2, findFloor)
	time.Sleep(time.Until(q.begun.Add(floor)))
	q.taken = time.Since(q.begun)
}

// revokeReplaced voids the code of the transaction that this one takes the place of, so that no
// change of mind uses up the live codes of an address.
func (f *Flow) revokeReplaced(r *http.Request, q *asker) error {
	if q.earlier.transaction == "" || q.earlier.binding() == q.session.binding() {
		return nil
	}
	return f.config.Codes.Revoke(r.Context(), q.earlier.to, q.earlier.binding())
}

// An outcome is that of asking under one Trust.
type outcome struct {
	ground
	status otp.Status
	err    error
}

// ask sends a code under the first Trust that there is a ground for and that does not refuse it.
func (f *Flow) ask(r *http.Request, q *asker) (otp.Status, error) {
	var tried trustSet
	var got outcome
	for g, err := range f.grounds(r, q) {
		if err != nil {
			return otp.Status{}, err
		}
		if tried.has(g.trust) {
			continue
		}

		o := f.askAs(r, q, g)
		if o.err == nil || !refused(o.err) {
			got = o
			break
		}
		if tried == 0 || o.status.Live && !got.status.Live {
			got = o
		}
		tried = tried.with(g.trust)
	}

	q.session.trust, q.session.vouched = got.trust, got.vouched
	if got.status.Live {
		q.session.asked = q.session.asked.with(got.trust)
	}
	if refused(got.err) {
		return got.status, f.refusal(q, got, tried)
	}
	return got.status, f.delivered(r, q, got.err)
}

// askAs asks under one Trust. The first time, what the look-up has taken is part of the time that
// Send takes at least (rule 10).
func (f *Flow) askAs(r *http.Request, q *asker, g ground) outcome {
	begun := time.Now().Add(-q.taken)
	q.taken = 0

	status, err := f.config.Codes.Send(r.Context(), otp.Request{
		To: q.To, Binding: q.session.binding(), Trust: g.trust, Decoy: !q.Known, Begun: begun,
		Language: cmp.Or(q.Language, r.Header.Get("Accept-Language")), Data: q.Data,
	})
	return outcome{g, status, err}
}

// refused reports whether the limits refuse a code under one Trust, and may admit it under another.
func refused(err error) bool {
	return errors.Is(err, otp.ErrLimited) || errors.Is(err, otp.ErrLocked)
}

// refusal describes why nothing was sent.
func (f *Flow) refusal(q *asker, o outcome, tried trustSet) error {
	p := ProblemOf(o.err)
	if f.config.Challenge != nil && q.session.browser != "" && !tried.has(otp.Challenged) {
		p = problem(ChallengeRequired)
		p.Err = o.err
	}
	p.CodeStatus = &o.status
	return p
}

// delivered tells that a delivery has failed, where there is no account to hide, and logs it
// elsewhere. Rule 10: a decoy never fails.
func (f *Flow) delivered(r *http.Request, q *asker, err error) error {
	if !errors.Is(err, otp.ErrDelivery) {
		return err
	}

	p := ProblemOf(err)
	if f.config.Anyone || q.session.address == "" {
		if p.Code == Undeliverable {
			p.Field = f.config.AddressField
		}
		return p
	}

	attributes := []any{"flow", f.config.Name, "class", string(p.Code)}
	var message interface{ MessageID() string }
	if errors.As(err, &message) {
		attributes = append(attributes, "message", message.MessageID())
	}
	f.config.Log.WarnContext(r.Context(), "a message was not delivered; the answer does not tell",
		attributes...)
	return nil
}

// withSession adds the session to a problem, so that a client that carries it goes on with the same
// Binding.
func withSession(err error, session string) error {
	if session == "" {
		return err
	}

	p := *ProblemOf(err)
	p.Session = session
	return &p
}

// unknownTimeout bounds Config.Unknown.
const unknownTimeout = time.Minute

// tellUnknown runs Config.Unknown beside the answer, on a copy of the request: r is the handler's.
func (f *Flow) tellUnknown(r *http.Request, typed string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), unknownTimeout)
	clone := r.Clone(ctx)
	clone.Body = http.NoBody // has been read, or is the handler's

	go func() {
		defer cancel()
		f.runUnknown(clone, typed)
	}()
}

// runUnknown runs Config.Unknown, which must not end the process.
func (f *Flow) runUnknown(r *http.Request, typed string) {
	defer func() {
		if failure := recover(); failure != nil {
			f.config.Log.ErrorContext(r.Context(), "Config.Unknown panicked",
				"flow", f.config.Name, "panic", fmt.Sprintf("%T", failure))
		}
	}()

	f.config.Unknown(r, typed)
}
