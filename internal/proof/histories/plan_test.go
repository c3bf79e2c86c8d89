package histories

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/model"
)

// A plan is what the clients of one concurrent history do. It is plain data, so that it can be
// drawn and shrinks.
type plan struct {
	instances []model.Instance
	clients   [][]clientStep
	seed      uint64  // of the faults of the store
	faults    float64 // the share of its calls that fail
	delay     time.Duration
	repeats   bool // the client of the store tries again by itself, as that of DynamoDB does
	late      bool // swaps whose caller has given up may still happen, as on a slow network
}

// A clientStep is one call of a client, after a pause.
type clientStep struct {
	op       kind
	instance int
	binding  string
	decoy    bool
	sender   error
	takes    time.Duration // of the Sender
	code     string        // "right", "older" or "wrong"
	key      string        // the idempotency key
	pause    time.Duration
}

// pauses of clients and Senders are up to a second, as long as the shortest codes live.
var pauses = []time.Duration{0, 0, 0, 2 * time.Millisecond, 500 * time.Millisecond, time.Second}

// plans draws plans.
func plans() *rapid.Generator[plan] {
	return rapid.Custom(func(rt *rapid.T) plan {
		instance := model.Instance{Policy: drawTightPolicy(rt), Keys: []string{"secret"}}
		p := plan{
			instances: []model.Instance{instance, instance},
			seed:      rapid.Uint64().Draw(rt, "seed"),
			faults:    oneOf(rt, "faults", 0, 0.1, 0.3, 0.8),
			delay:     oneOf(rt, "delay", 3*time.Millisecond, 100*time.Microsecond),
		}
		p.repeats = oneOf(rt, "repeats", false, false, true)
		p.late = oneOf(rt, "late", false, false, true)
		if oneOf(rt, "roll-out", false, false, true) {
			p.instances[1].Policy = drawTightPolicy(rt)
		}

		steps := rapid.SliceOfN(rapid.Custom(drawClientStep), 1, 8)
		p.clients = rapid.SliceOfN(steps, 1, 6).Draw(rt, "clients")
		return p
	})
}

func drawClientStep(rt *rapid.T) clientStep {
	return clientStep{
		op: oneOf(rt, "op", send, send, verify, verify, verify, verify,
			status, check, revoke, revokeAll, unlock, spend),
		instance: oneOf(rt, "instance", 0, 1),
		binding:  oneOf(rt, "binding", "", "", "flow"),
		decoy:    oneOf(rt, "decoy", false, false, false, false, false, true),
		sender:   oneOf(rt, "sender", nil, nil, otp.ErrNotSent, otp.ErrUndeliverable, errSender),
		takes:    oneOf(rt, "takes", pauses...),
		code:     oneOf(rt, "code", "right", "right", "wrong", "wrong", "older"),
		key:      oneOf(rt, "key", "", "form", "form", "another form"),
		pause:    oneOf(rt, "pause", pauses...),
	}
}

func drawTightPolicy(rt *rapid.T) otp.Policy {
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

// run has every client make its calls, all at once, and waits for them.
func (p plan) run(ctx context.Context, r *recorder) {
	var clients sync.WaitGroup
	for i, steps := range p.clients {
		clients.Go(func() {
			// No two clients wake up at the same time. In a bubble of testing/synctest, a plan then
			// goes the same way again, and shrinks.
			jitter := rand.New(rand.NewPCG(p.seed, uint64(i)))
			for _, s := range steps {
				pause(s.pause + time.Duration(jitter.IntN(int(time.Millisecond))))
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
