package linear

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/model"
)

// A Plan is what the clients of one concurrent history do. It is plain data, so that it can be
// drawn and shrinks.
type Plan struct {
	Instances []model.Instance
	Clients   [][]Step
	Seed      uint64  // of the faults of the store
	Faults    float64 // the share of its calls that fail
	Delay     time.Duration
	Repeats   bool // the client of the store tries again by itself, as that of DynamoDB does
	Late      bool // swaps whose caller has given up may still happen, as on a slow network
}

// A Step is one call of a client, after a pause.
type Step struct {
	Op       string // a kind of op
	Instance int
	Binding  string
	Decoy    bool
	Sender   error
	Takes    time.Duration // of the Sender
	Code     string        // "right", "older" or "wrong"
	Key      string        // the idempotency key
	Pause    time.Duration
}

// pauses of clients and Senders are up to a second, as long as the shortest codes live.
var pauses = []time.Duration{0, 0, 0, 2 * time.Millisecond, 500 * time.Millisecond, time.Second}

// Drawn draws plans.
func Drawn() *rapid.Generator[Plan] {
	return rapid.Custom(func(rt *rapid.T) Plan {
		instance := model.Instance{Policy: drawPolicy(rt), Keys: []string{"secret"}}
		p := Plan{
			Instances: []model.Instance{instance, instance},
			Seed:      rapid.Uint64().Draw(rt, "seed"),
			Faults:    oneOf(rt, "faults", 0, 0.1, 0.3, 0.8),
			Delay:     oneOf(rt, "delay", 3*time.Millisecond, 100*time.Microsecond),
		}
		p.Repeats = oneOf(rt, "repeats", false, false, true)
		p.Late = oneOf(rt, "late", false, false, true)
		if oneOf(rt, "roll-out", false, false, true) {
			p.Instances[1].Policy = drawPolicy(rt)
		}

		steps := rapid.SliceOfN(rapid.Custom(drawStep), 1, 8)
		p.Clients = rapid.SliceOfN(steps, 1, 6).Draw(rt, "clients")
		return p
	})
}

func drawStep(rt *rapid.T) Step {
	return Step{
		Op: oneOf(rt, "op", "send", "send", "verify", "verify", "verify", "verify",
			"status", "check", "revoke", "revoke-all", "unlock", "spend"),
		Instance: oneOf(rt, "instance", 0, 1),
		Binding:  oneOf(rt, "binding", "", "", "flow"),
		Decoy:    oneOf(rt, "decoy", false, false, false, false, false, true),
		Sender:   oneOf(rt, "sender", nil, nil, otp.ErrNotSent, otp.ErrUndeliverable, errSender),
		Takes:    oneOf(rt, "takes", pauses...),
		Code:     oneOf(rt, "code", "right", "right", "wrong", "wrong", "older"),
		Key:      oneOf(rt, "key", "", "form", "form", "another form"),
		Pause:    oneOf(rt, "pause", pauses...),
	}
}

var errSender = errors.New("the sender failed")

func oneOf[T any](rt *rapid.T, what string, values ...T) T {
	return rapid.SampledFrom(values).Draw(rt, what)
}

func drawPolicy(rt *rapid.T) otp.Policy {
	p := otp.Policy{
		Length:        8,
		Lock:          oneOf(rt, "Lock", true, false),
		MaxAttempts:   oneOf(rt, "MaxAttempts", 2, 1, 5),
		MaxLiveCodes:  oneOf(rt, "MaxLiveCodes", 3, 1),
		Lifetime:      oneOf(rt, "Lifetime", 10*time.Minute, time.Second, 2*time.Second),
		FailureWindow: time.Hour,
		MinSendTime:   -1,
		SendLimits: []otp.Limit{
			{Count: oneOf(rt, "Count", 20, 3), Window: time.Second},
			{Count: oneOf(rt, "long Count", 20, 4), Window: time.Hour},
		},
	}
	if !p.Lock {
		p.MaxLength = oneOf(rt, "MaxLength", 12, 9)
	}
	p.MaxFailures = oneOf(rt, "MaxFailures", 100, (p.MaxLiveCodes+1)*p.MaxAttempts)
	return p
}

// Run has every client make its calls, all at once, and waits for them.
func (p Plan) Run(ctx context.Context, r *Recorder) {
	var clients sync.WaitGroup
	for i, steps := range p.Clients {
		clients.Go(func() {
			// No two clients wake up at the same time. In a bubble of testing/synctest, a plan then
			// goes the same way again, and shrinks.
			jitter := rand.New(rand.NewPCG(p.Seed, uint64(i)))
			for _, s := range steps {
				pause(s.Pause + time.Duration(jitter.IntN(int(time.Millisecond))))
				r.step(ctx, s)
			}
		})
	}
	clients.Wait()
}

func pause(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
