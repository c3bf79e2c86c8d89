package linear

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
	bind     string
	decoy    bool
	text     string // the code that was submitted or delivered; empty if that is not known, or none was delivered
	again    bool   // the code was there before

	err    error // nil, a reason for rejection, otp.ErrLimited or otp.ErrLocked
	status *otp.Status
}

type kind string

const (
	send    kind = "send"
	observe kind = "observe" // what a Send finds after the reply of its swap was lost
	mark    kind = "mark"    // the mark of a failed send
	verify  kind = "verify"
	wrong   kind = "wrong" // a submission that counts once more, since the reply of its first swap was lost
	revoke  kind = "revoke"
	unlock  kind = "unlock"
	status  kind = "status"
)

func (o op) String() string {
	text := string(o.kind)
	if o.optional {
		text += "?"
	}
	text += fmt.Sprintf(" bind %q", o.bind)
	if o.decoy {
		text += " decoy"
	}
	text += fmt.Sprintf(" code %q", o.text)
	if o.kind == send {
		text += fmt.Sprintf(" again %v", o.again)
	}
	text += fmt.Sprintf(": %v", o.err)
	if o.status != nil {
		text += fmt.Sprintf(" %+v", *o.status)
	}
	return text
}

// follow returns the states in which the step can leave an address: none if it cannot have happened there.
func (o *op) follow(before *model.Address) (after []*model.Address) {
	if o.optional {
		after = append(after, before)
	}
	for _, now := range moments(o.from, o.to) {
		a := before.Clone()
		if o.apply(a, now) {
			after = append(after, a)
		}
	}
	return after
}

// apply lets the step happen to a at that time and reports whether its caller would have seen what it saw.
func (o *op) apply(a *model.Address, now time.Time) bool {
	kindOfCode := o.decoy
	switch o.kind {
	case send:
		code, again, refused := a.Send(o.instance, now, o.id, o.bind, o.decoy)
		if o.optional {
			return refused == nil
		}
		if refused != o.err {
			return false
		}
		if refused == nil && o.text != "" {
			if again != o.again || code.Text != "" && code.Text != o.text {
				return false
			}
			code.Text = o.text
		}
	case observe:
		i := -1
		for j, c := range a.Codes {
			if c.Bind == o.bind && c.Decoy == o.decoy && now.Before(c.Expires) && !c.Used && c.Left > 0 {
				i = j
			}
		}
		switch {
		case o.decoy:
		case i < 0:
			if o.text != "" {
				return false
			}
		case a.Codes[i].Text == "":
			a.Codes[i].Text = o.text
			fallthrough
		default:
			if a.Codes[i].Text != o.text || o.text == "" {
				return false
			}
		}
	case mark:
		a.NotSent(o.instance, o.id)
	case verify, wrong:
		err := a.Verify(o.instance, now, o.bind, o.text)
		if o.kind == wrong {
			return err == otp.ErrMismatch
		}
		if !o.optional && err != o.err {
			return false
		}
		kindOfCode = a.LastKind()
	case revoke:
		a.Revoke(o.instance, now)
	case unlock:
		a.Unlock(o.instance)
	case status:
		kindOfCode = a.LastKind()
	}
	return o.status == nil || a.Status(o.instance, now, o.bind, kindOfCode) == *o.status
}

// moments returns the times between two that a rule can tell apart: nothing but a full or half second and the
// nanosecond after one changes what is young, live or counted.
func moments(from, to time.Time) []time.Time {
	times := []time.Time{from, to}
	for t := from.Truncate(time.Second / 2).Add(time.Second / 2); !t.After(to); t = t.Add(time.Second / 2) {
		times = append(times, t)
		if next := t.Add(1); !next.After(to) {
			times = append(times, next)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal)
}

// A state is an address as porcupine carries it about.
type state struct {
	address *model.Address
	text    string // equal if the addresses are
}

// machine is the model in the form that porcupine takes.
var machine = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{state{address: &model.Address{}}} },
	Step: func(before, input, _ any) (after []any) {
		o := input.(op)
		for _, a := range o.follow(before.(state).address) {
			after = append(after, state{a, a.String()})
		}
		return after
	},
	Equal: func(a, b any) bool { return a.(state).text == b.(state).text },
}).ToModel()

// ErrUndecided says that a history was too entangled to be decided in time.
var ErrUndecided = errors.New("undecided")

// Check returns an error unless what was recorded is linearizable: unless there is an order of the steps, each between
// the beginning and the end of its call, in which the model gives every caller the answer that it got.
func (r *Recorder) Check(timeout time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch porcupine.CheckOperationsTimeout(machine, r.ops, timeout) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return ErrUndecided
	}
	text := "the history is not linearizable:"
	for _, in := range r.instances {
		text += fmt.Sprintf("\n%+v", in.Policy)
	}
	for _, o := range r.ops {
		text += fmt.Sprintf("\n%4d to %4d %s", o.Call, o.Return, o.Input.(op))
	}
	return errors.New(text)
}
