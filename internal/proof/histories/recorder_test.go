package histories

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/seed-5978b5f1/otp"
)

// A recorder makes the calls of one history, all for one address, and remembers what their callers
// saw.
//
// A call whose swap had no clear answer may have happened, not happened, or counted a wrong
// submission once more than its caller knows. The recorder sits around the store to know when that
// is so, and adds such steps as optional ones.
type recorder struct {
	plan     plan
	services []*otp.Service

	mu     sync.Mutex
	clock  int64 // counts what begins and ends
	calls  int
	sends  int // swaps of Sends that have won, or may have
	ops    []porcupine.Operation
	texts  []delivered
	counts map[string]int // how often each step was recorded, in this history and before
}

const address = "ada@example.com"

// delivered is a code that reached the person.
type delivered struct{ binding, text string }

// newRecorder returns a recorder of calls to the instances of a plan over the store.
func newRecorder(p plan, store otp.Store, counts map[string]int) (*recorder, error) {
	r := &recorder{plan: p, counts: counts}

	for _, in := range p.instances {
		s, err := otp.New(otp.Config{
			Purpose: "test", Secret: keys["secret"], Store: watch{store, r}, Policy: in.Policy,
			Sender:  otp.SenderFunc(r.deliver),
			Observe: func(ctx context.Context, e otp.Event) { callOf(ctx).again = e.Resent },
		})
		if err != nil {
			return nil, err
		}
		r.services = append(r.services, s)
	}
	return r, nil
}

// A call is one call while it runs.
type call struct {
	op
	begin    int64
	doubts   int // swaps without a clear answer, so far
	sends    int // swaps of this Send that have won, or may have
	before   int // such swaps of other Sends, before the first doubt
	takes    time.Duration
	sender   error
	sent     bool  // the Sender was called
	sentFrom int64 // when
	sentAt   time.Time
}

type callKey struct{}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// tick returns the next instant of the order in which things begin and end.
func (r *recorder) tick() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock++
	return r.clock
}

func now() time.Time { return time.Now().Round(0) }

// step makes one call and records what its caller saw.
func (r *recorder) step(ctx context.Context, s clientStep) {
	service := r.services[s.instance]
	c := &call{takes: s.takes, sender: s.sender, op: op{
		kind: s.op, instance: &r.plan.instances[s.instance],
		binding: s.binding, decoy: s.decoy, key: s.key,
	}}
	if c.kind == verify || c.kind == check {
		c.binding, c.text = r.choose(s)
	}
	submission := otp.Submission{
		To: address, Binding: c.binding, Code: c.text, IdempotencyKey: s.key}
	request := otp.Request{To: address, Binding: s.binding, Decoy: s.decoy}
	ctx = r.begin(ctx, c)

	switch c.kind {
	case send:
		status, err := service.Send(ctx, request)
		r.asked(c, status, err)
	case verify:
		r.verified(c, service.Verify(ctx, submission))
	case check:
		end, _ := r.judged(c, service.Check(ctx, submission))
		r.maybe(c, wrong, c.doubts, end)
	case spend:
		r.spent(c, service.Spend(ctx, "token", s.key, time.Now().Add(time.Hour)))
	case revoke:
		r.administered(c, service.Revoke(ctx, address, s.binding))
	case revokeAll:
		r.administered(c, service.RevokeAll(ctx, address, s.binding))
	case unlock:
		r.administered(c, service.Unlock(ctx, address))
	case status:
		got, err := service.Status(ctx, request)
		if end := r.end(c); err == nil {
			c.status = &got
			r.add(c, c.op, c.begin, end)
		}
	}
}

// choose returns what to submit: symbols of the alphabet only.
func (r *recorder) choose(s clientStep) (binding, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()

	d := delivered{s.binding, "00000000"}
	if n := len(r.texts); n > 0 {
		d = r.texts[n-1]
		if s.code == "older" {
			d = r.texts[0]
		}
	}
	if s.code == "wrong" {
		d.text = string('0'+(d.text[0]-'0'+1)%10) + d.text[1:]
	}
	return d.binding, d.text
}

func (r *recorder) begin(ctx context.Context, c *call) context.Context {
	r.mu.Lock()
	r.counts["calls"]++
	r.calls++
	c.id = r.calls
	r.mu.Unlock()

	c.begin, c.from = r.tick(), now()
	return context.WithValue(ctx, callKey{}, c)
}

// end notes that a call has returned.
func (r *recorder) end(c *call) int64 {
	c.to = now()
	if c.key == "" { // the Service has drawn one
		c.key = fmt.Sprint("call ", c.id)
	}
	return r.tick()
}

// add records a step of the call.
func (r *recorder) add(c *call, o op, from, to int64) {
	if o.optional && r.plan.late {
		to = math.MaxInt64
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, porcupine.Operation{ClientId: c.id, Input: o, Call: from, Return: to})

	name := string(o.kind)
	if o.optional {
		name += "?"
	}
	r.counts[name]++
	if o.err != nil {
		r.counts[name+": "+o.err.Error()]++
	}
}

// maybe records up to n more steps of that kind that may have happened.
func (r *recorder) maybe(c *call, k kind, n int, end int64) {
	o := c.op
	o.kind, o.optional, o.err, o.status = k, true, nil, nil
	for range n {
		r.add(c, o, c.begin, end)
	}
}

// asked records a Send.
func (r *recorder) asked(c *call, status otp.Status, err error) {
	end := r.end(c)
	refused := errors.Is(err, otp.ErrLimited) || errors.Is(err, otp.ErrLocked)
	if err != nil && !refused && !errors.Is(err, otp.ErrDelivery) {
		r.maybe(c, send, min(1, c.doubts), end)
		return
	}

	if r.overtaken(c) {
		r.maybe(c, send, 1, end)
	}

	step := c.op
	step.status = &status
	if refused {
		step.err = err
	}
	if c.sent { // what happened to the record happened before
		end, step.to = c.sentFrom, c.sentAt
	}
	if c.doubts == 0 || refused {
		r.add(c, step, c.begin, end)
		return
	}

	// The Send is recorded, but what it told was found later.
	found := step
	found.kind = observe
	if errors.Is(err, otp.ErrNotSent) && !c.sent {
		found.err = otp.ErrNotSent
	}
	step.text, step.status = "", nil
	r.add(c, step, c.begin, end)
	r.add(c, found, c.begin, end)
}

// overtaken reports whether a Send may have been recorded and forgotten again: a record holds the
// ids of the latest four.
func (r *recorder) overtaken(c *call) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return c.doubts > 0 && r.sends-c.sends-c.before >= 4
}

// deliver is the Sender.
func (r *recorder) deliver(ctx context.Context, m otp.Message) error {
	c := callOf(ctx)
	c.sent, c.text = true, m.Code.Reveal()
	c.sentFrom, c.sentAt = r.tick(), now()

	r.mu.Lock()
	r.texts = append(r.texts, delivered{c.binding, c.text})
	r.mu.Unlock()

	pause(c.takes)
	return c.sender
}

// verified records a Verify.
func (r *recorder) verified(c *call, err error) {
	end, judged := r.judged(c, err)
	if !judged {
		r.maybe(c, verify, min(1, c.doubts), end)
		r.maybe(c, wrong, c.doubts-1, end)
		return
	}

	if reason := errors.Unwrap(err); reason != nil && reason != otp.ErrUsed {
		// A swap without a clear answer may have accepted the code. If two others were used since,
		// the record has forgotten this one.
		r.maybe(c, verify, min(1, c.doubts), end)
		c.doubts--
	}
	r.maybe(c, wrong, c.doubts, end)
}

// judged records the answer to a submission, if it is one.
func (r *recorder) judged(c *call, err error) (end int64, judged bool) {
	end = r.end(c)
	step := c.op
	rejected, isRejected := errors.AsType[*otp.RejectedError](err)
	switch {
	case isRejected:
		step.err, step.status = rejected.Reason, &rejected.Status
	case errors.Is(err, otp.ErrRepeated):
		step.err = otp.ErrRepeated
	case err != nil:
		return end, false
	}
	r.add(c, step, c.begin, end)
	return end, true
}

// spent records a Spend.
func (r *recorder) spent(c *call, err error) {
	end := r.end(c)
	if err != nil && err != otp.ErrRepeated && err != otp.ErrUsed {
		r.maybe(c, spend, 1, end)
		return
	}
	step := c.op
	step.err = err
	r.add(c, step, c.begin, end)
}

// administered records a call that works on the records of all Trusts. If it ends in an error, the
// last swap of the watched record may have won: the error may be that of another record.
func (r *recorder) administered(c *call, err error) {
	end, doubts := r.end(c), c.doubts
	if err == nil {
		r.add(c, c.op, c.begin, end)
	} else {
		doubts++
	}

	r.maybe(c, c.kind, doubts, end)
}

// watch tells the recorder of every swap.
type watch struct {
	otp.Store
	recorder *recorder
}

func (w watch) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	swapped, err := w.Store.CompareAndSwap(ctx, key, old, new, expires)
	doubtful := err != nil || !swapped && w.recorder.plan.repeats
	w.recorder.swapped(callOf(ctx), swapped, doubtful)
	return swapped, err
}

// swapped counts a swap of the call.
func (r *recorder) swapped(c *call, won, doubtful bool) {
	r.mu.Lock()
	defer r.mu.Unlock()

	if doubtful {
		if c.doubts == 0 {
			c.before = r.sends
		}
		c.doubts++
	}
	if c.kind == send && (won || doubtful) {
		c.sends++
		r.sends++
	}
}
