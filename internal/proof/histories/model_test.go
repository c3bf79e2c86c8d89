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

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/model"
)

var (
	sequential = flag.Int("proof.histories", 1000, "random histories to hold against the model")
	concurrent = flag.Int("proof.concurrent", 1000, "random concurrent histories to check")
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

// TestServiceAgreesWithModel runs random histories and compares the Service with the model after
// every step: the kind of error, the whole Status, and the number, receiver and content of the
// messages. Time is that of testing/synctest, with a clock for each instance.
func TestServiceAgreesWithModel(t *testing.T) {
	seen := map[string]int{} // what the histories have come across
	histories, steps := 0, 0

	checkTimes(t, *sequential, func(rt *rapid.T) {
		h := drawHistory(rt)
		histories++
		steps += len(h.steps)

		var trace []string
		var disagreement error
		trace, disagreement = run(t, h, seen)
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
		"send: " + otp.ErrDelivery.Error(), "send again", "send a decoy", "send an invalid request",
		"send a longer code", "verify: <nil>", "verify: " + model.ErrUnjudged.Error(),
		"verify: " + otp.ErrMismatch.Error(), "verify: " + otp.ErrUsed.Error(),
		"verify: " + otp.ErrRepeated.Error(), "verify: " + otp.ErrExpired.Error(),
		"verify: " + otp.ErrExhausted.Error(), "verify: " + otp.ErrNoCode.Error(),
		"verify: " + otp.ErrMalformed.Error(), "verify the code of a decoy", "dropped", "roll-out",
		"send: " + otp.ErrLiveCodes.Error(), "verify an expired code beside a live one",
		"check: <nil>", "check: " + otp.ErrMismatch.Error(),
		"spend: <nil>", "spend: " + otp.ErrRepeated.Error(), "spend: " + otp.ErrUsed.Error(),
		"late",
	} {
		assert.Positive(t, seen[outcome], "histories that have come across %q", outcome)
	}
	for _, rare := range []string{"check: " + otp.ErrRepeated.Error(), "landed"} {
		assert.True(t, seen[rare] > 0 || histories < 5000, "%q in %d histories", rare, histories)
	}
}

var errSender = errors.New("the sender failed")

// trusts are the records of an address.
var trusts = []otp.Trust{otp.Stranger, otp.Challenged, otp.Known}

// A subject is one address with one Trust.
type subject struct {
	model.Record
	known  []model.Code // all codes ever issued, oldest first
	status otp.Status   // the last seen
}

// A world is one history while it runs.
type world struct {
	h         history
	now       time.Time // the true time
	store     *table
	services  []*otp.Service
	twins     []*otp.Service // see freshCode
	subjects  [2][]*subject  // by address and Trust
	keys      map[string]*subject
	tokens    [2]token
	sender    error         // what the Sender says next
	messages  []otp.Message // since the step began
	twinCode  string
	events    []otp.Event // since the step began
	seen      map[string]int
	operation uint64
}

// A token is one id of Spend.
type token struct {
	model.Token
	until time.Time
}

func newWorld(h history, seen map[string]int) (*world, error) {
	w := &world{h: h, seen: seen, keys: map[string]*subject{}, now: h.begin()}
	for address := range w.subjects {
		for range trusts {
			w.subjects[address] = append(w.subjects[address], &subject{})
		}
	}

	w.store = &table{rows: map[string]row{}, drops: h.drops}
	for _, in := range h.instances {
		if err := w.start(in, w.store); err != nil {
			return nil, err
		}
	}
	if h.instances[0].Policy.Lifetime != h.instances[1].Policy.Lifetime {
		seen["roll-out"]++
	}
	return w, nil
}

// start starts an instance and its twin.
func (w *world) start(in model.Instance, store otp.Store) error {
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
	service, err := otp.New(config)
	if err != nil {
		return err
	}

	config.Store, config.Policy.MinSendTime, config.Observe = forgetful{}, -1, nil
	config.Sender = otp.SenderFunc(func(_ context.Context, m otp.Message) error {
		w.twinCode = m.Code.Reveal()
		return nil
	})
	// A code that is lengthened has the same first symbols.
	config.Policy.Length = max(config.Policy.Length, config.Policy.MaxLength)
	config.Policy.MaxLength, config.Policy.Lock = 0, true
	config.Policy.MaxFailures = 100
	twin, err := otp.New(config)
	if err != nil {
		return err
	}

	w.services, w.twins = append(w.services, service), append(w.twins, twin)
	return nil
}

// run plays a history and returns what happened, up to the first disagreement.
func run(t *testing.T, h history, seen map[string]int) (trace []string, disagreement error) {
	w, err := newWorld(h, seen)
	if err != nil {
		return nil, err
	}

	for i, s := range h.steps {
		var what string
		w.at(t, s.instance, func(t *testing.T) {
			before := time.Now()
			what, err = w.step(t, s)
			trace = append(trace, fmt.Sprintf("%3d %s %+v: %s",
				i, before.Format("02T15:04:05.999999999"), s, what))
		})
		if err != nil {
			return trace, err
		}
	}

	for i := range w.services {
		w.at(t, i, func(t *testing.T) { err = w.letIn(t, i) })
		if err != nil {
			return append(trace, "the end"), err
		}
	}
	return trace, nil
}

// at does something by the clock of an instance, in a bubble of its own: so clocks can differ.
func (w *world) at(t *testing.T, instance int, do func(t *testing.T)) {
	w.store.ahead = w.h.ahead[instance]
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(w.now.Add(w.store.ahead)))
		begin := time.Now()
		do(t)
		w.now = w.now.Add(time.Since(begin))
	})
}

// begin puts some histories off the full second, at which a bubble begins.
func (h history) begin() time.Time {
	bubble := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	return bubble.Add(time.Duration(len(h.steps)%3) * 333 * time.Millisecond)
}

// letIn: whatever has happened, once support has cleared the way, the person gets a code that
// works, from every instance.
func (w *world) letIn(t *testing.T, instance int) error {
	service, to := w.services[instance], spellings[0][0]
	w.sender, w.messages = nil, nil
	w.store.begin(false)
	err := errors.Join(service.RevokeAll(t.Context(), to), service.Unlock(t.Context(), to))
	if err != nil {
		return err
	}

	r := otp.Request{To: to, Binding: "the end", Trust: otp.Known}
	if _, err := service.Send(t.Context(), r); err != nil {
		return fmt.Errorf("the person asks instance %d for a code: %w", instance, err)
	}
	m := w.messages[0]
	err = service.Verify(t.Context(), otp.Submission{
		To: to, Binding: r.Binding, Trust: r.Trust, Code: m.Code.Reveal()})
	if err != nil && time.Until(m.ExpiresAt) > 0 {
		return fmt.Errorf("the person submits the code of instance %d: %w", instance, err)
	}
	return nil
}

// step makes one call of a Service and of the model. It returns what came of it, and how the two
// disagree.
func (w *world) step(t *testing.T, s step) (what string, disagreement error) {
	if s.op == "wait" {
		d := w.wait(s)
		time.Sleep(d)
		return fmt.Sprint(d), nil
	}

	if s.lands {
		w.land()
	}
	w.messages, w.events = nil, nil
	w.store.begin(s.late && s.op != "spend")

	switch s.op {
	case "send":
		return w.send(t, s)
	case "verify", "check":
		return w.verify(t, s)
	case "status":
		return w.status(t, s)
	case "spend":
		return w.spend(t, s)
	default:
		return "", w.administer(t, s)
	}
}

// evaluated returns when the call has last looked at the record of a subject: what it says is that
// of this moment. It tells the model what the store no longer showed then.
func (w *world) evaluated(a *subject) time.Time {
	at := time.Now()
	for key, looked := range w.store.looks {
		if w.keys[key] == a {
			at = looked
		}
	}
	if w.h.drops && len(a.Codes) > 0 && !at.Add(-w.store.ahead).Before(a.Until()) {
		w.seen["dropped"]++
		a.Dropped()
	}
	return at
}

// delayed notes what the swap of the call that is late will make of a record: what the call would
// have made of it at that moment. Where it was tried against nothing, it will be a new one.
func (w *world) delayed(change func(r *model.Record, now time.Time)) {
	p := w.store.fired
	if p == nil {
		return
	}

	w.seen["late"]++
	p.subject = w.keys[p.key]
	p.record = &model.Record{}
	if len(p.old) > 0 {
		p.record = p.subject.Clone()
	}
	change(p.record, p.at)
}

// land lets the late swaps happen whose time has come.
func (w *world) land() {
	for _, p := range w.store.pending {
		if value, _ := w.store.value(p.key); slices.Equal(value, p.old) {
			w.seen["landed"]++
			w.store.rows[p.key] = row{p.new, p.expires}
			p.subject.Record = *p.record
		}
	}
	w.store.pending = nil
}

// spend compares a Spend with that of the model.
func (w *world) spend(t *testing.T, s step) (what string, disagreement error) {
	now, token := time.Now(), &w.tokens[s.address]
	if w.h.drops && !w.store.now().Before(token.until) {
		token.Token = model.Token{}
	}

	until := now.Add(time.Minute + time.Duration(s.spelling)*time.Hour)
	err := w.services[s.instance].Spend(t.Context(), fmt.Sprint("token ", s.address), s.key, until)

	want := token.Spend(cmp.Or(s.key, fmt.Sprint("operation ", w.operation)))
	w.operation++
	w.seen[fmt.Sprint("spend: ", want)]++
	if want == nil {
		token.until = until.Add(time.Second - 1).Truncate(time.Second)
	}
	if err != want {
		return "", fmt.Errorf("Spend: %v, want %v", err, want)
	}
	return fmt.Sprint(err), nil
}

// subject returns the address and Trust of a step, the instance that is called, and the request.
func (w *world) subject(s step) (*subject, *model.Instance, otp.Request) {
	to := spellings[s.address][s.spelling%len(spellings[s.address])]
	request := otp.Request{To: to, Binding: s.binding, Trust: s.trust, Decoy: s.decoy}
	return w.subjects[s.address][s.trust], &w.h.instances[s.instance], request
}

// invalid reports whether a request has no Binding where one is needed (rules 8 and 9).
func invalid(in *model.Instance, binding string, trust otp.Trust) bool {
	return binding == "" && (in.Policy.RequireBinding || trust != otp.Stranger)
}

// send compares a Send with that of the model.
func (w *world) send(t *testing.T, s step) (what string, disagreement error) {
	a, in, request := w.subject(s)
	fresh := w.freshCode(t, s, request)
	now := time.Now()

	w.sender = s.sender
	status, err := w.services[s.instance].Send(t.Context(), request)
	want := max(0, in.Policy.MinSendTime)
	if w.store.fired != nil {
		want = max(want, 10*time.Millisecond) // the pause after an error of the store
	}
	if took := time.Since(now); took != want {
		return "", fmt.Errorf("Send took %v, want %v", took, want)
	}
	for key := range w.store.looks {
		w.keys[key] = a
	}
	what = fmt.Sprintf("%+v, %v, %d messages", status, err, len(w.messages))

	if invalid(in, s.binding, s.trust) {
		w.seen["send an invalid request"]++
		return what, cmp.Or(w.refusedUnread(err), same(status, otp.Status{}))
	}

	w.delayed(func(r *model.Record, now time.Time) {
		code, again, refused := r.Send(in, now, s.binding, s.decoy)
		if refused == nil && !again {
			code.Text = fresh[:code.Length]
		}
	})
	now = w.evaluated(a)
	code, again, refused := a.Send(in, now, s.binding, s.decoy)
	a.status = status
	if refused != nil {
		w.seen["send: "+refused.Error()]++
		if err != refused || len(w.messages) > 0 {
			return what, fmt.Errorf("Send: %v and %d messages, want %v and none",
				err, len(w.messages), refused)
		}
		return what, same(status, a.Status(in, now, s.binding))
	}

	if again {
		w.seen["send again"]++
	} else {
		code.Text = fresh[:code.Length]
		a.known = append(a.known, *code)
		if code.Length > in.Policy.Length {
			w.seen["send a longer code"]++
		}
	}
	if resent := w.events[0].Resent; resent != again {
		return what, fmt.Errorf("Event.Resent is %v, want %v", resent, again)
	}
	return what, cmp.Or(w.delivered(s, request, code, err),
		same(status, a.Status(in, now, s.binding)))
}

// freshCode returns the code that the next Send will issue, if it issues one, and makes sure that
// it will: a twin of the service, with a store that remembers nothing, is asked under the same
// randomness. So the codes of decoys are known here too, and can be guessed.
func (w *world) freshCode(t *testing.T, s step, request otp.Request) string {
	w.operation++
	cryptotest.SetGlobalRandom(t, w.operation)
	request.Decoy = false
	w.twins[s.instance].Send(t.Context(), request)
	cryptotest.SetGlobalRandom(t, w.operation)
	return w.twinCode
}

// delivered compares the messages of a Send that is not refused, and its error.
func (w *world) delivered(s step, request otp.Request, code *model.Code, err error) error {
	var got, want []string
	for _, m := range w.messages {
		got = append(got, fmt.Sprintf("%q %s %v", m.To, m.Code.Reveal(), m.ExpiresAt))
	}
	if !s.decoy {
		want = []string{fmt.Sprintf("%q %s %v", request.To, code.Text, code.Expires)}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("messages %v, want %v", got, want)
	}

	switch {
	case s.decoy && err == nil:
		w.seen["send a decoy"]++
	case !s.decoy && s.sender == nil && err == nil:
		w.seen["send: <nil>"]++
	case !s.decoy && s.sender != nil && errors.Is(err, otp.ErrDelivery) && errors.Is(err, s.sender):
		w.seen["send: "+otp.ErrDelivery.Error()]++
	default:
		return fmt.Errorf("Send: %v, want %v", err, s.sender)
	}
	return nil
}

// verify compares a Verify with that of the model.
func (w *world) verify(t *testing.T, s step) (what string, disagreement error) {
	typed, text := w.choose(&s)
	a, in, request := w.subject(s)
	submit := w.services[s.instance].Verify
	if s.op == "check" {
		submit = w.services[s.instance].Check
	}
	err := submit(t.Context(), otp.Submission{
		To: request.To, Binding: s.binding, Trust: s.trust, Code: typed, IdempotencyKey: s.key})
	what = fmt.Sprintf("%q, %v, binding %q: %v", typed, s.trust, s.binding, err)

	if invalid(in, s.binding, s.trust) {
		return what, w.refusedUnread(err)
	}
	if text == "" {
		w.seen["verify: "+otp.ErrMalformed.Error()]++
		return what, judged(err, otp.ErrMalformed, otp.Status{})
	}

	for _, c := range a.Codes {
		if c.Decoy && c.Text == text && c.Binding == s.binding {
			w.seen["verify the code of a decoy"]++
		}
	}
	key := s.key
	if key == "" { // one that nobody else has
		w.operation++
		key = fmt.Sprint("operation ", w.operation)
	}
	judge := func(r *model.Record, now time.Time) error {
		return r.Verify(in, now, s.binding, text, key, s.op == "verify")
	}
	w.delayed(func(r *model.Record, now time.Time) { judge(r, now) })
	now := w.evaluated(a)
	live := a.Status(in, now, s.binding).Live
	want := judge(&a.Record, now)

	w.seen[fmt.Sprint(s.op, ": ", want)]++
	if live && want == otp.ErrExpired {
		w.seen["verify an expired code beside a live one"]++
	}
	a.status = a.Status(in, now, s.binding)
	return what, judged(err, want, a.status)
}

// judged compares the answer to a submission with the one wanted.
func judged(err, want error, status otp.Status) error {
	got := err
	rejected, isRejected := errors.AsType[*otp.RejectedError](err)
	switch {
	case isRejected && errors.Is(err, otp.ErrRejected):
		got = rejected.Reason
	case err != nil && !errors.Is(err, otp.ErrRejected) && !errors.Is(err, otp.ErrRepeated):
		got = model.ErrUnjudged
	}

	if got != want {
		return fmt.Errorf("%v, want %v", err, want)
	}
	if isRejected {
		return same(rejected.Status, status)
	}
	return nil
}

// status compares a Status with that of the model.
func (w *world) status(t *testing.T, s step) (what string, disagreement error) {
	a, in, request := w.subject(s)
	got, err := w.services[s.instance].Status(t.Context(), request)
	if invalid(in, s.binding, s.trust) {
		return "", w.refusedUnread(err)
	}
	if err != nil {
		return "", err
	}
	a.status = got
	return fmt.Sprint(got), same(got, a.Status(in, w.evaluated(a), s.binding))
}

// administer calls Revoke, RevokeAll or Unlock, for every Trust.
func (w *world) administer(t *testing.T, s step) error {
	_, in, request := w.subject(s)
	service := w.services[s.instance]
	call := func() error {
		switch s.op {
		case "revoke":
			return service.Revoke(t.Context(), request.To, s.binding)
		case "revoke-all":
			return service.RevokeAll(t.Context(), request.To, s.binding)
		default:
			return service.Unlock(t.Context(), request.To)
		}
	}
	if in.Policy.RequireBinding && s.binding == "" && s.op != "unlock" {
		return w.refusedUnread(call())
	}

	change := func(r *model.Record, now time.Time) {
		switch s.op {
		case "revoke":
			r.Revoke(in, now, s.binding)
		case "revoke-all":
			r.RevokeAll(in, now, s.binding)
		default:
			r.Unlock(in, now)
		}
	}
	err := call()
	w.delayed(change)
	for _, a := range w.subjects[s.address] {
		change(&a.Record, w.evaluated(a))
	}
	return err
}

// choose returns what to submit and the code that this stands for; none if it can be no code. It
// may change the step's Binding to that of the code.
func (w *world) choose(s *step) (typed, text string) {
	a, in, _ := w.subject(*s)
	alphabet := in.Policy.Alphabet
	text = strings.Repeat(symbols(alphabet)[:1], in.Policy.Length)

	if len(a.known) > 0 {
		back := 0 // the latest is the right one
		switch s.code {
		case "any":
			back = s.nth % len(a.known)
		case "wrong":
			back = s.nth / 5 % len(a.known)
		}
		c := a.known[len(a.known)-1-back]
		text, alphabet = c.Text, c.Alphabet
		if s.own {
			s.binding = c.Binding
		}
	}

	switch s.code {
	case "wrong":
		text = mistyped(alphabet, text, s.nth)
	case "long":
		text = longer(text)
	case "malformed":
		all := []string{"", "12345\x00", text + "!x", strings.Repeat(" ", 64) + text, text[:3]}
		return all[s.nth%5], ""
	case "foreign": // as people with other keyboards and mail programs type it
		typed = " \u00ab" + text[:3] + "\u2013" + strings.ToLower(text[3:]) + "\u200b.\u00bb"
		zero := []rune{'\uff10', '\u0660', '\u0966', '\u09e6'}[s.nth%4]
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r - '0' + zero
			}
			return r
		}, typed), text
	}
	return text, text
}

// longer returns a text of one more symbol, if that is no malformed one.
func longer(text string) string {
	if len(text) > 10 {
		return text
	}
	return text + text[:1]
}

// mistyped returns the text with one symbol changed. Should that be another code after all, the
// model knows what to say.
func mistyped(alphabet otp.Alphabet, text string, nth int) string {
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
	a, in, _ := w.subject(s)
	var d time.Duration

	switch s.base {
	case "a second":
		d = time.Second
	case "half a lifetime":
		d = in.Policy.Lifetime / 2
	case "the expiry":
		if len(a.known) > 0 {
			d = time.Until(a.known[max(0, len(a.known)-1-s.nth)].Expires)
		}
	case "RetryAt":
		if !a.status.RetryAt.IsZero() {
			d = time.Until(a.status.RetryAt)
		}
	case "a window":
		d = in.Policy.SendLimits[s.nth%len(in.Policy.SendLimits)].Window
	case "FailureWindow":
		if !a.FailuresUntil.IsZero() {
			d = time.Until(a.FailuresUntil)
		}
	}
	return max(0, d+s.offset)
}

// refusedUnread: an invalid request is ErrInvalid and sends nothing.
func (w *world) refusedUnread(err error) error {
	if !errors.Is(err, otp.ErrInvalid) || len(w.messages) > 0 {
		return fmt.Errorf("an invalid request: %v and %d messages, want ErrInvalid and none",
			err, len(w.messages))
	}
	return nil
}

func same(got, want otp.Status) error {
	if got != want {
		return fmt.Errorf("Status is\n%+v, want\n%+v", got, want)
	}
	return nil
}

// A table is a store that drops a value the moment it expires, or never: the two ends of what a
// Store may do.
type table struct {
	rows    map[string]row
	drops   bool
	ahead   time.Duration // the clock of who calls, of the store's own
	late    bool          // the next swap is
	looks   map[string]time.Time
	fired   *swap // that of this call that is late
	pending []*swap
}

type row struct {
	value   []byte
	expires time.Time
}

// A swap is one whose caller was told of an error before it has happened.
type swap struct {
	key      string
	old, new []byte
	expires  time.Time
	at       time.Time

	subject *subject
	record  *model.Record // of the subject, once it has happened
}

var errLate = errors.New("no answer yet")

// begin begins with the next call.
func (t *table) begin(late bool) { t.late, t.fired, t.looks = late, nil, map[string]time.Time{} }

// now is the time of the store.
func (t *table) now() time.Time { return time.Now().Add(-t.ahead) }

func (t *table) value(key string) ([]byte, error) {
	r := t.rows[key]
	if t.drops && !r.expires.IsZero() && !t.now().Before(r.expires) {
		return nil, nil
	}
	return r.value, nil
}

func (t *table) Load(_ context.Context, key string) ([]byte, error) {
	t.looks[key] = time.Now()
	return t.value(key)
}

func (t *table) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	if _, looked := t.looks[key]; !looked {
		t.looks[key] = time.Now() // a swap against nothing
	}
	if t.late {
		t.late = false
		t.fired = &swap{key: key, old: slices.Clone(old), new: slices.Clone(new),
			expires: expires, at: time.Now()}
		t.pending = append(t.pending, t.fired)
		return false, errLate
	}

	if value, _ := t.value(key); !slices.Equal(value, old) {
		return false, nil
	}
	t.rows[key] = row{slices.Clone(new), expires}
	return true, nil
}

// A forgetful store takes everything and keeps nothing.
type forgetful struct{}

func (forgetful) Load(context.Context, string) ([]byte, error) { return nil, nil }

func (forgetful) CompareAndSwap(
	context.Context, string, []byte, []byte, time.Time,
) (bool, error) {
	return true, nil
}
