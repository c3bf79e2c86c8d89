package histories

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/model"
)

// An op is one atomic step that a call took, as its caller saw it.
type op struct {
	kind     kind
	optional bool // it may have happened or not: its caller could not know
	instance *model.Instance
	from, to time.Time // the clock at the beginning and the end
	id       int       // of the call
	binding  string
	decoy    bool
	text     string // the code that was submitted or delivered; empty if none was
	key      string // the idempotency key
	again    bool   // the code was there before

	err    error // nil, a reason for rejection, otp.ErrLimited or otp.ErrLocked
	status *otp.Status
}

type kind string

const (
	send    kind = "send"
	observe kind = "observe" // what a Send finds after the reply of its swap was lost
	verify  kind = "verify"
	wrong   kind = "wrong" // a submission counts once more, since the reply of its swap was lost
	check   kind = "check"
	revoke  kind = "revoke"
	unlock  kind = "unlock"
	status  kind = "status"
	spend   kind = "spend"

	revokeAll kind = "revoke-all"
)

func (o op) String() string {
	return fmt.Sprintf("%s, optional %v, binding %q, decoy %v, code %q, again %v: %v %+v",
		o.kind, o.optional, o.binding, o.decoy, o.text, o.again, o.err, o.status)
}

// follow returns the states in which the step can leave a record: none if it cannot have happened
// there.
func (o *op) follow(before state) (after []state) {
	if o.optional {
		after = append(after, before)
	}
	if o.kind == spend {
		token := before.token
		if err := token.Spend(o.key); o.optional || err == o.err {
			after = append(after, state{before.record, token, before.text})
		}
		return after
	}

	for _, now := range moments(o.from, o.to) {
		a := before.record.Clone()
		if o.apply(a, now) {
			after = append(after, state{a, before.token, a.String()})
		}
	}
	return after
}

// apply lets the step happen to r at that time and reports whether its caller would have seen what
// it saw.
func (o *op) apply(r *model.Record, now time.Time) bool {
	ok := true
	switch o.kind {
	case send:
		ok = o.applySend(r, now)
	case observe:
		ok = o.applyObserve(r, now)
	case verify, wrong:
		ok = o.applyVerify(r, now)
	case check:
		ok = r.Verify(o.instance, now, o.binding, o.text, o.key, false) == o.err
	case revoke:
		r.Revoke(o.instance, now, o.binding)
	case revokeAll:
		r.RevokeAll(o.instance, now, o.binding)
	case unlock:
		r.Unlock(o.instance, now)
	}
	return ok && (o.status == nil || r.Status(o.instance, now, o.binding) == *o.status)
}

func (o *op) applySend(r *model.Record, now time.Time) bool {
	code, again, refused := r.Send(o.instance, now, o.binding, o.decoy)
	switch {
	case o.optional:
		return refused == nil
	case refused != o.err:
		return false
	case refused != nil || o.text == "":
		return true
	}
	return again == o.again && reveal(code, o.text)
}

// applyObserve is what a Send finds whose swap has won without its knowing.
func (o *op) applyObserve(r *model.Record, now time.Time) bool {
	code := r.Found(o.instance, now, o.binding, o.decoy)
	switch {
	case code == nil:
		return o.err != nil // voided before delivery
	case o.err != nil:
		return false
	case o.decoy:
		return true // nobody sees its text
	}
	return reveal(code, o.text)
}

// reveal notes the text of a code that somebody has seen, and reports whether it was the same
// before.
func reveal(code *model.Code, text string) bool {
	if code.Text == "" {
		code.Text = text
	}
	return code.Text == text
}

func (o *op) applyVerify(r *model.Record, now time.Time) bool {
	err := r.Verify(o.instance, now, o.binding, o.text, o.key, true)
	if o.kind == wrong {
		return err == otp.ErrMismatch
	}
	return o.optional || err == o.err
}

// moments returns the times between two that a rule can tell apart: nothing but a full or half
// second and the nanosecond after one changes what is young, live or counted.
func moments(from, to time.Time) []time.Time {
	const half = time.Second / 2
	times := []time.Time{from, to}
	for t := from.Truncate(half).Add(half); !t.After(to); t = t.Add(half) {
		times = append(times, t)
		if next := t.Add(1); !next.After(to) {
			times = append(times, next)
		}
	}

	slices.SortFunc(times, time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal)
}

// A state is a record, and the one token that is spent, as porcupine carries them about.
type state struct {
	record *model.Record
	token  model.Token
	text   string // equal if the records are
}

// machine is the model in the form that porcupine takes.
var machine = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{state{record: &model.Record{}}} },
	Step: func(before, input, _ any) (after []any) {
		o := input.(op)
		for _, a := range o.follow(before.(state)) {
			after = append(after, a)
		}
		return after
	},
	Equal: func(a, b any) bool {
		x, y := a.(state), b.(state)
		return x.text == y.text && x.token == y.token
	},
}).ToModel()

// errUndecided says that a history was too entangled to be decided in time.
var errUndecided = errors.New("undecided")

// check returns an error unless what was recorded is linearizable: unless there is an order of the
// steps, each between the beginning and the end of its call, in which the model gives every caller
// the answer that it got.
func (r *recorder) check(timeout time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()

	switch porcupine.CheckOperationsTimeout(machine, r.ops, timeout) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return errUndecided
	}

	text := "the history is not linearizable:"
	for _, in := range r.plan.instances {
		text += fmt.Sprintf("\n%+v", in.Policy)
	}
	for _, o := range r.ops {
		text += fmt.Sprintf("\n%4d to %4d %s", o.Call, o.Return, o.Input.(op))
	}
	return errors.New(text)
}
