package histories

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/model"
	"pgregory.net/rapid"
)

var (
	sequential = flag.Int("proof.histories", 1000, "random histories to hold against the model")
	concurrent = flag.Int("proof.concurrent", 1000, "random concurrent histories to check for linearizability")
)

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("rapid.nofailfile", "true") // the failing history is printed whole
	os.Exit(m.Run())
}

// checkTimes is rapid.Check with a number of checks of its own.
func checkTimes(t *testing.T, n int, check func(*rapid.T)) {
	t.Helper()
	flag.Set("rapid.checks", fmt.Sprint(n))
	rapid.Check(t, check)
}

// TestServiceAgreesWithModel runs random histories and compares the Service with the model after every step: the kind of
// error, the whole Status, and the number, receiver and content of the messages. Time is that of testing/synctest.
func TestServiceAgreesWithModel(t *testing.T) {
	seen := map[string]int{} // what the histories have come across, so that the test fails if it tests nothing
	histories, steps := 0, 0
	checkTimes(t, *sequential, func(rt *rapid.T) {
		h := drawHistory(rt)
		histories++
		steps += len(h.steps)
		var trace []string
		var disagreement error
		synctest.Test(t, func(t *testing.T) { trace, disagreement = run(t, h, seen) })
		if disagreement != nil {
			rt.Fatalf("%v\nafter\n%s%s", disagreement, h, strings.Join(trace, "\n"))
		}
	})
	if t.Failed() {
		return
	}
	t.Logf("%d histories, %d steps, 0 disagreements; seen: %v", histories, steps, seen)
	if histories < 300 {
		return
	}
	for _, outcome := range []string{
		"send: <nil>", "send: " + otp.ErrLimited.Error(), "send: " + otp.ErrLocked.Error(),
		"send: not sent", "send: undeliverable", "send: sender failed", "send again", "send a decoy", "send without Bind",
		"verify: <nil>", "verify: " + model.ErrUnjudged.Error(),
		"verify: " + otp.ErrMismatch.Error(), "verify: " + otp.ErrUsed.Error(), "verify: " + otp.ErrExpired.Error(),
		"verify: " + otp.ErrExhausted.Error(), "verify: " + otp.ErrNoCode.Error(), "verify: " + otp.ErrMalformed.Error(),
		"verify the code of a decoy", "dropped", "roll-out",
	} {
		if seen[outcome] == 0 {
			t.Errorf("no history has come across %q", outcome)
		}
	}
}

var errSender = errors.New("the sender failed")

// A world is one history while it runs.
type world struct {
	h         history
	services  []*otp.Service
	twins     []*otp.Service // see freshCode
	models    [2]*model.Address
	promises  [2]promises
	known     [2][]model.Code // all codes ever issued, oldest first
	statuses  [2]otp.Status   // the last seen
	sender    error           // what the Sender says next
	messages  []otp.Message   // since the step began
	twinCode  string
	events    []otp.Event // since the step began
	seen      map[string]int
	operation uint64
}

// run plays a history and returns what happened, up to the first disagreement.
func run(t *testing.T, h history, seen map[string]int) (trace []string, disagreement error) {
	time.Sleep(h.startOffset())
	w := &world{h: h, seen: seen, models: [2]*model.Address{{}, {}}, promises: [2]promises{{instances: h.instances}, {instances: h.instances}}}
	store := &table{rows: map[string]row{}, drops: h.drops}
	for _, in := range h.instances {
		config := otp.Config{
			Purpose: "test", Secret: keys["secret"], Store: store, Policy: in.Policy,
			Observe: func(_ context.Context, e otp.Event) { w.events = append(w.events, e) },
			Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
				w.messages = append(w.messages, m)
				return w.sender
			}),
		}
		for _, name := range in.Keys {
			config.CodeKeys = append(config.CodeKeys, keys[name])
		}
		s, err := otp.New(config)
		if err != nil {
			return nil, err
		}
		w.services = append(w.services, s)

		config.Store, config.Policy.MinSendTime, config.Observe = forgetful{}, -1, nil
		config.Sender = otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			w.twinCode = m.Code.Reveal()
			return nil
		})
		if s, err = otp.New(config); err != nil {
			return nil, err
		}
		w.twins = append(w.twins, s)
	}
	if h.instances[0].Policy.Lifetime != h.instances[1].Policy.Lifetime {
		seen["roll-out"]++
	}
	for i, s := range h.steps {
		before := time.Now()
		what, err := w.step(t, s)
		trace = append(trace, fmt.Sprintf("%3d %s %v: %s", i, before.Format("02T15:04:05.999999999"), s, what))
		if err != nil {
			return trace, err
		}
	}
	for i := range w.services {
		if err := w.letIn(t, i); err != nil {
			return append(trace, "the end"), err
		}
	}
	return trace, nil
}

// letIn: whatever has happened, once support has cleared the way and the time of RetryAt has come, the person gets a code
// that works, from every instance.
func (w *world) letIn(t *testing.T, instance int) error {
	service, to := w.services[instance], spellings[0][0]
	w.sender, w.messages = nil, nil
	if err := errors.Join(service.Revoke(t.Context(), to), service.Unlock(t.Context(), to)); err != nil {
		return err
	}
	r := otp.Request{To: to, Bind: "the end"}
	status, err := service.Send(t.Context(), r)
	if errors.Is(err, otp.ErrLimited) {
		time.Sleep(time.Until(status.RetryAt))
		_, err = service.Send(t.Context(), r)
	}
	if err != nil {
		return fmt.Errorf("the person asks instance %d for a code: %w", instance, err)
	}
	err = service.Verify(t.Context(), otp.Submission{To: to, Bind: r.Bind, Code: w.messages[0].Code.Reveal()})
	if left := time.Until(w.messages[0].ExpiresAt); err != nil && left > 0 {
		return fmt.Errorf("the person submits the code of instance %d: %w", instance, err)
	}
	return nil
}

// startOffset puts some histories off the full second.
func (h history) startOffset() time.Duration {
	return time.Duration(len(h.steps)%3) * 333 * time.Millisecond
}

// step makes one call of a Service and of the model. It returns what came of it, and how the two disagree.
func (w *world) step(t *testing.T, s step) (what string, disagreement error) {
	in, a, service := &w.h.instances[s.instance], w.models[s.address], w.services[s.instance]
	to := spellings[s.address][s.spelling%len(spellings[s.address])]
	if s.op == "wait" {
		d := w.wait(s)
		time.Sleep(d)
		return fmt.Sprint(d), nil
	}
	now := time.Now()
	if w.h.drops && len(a.Codes) > 0 && !now.Before(a.KeepUntil) {
		w.seen["dropped"]++
		a.Dropped()
	}
	w.messages, w.events = nil, nil
	switch s.op {
	case "send":
		fresh := w.freshCode(t, s, to)
		w.sender = s.sender
		status, err := service.Send(t.Context(), otp.Request{To: to, Bind: s.bind, Decoy: s.decoy})
		if took, want := time.Since(now), max(0, in.Policy.MinSendTime); took != want {
			return "", fmt.Errorf("Send took %v, want %v", took, want)
		}
		return w.sent(s, in, a, now, to, fresh, status, err)
	case "verify":
		typed, text, bind := w.choose(s, in)
		s.bind = bind
		err := service.Verify(t.Context(), otp.Submission{To: to, Bind: s.bind, Code: typed})
		return fmt.Sprintf("%q, bind %q: %v", typed, bind, err), w.verified(s, in, a, now, text, err)
	case "status":
		got, err := service.Status(t.Context(), to, s.bind)
		if s.bind == "" && in.Policy.RequireBind {
			return "", w.refusedUnread(err)
		}
		if err != nil {
			return "", err
		}
		w.statuses[s.address] = got
		return fmt.Sprint(got), same(got, a.Status(in, now, s.bind, a.LastKind()))
	case "revoke":
		a.Revoke(in, now)
		w.promises[s.address].void("Revoke")
		return "", service.Revoke(t.Context(), to)
	default:
		a.Unlock(in)
		w.promises[s.address].inARow = 0
		return "", service.Unlock(t.Context(), to)
	}
}

// freshCode returns the code that the next Send will issue, if it issues one, and makes sure that it will: a twin of the
// service, with a store that remembers nothing, is asked under the same randomness. So the codes of decoys are known
// here too, and can be guessed.
func (w *world) freshCode(t *testing.T, s step, to string) string {
	w.operation++
	cryptotest.SetGlobalRandom(t, w.operation)
	w.twins[s.instance].Send(t.Context(), otp.Request{To: to, Bind: s.bind})
	cryptotest.SetGlobalRandom(t, w.operation)
	return w.twinCode
}

// sent compares the result of a Send with that of the model.
func (w *world) sent(s step, in *model.Instance, a *model.Address, now time.Time, to, fresh string, status otp.Status, err error) (what string, disagreement error) {
	what = fmt.Sprintf("%+v, %v, %d messages", status, err, len(w.messages))
	if s.bind == "" && in.Policy.RequireBind {
		w.seen["send without Bind"]++
		return what, cmp.Or(w.refusedUnread(err), same(status, otp.Status{}))
	}
	code, again, refused := a.Send(in, now, int(w.operation), s.bind, s.decoy)
	w.statuses[s.address] = status
	if refused != nil {
		w.seen["send: "+refused.Error()]++
		if err != refused || len(w.messages) > 0 {
			return what, fmt.Errorf("Send: %v and %d messages, want %v and none", err, len(w.messages), refused)
		}
		return what, same(status, a.Status(in, now, s.bind, s.decoy))
	}
	if again {
		w.seen["send again"]++
	} else {
		code.Text = fresh
		w.known[s.address] = append(w.known[s.address], *code)
	}
	if resent := w.events[0].Resent; resent != again {
		return what, fmt.Errorf("Event.Resent is %v, want %v", resent, again)
	}
	if s.decoy {
		w.seen["send a decoy"]++
		if err != nil || len(w.messages) > 0 {
			return what, fmt.Errorf("Send of a decoy: %v and %d messages, want nil and none", err, len(w.messages))
		}
		return what, same(status, a.Status(in, now, s.bind, s.decoy))
	}
	if len(w.messages) != 1 {
		return what, fmt.Errorf("%d messages, want 1", len(w.messages))
	}
	m := w.messages[0]
	if m.To != to || m.Code.Reveal() != code.Text || !m.ExpiresAt.Equal(code.Expires) || m.Purpose != "test" {
		return what, fmt.Errorf("the message to %q has the code %s until %v; want %q, %s, %v", m.To, m.Code.Reveal(), m.ExpiresAt, to, code.Text, code.Expires)
	}
	w.promises[s.address].delivered(code.Text, s.bind)
	switch s.sender {
	case nil:
		w.seen["send: <nil>"]++
		if err != nil {
			return what, fmt.Errorf("Send: %v, want nil", err)
		}
	case otp.ErrNotSent:
		w.seen["send: not sent"]++
		a.NotSent(in, int(w.operation))
	case otp.ErrUndeliverable:
		w.seen["send: undeliverable"]++
	default:
		w.seen["send: sender failed"]++
	}
	if s.sender != nil && (!errors.Is(err, otp.ErrDelivery) || !errors.Is(err, s.sender)) {
		return what, fmt.Errorf("Send: %v, want %v", err, s.sender)
	}
	return what, same(status, a.Status(in, now, s.bind, s.decoy))
}

// verified compares the result of a Verify with that of the model.
func (w *world) verified(s step, in *model.Instance, a *model.Address, now time.Time, text string, err error) error {
	if s.bind == "" && in.Policy.RequireBind {
		return w.refusedUnread(err)
	}
	rejected, isRejected := errors.AsType[*otp.RejectedError](err)
	if text == "" {
		w.seen["verify: "+otp.ErrMalformed.Error()]++
		if !isRejected || rejected.Reason != otp.ErrMalformed {
			return fmt.Errorf("Verify: %v, want %v", err, otp.ErrMalformed)
		}
		return same(rejected.Status, otp.Status{})
	}
	for _, c := range a.Codes {
		if c.Decoy && c.Text == text && c.Bind == s.bind {
			w.seen["verify the code of a decoy"]++
		}
	}
	want := a.Verify(in, now, s.bind, text)
	w.seen[fmt.Sprint("verify: ", want)]++
	switch {
	case want == nil:
		if err != nil {
			return fmt.Errorf("Verify: %v, want nil", err)
		}
		return w.promises[s.address].accepted(text, s.bind)
	case want == model.ErrUnjudged:
		if err == nil || errors.Is(err, otp.ErrRejected) {
			return fmt.Errorf("Verify: %v, want an error that is no rejection", err)
		}
	case !isRejected || rejected.Reason != want || !errors.Is(err, otp.ErrRejected):
		return fmt.Errorf("Verify: %v, want %v", err, want)
	default:
		w.statuses[s.address] = rejected.Status
		if want == otp.ErrMismatch {
			if broken := w.promises[s.address].mismatched(s.bind, now); broken != nil {
				return broken
			}
		}
		return same(rejected.Status, a.Status(in, now, s.bind, a.LastKind()))
	}
	return nil
}

// choose returns what to submit under which Bind, and the code that this stands for; none if it can be no code.
func (w *world) choose(s step, in *model.Instance) (typed, text, bind string) {
	bind, alphabet := s.bind, in.Policy.Alphabet
	text = strings.Repeat(symbols(alphabet)[:1], in.Policy.Length)
	if known := w.known[s.address]; len(known) > 0 {
		back := 0 // the latest is the right one
		switch s.code {
		case "any":
			back = s.nth % len(known)
		case "wrong":
			back = s.nth / 5 % len(known)
		}
		c := known[len(known)-1-back]
		if s.own {
			bind = c.Bind
		}
		if c.Alphabet == alphabet {
			text = c.Text
		}
	}
	switch s.code {
	case "wrong":
		text = wrong(alphabet, text, s.nth)
	case "long":
		text += text[:1]
	case "malformed":
		return []string{"", "12345\x00", text + "!", strings.Repeat(" ", 64) + text, text[:3]}[s.nth%5], "", bind
	case "foreign": // as people with other keyboards and mail programs type it
		typed = " " + text[:3] + "\u2013" + strings.ToLower(text[3:]) + "\u200b"
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r - '0' + '\uff10'
			}
			return r
		}, typed), text, bind
	}
	return text, text, bind
}

// wrong returns the text with one symbol changed. Should that be another code after all, the model knows what to say.
func wrong(alphabet otp.Alphabet, text string, nth int) string {
	set, b := symbols(alphabet), []byte(text)
	i := nth % len(b)
	b[i] = set[(strings.IndexByte(set, b[i])+1)%len(set)]
	return string(b)
}

func symbols(a otp.Alphabet) string {
	if a == otp.Letters {
		return "BCDFGHJKLMNPQRSTVWXZ"
	}
	return "0123456789"
}

// wait returns how long a step waits.
func (w *world) wait(s step) time.Duration {
	p := &w.h.instances[s.instance].Policy
	var d time.Duration
	switch s.base {
	case "a second":
		d = time.Second
	case "half a lifetime":
		d = p.Lifetime / 2
	case "the expiry":
		if known := w.known[s.address]; len(known) > 0 {
			d = time.Until(known[max(0, len(known)-1-s.nth)].Expires)
		}
	case "RetryAt":
		if at := w.statuses[s.address].RetryAt; !at.IsZero() {
			d = time.Until(at)
		}
	case "a window":
		d = p.SendLimits[s.nth%len(p.SendLimits)].Window
	case "RememberFailures":
		if f := w.models[s.address].Failures; len(f) > 0 {
			d = time.Until(f[len(f)-1].Add(p.RememberFailures))
		}
	}
	return max(0, d+s.offset)
}

// refusedUnread: a request that is not usable is an error that is neither a rejection nor a refusal, and sends nothing.
func (w *world) refusedUnread(err error) error {
	if err == nil || errors.Is(err, otp.ErrRejected) || errors.Is(err, otp.ErrLimited) || len(w.messages) > 0 {
		return fmt.Errorf("without Bind: %v and %d messages, want an error and none", err, len(w.messages))
	}
	return nil
}

func same(got, want otp.Status) error {
	if got != want {
		return fmt.Errorf("Status is\n%+v, want\n%+v", got, want)
	}
	return nil
}

// A table is a store that drops a value the moment it expires, or never: the two ends of what a Store may do.
type table struct {
	rows  map[string]row
	drops bool
}

type row struct {
	value   []byte
	expires time.Time
}

func (t *table) Load(_ context.Context, key string) ([]byte, error) {
	r := t.rows[key]
	if t.drops && !r.expires.IsZero() && !time.Now().Before(r.expires) {
		return nil, nil
	}
	return r.value, nil
}

func (t *table) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
	if value, _ := t.Load(ctx, key); !slices.Equal(value, old) {
		return false, nil
	}
	t.rows[key] = row{slices.Clone(new), expires}
	return true, nil
}

// A forgetful store takes everything and keeps nothing.
type forgetful struct{}

func (forgetful) Load(context.Context, string) ([]byte, error) { return nil, nil }

func (forgetful) CompareAndSwap(context.Context, string, []byte, []byte, time.Time) (bool, error) {
	return true, nil
}
