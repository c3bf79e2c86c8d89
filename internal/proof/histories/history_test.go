// Package histories holds package otp against the model, call by call and with many callers at
// once, in the time of testing/synctest.
package histories

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/model"
)

// A history is a set of instances that share a store, and the steps of one test. It is plain data,
// drawn before anything runs, so that a failing one shrinks to the fewest steps and smallest
// numbers.
type history struct {
	instances []model.Instance
	ahead     []time.Duration // of the true time: the clock of each instance
	drops     bool            // the store drops what has expired at once, or else never
	steps     []step
}

// A step is one call of a Service, or a wait.
type step struct {
	op       string
	instance int
	address  int
	spelling int
	trust    otp.Trust
	binding  string
	own      bool // submit with the Binding and Trust of the chosen code, not of the step
	decoy    bool
	key      string // the idempotency key
	sender   error  // what the Sender says
	code     string // how the submitted code is chosen
	nth      int    // among those there are to choose from
	late     bool   // the first swap of the call ends in an error, and happens later
	lands    bool   // late swaps happen before the call
	base     string // what a wait is measured by
	offset   time.Duration
}

func (h history) String() string {
	return fmt.Sprintf("instances %+v, ahead %v, the store drops what has expired: %v\n",
		h.instances, h.ahead, h.drops)
}

// spellings of the two addresses; those of one are the same to the rules.
var spellings = [2][]string{
	{"ada@example.com", " Ada@Example.COM", "ADA@EXAMPLE.COM"},
	{"ada@example.co", "ada@example.co "},
}

// oneOf draws one of the values; earlier ones are simpler.
func oneOf[T any](rt *rapid.T, what string, values ...T) T {
	return rapid.SampledFrom(values).Draw(rt, what)
}

func drawHistory(rt *rapid.T) (h history) {
	policy := drawPolicy(rt)
	h.instances = []model.Instance{
		{Policy: policy, Keys: drawKeys(rt)}, {Policy: policy, Keys: drawKeys(rt)},
	}
	h.drops = rapid.Bool().Draw(rt, "drops")
	for range h.instances {
		h.ahead = append(h.ahead, oneOf(rt, "ahead", 0, 0, time.Second, 999*time.Millisecond))
	}

	// In a roll-out, two policies work on the same records. What one of them has no use for may be
	// dropped then.
	if oneOf(rt, "roll-out", false, false, true) {
		h.instances[1].Policy, h.drops = drawPolicy(rt), false
	}

	// A slice has some six elements on average, so a history has some forty steps.
	runs := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(drawStep), 1, 20), 1, 20).Draw(rt, "steps")
	h.steps = slices.Concat(runs...)
	return h
}

func drawPolicy(rt *rapid.T) otp.Policy {
	p := otp.Policy{
		MaxAttempts:  oneOf(rt, "MaxAttempts", 2, 1, 3, 5, 10),
		MaxLiveCodes: oneOf(rt, "MaxLiveCodes", 3, 2, 1),
		Lifetime: oneOf(rt, "Lifetime",
			10*time.Minute, time.Second, 3*time.Second, time.Hour),
		FailureWindow: oneOf(rt, "FailureWindow",
			time.Hour, 2*time.Hour+time.Second, 30*24*time.Hour),
		MinSendTime:    oneOf(rt, "MinSendTime", -1, time.Nanosecond, 500*time.Millisecond),
		RequireBinding: oneOf(rt, "RequireBinding", false, false, false, false, true),
		SendLimits: oneOf(rt, "SendLimits",
			[]otp.Limit{{Count: 60, Window: time.Second}},
			[]otp.Limit{
				{Count: 1, Window: time.Minute}, {Count: 5, Window: time.Hour},
				{Count: 10, Window: 24 * time.Hour},
			},
			[]otp.Limit{{Count: 6, Window: 2 * time.Hour}, {Count: 3, Window: 10 * time.Minute}},
			[]otp.Limit{{Count: 60, Window: 10 * time.Minute}, {Count: 60, Window: 24 * time.Hour}},
			[]otp.Limit{{Count: 2, Window: time.Second}, {Count: 20, Window: 30 * 24 * time.Hour}}),
	}
	p.Alphabet = oneOf(rt, "Alphabet", otp.Digits, otp.Digits, otp.Letters)
	p.Length = oneOf(rt, "Length", 6, 8, 10) // one more is no malformed code in either alphabet
	p.Lock = oneOf(rt, "Lock", false, false, true)

	least := p.MaxAttempts
	if !p.Lock {
		p.MaxLength = oneOf(rt, "MaxLength", p.Length+1, 11)
	} else {
		least *= p.MaxLiveCodes + 1
	}
	p.MaxFailures = oneOf(rt, "MaxFailures", 100, least, least+1, min(100, 2*least+1))
	return p
}

// keys are the code keys by name. The first is the Secret.
var keys = map[string][]byte{
	"secret": []byte("the secret that every instance has"),
	"a":      []byte("a, the first key that replaces it "),
	"b":      []byte("b, the second key that replaces it"),
}

func drawKeys(rt *rapid.T) []string {
	return oneOf(rt, "keys", []string{"secret"}, []string{"secret", "a"}, []string{"a", "secret"},
		[]string{"a"}, []string{"b", "a"})
}

func drawStep(rt *rapid.T) step {
	s := step{
		op: oneOf(rt, "op", "send", "send", "send", "send",
			"verify", "verify", "verify", "verify", "verify", "check", "spend",
			"wait", "wait", "status", "revoke", "revoke-all", "unlock"),
		instance: oneOf(rt, "instance", 0, 0, 1),
		address:  oneOf(rt, "address", 0, 0, 0, 0, 1),
		spelling: oneOf(rt, "spelling", 0, 1, 2),
		trust: oneOf(rt, "trust",
			otp.Stranger, otp.Stranger, otp.Stranger, otp.Known, otp.Challenged),
		binding: oneOf(rt, "binding", "", "", "flow", "flow", "other", "fourth"),
		late:    oneOf(rt, "late", false, false, false, false, false, false, true),
		lands:   oneOf(rt, "lands", false, false, false, true),
	}

	switch s.op {
	case "send":
		s.decoy = oneOf(rt, "decoy", false, false, false, true)
		s.sender = oneOf(rt, "sender",
			nil, nil, nil, otp.ErrNotSent, otp.ErrUndeliverable, errSender)
	case "spend":
		s.key = oneOf(rt, "key", "form", "form", "another form", "")
	case "verify", "check":
		s.code = oneOf(rt, "code",
			"right", "wrong", "wrong", "wrong", "any", "malformed", "long", "foreign")
		s.nth = rapid.IntRange(0, 9).Draw(rt, "nth")
		s.key = oneOf(rt, "key", "", "", "form", "another form")
		s.own = oneOf(rt, "own", true, true, true, true, false)
	case "wait":
		s.base = oneOf(rt, "base", "nothing", "a second", "half a lifetime", "the expiry",
			"RetryAt", "RetryAt", "a window", "FailureWindow")
		s.nth = rapid.IntRange(0, 2).Draw(rt, "nth")
		s.offset = oneOf(rt, "offset",
			0, time.Nanosecond, -time.Nanosecond, 300*time.Millisecond, time.Second)
	}
	return s
}
