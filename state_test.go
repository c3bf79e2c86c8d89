package otp

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

// oneValue is a Store for one record.
type oneValue struct{ value []byte }

func (s *oneValue) Load(context.Context, string) ([]byte, error) { return s.value, nil }

func (s *oneValue) CompareAndSwap(_ context.Context, _ string, old, new []byte, _ time.Time) (bool, error) {
	if !bytes.Equal(s.value, old) {
		return false, nil
	}
	s.value = bytes.Clone(new)
	return true, nil
}

// The code of a decoy never verifies, even when guessed; the guess costs an attempt like any other.
func TestRule10ADecoyNeverVerifies(t *testing.T) {
	store := &oneValue{}
	s, err := New(Config{Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: store, Sender: noSender, Policy: Policy{MinSendTime: -1}})
	if err != nil {
		t.Fatal(err)
	}
	const to = "nobody@example.com"
	if _, err := s.Send(t.Context(), Request{To: to, Decoy: true}); err != nil {
		t.Fatal(err)
	}
	w := s.newWorkspace()
	rec := w.record(to, "")
	var st state
	if err := st.open(w.value, rec.key, store.value); err != nil {
		t.Fatal(err)
	}
	text := s.derive(w, &rec, &st.codes[0])
	for left := 4; left >= 0; left-- {
		err := s.Verify(t.Context(), Submission{To: to, Code: string(text.bytes())})
		rejected, ok := errors.AsType[*RejectedError](err)
		if !ok || rejected.Reason != ErrMismatch || rejected.Status.AttemptsLeft != left {
			t.Fatalf("the code of a decoy: got %v, want a mismatch with %d attempts left", err, left)
		}
	}
	// The same text is the right code once the flag is gone: it is the flag that refuses it.
	st.codes[0].decoy = false
	store.value = st.seal(nil, w.value, rec.key)
	if err := s.Verify(t.Context(), Submission{To: to, Code: string(text.bytes())}); err != nil {
		t.Errorf("without the flag: %v", err)
	}
}

// What the store is told to keep lasts as long as any rule needs it.
func TestKeepUntil(t *testing.T) {
	p := Policy{}.withDefaults()
	for _, c := range []struct {
		name string
		s    state
		want int64
	}{
		{"a code", state{codes: []code{{issued: 1000, lifetime: 600}}}, 1600},
		{"a longer code", state{codes: []code{{issued: 1000, lifetime: 86400}, {issued: 1001, lifetime: 60}}}, 87400},
		{"a send", state{sends: []send{{at: 1000}}, codes: []code{{issued: 1000, lifetime: 600}}}, 1000 + 86400},
		{"a failure", state{failures: 1, lastFailure: 2000, sends: []send{{at: 1000}}}, 2000 + 30*86400},
	} {
		if got := c.s.keepUntil(&p); !got.Equal(time.Unix(c.want, 0)) {
			t.Errorf("%s: keep until %d, want %d", c.name, got.Unix(), c.want)
		}
	}
}

// Room for one more send is never made by forgetting one that counts.
func TestSendsThatCountAreNeverForgotten(t *testing.T) {
	p := Policy{SendLimits: []Limit{{20, time.Minute}, {20, 24 * time.Hour}}}.withDefaults()
	now := time.Unix(1_000_000, 0)
	var s state
	ask := func() error {
		r := &sendRequest{id: newOperationID(), knownKey: func(keyID) bool { return true }}
		_, _, _, refused := s.send(&p, now, r)
		if refused == nil && len(s.sends) > 10 {
			s.fail(r.id)
		}
		return refused
	}
	admitted := 0
	for range 1000 {
		if ask() == nil {
			admitted++
		}
		now = now.Add(time.Second)
	}
	if len(s.sends) > maxSends {
		t.Errorf("%d sends are kept, want at most %d", len(s.sends), maxSends)
	}
	full := 0
	for _, e := range s.sends {
		if !e.failed {
			full++
		}
	}
	if full != 10 {
		t.Errorf("%d of 10 sends that count for a day are left after %d admitted ones", full, admitted)
	}
}

// Dead codes never push out live ones, and those that were used stay the longest.
func TestForgetDead(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	live := code{issued: now.Unix(), lifetime: 600, left: 5}
	used, expired, exhausted := live, live, live
	used.usedBy = operationID{1}
	expired.issued -= 600
	exhausted.left = 0
	s := state{codes: []code{used, expired, exhausted, live, live, live, expired}}
	s.forgetDead(now)
	if len(s.codes) != maxCodesKept || !s.codes[0].used() || !s.codes[1].live(now) || !s.codes[3].live(now) || s.codes[4] != expired {
		t.Errorf("left are %+v", s.codes)
	}

	older := used
	older.issued--
	s = state{codes: []code{older, used, used, live, live, live}}
	s.forgetDead(now)
	if len(s.codes) != maxCodesKept || s.codes[0] != used {
		t.Errorf("left of used ones are %+v", s.codes)
	}
}

// A time in the second that has begun is no answer, even if a Send would have been admitted when it began.
func TestRetryAtIsAfterNow(t *testing.T) {
	p := Policy{SendLimits: []Limit{{1, time.Minute}}}.withDefaults()
	const start = 1_000_000
	s := state{sends: []send{{at: start + 240}}}
	for i := range byte(3) { // can be sent again until half of their lifetime has passed, and fill all slots
		s.codes = append(s.codes, code{seed: operationID{i}, issued: start, lifetime: 600, left: 5, length: 6})
	}
	r := &sendRequest{knownKey: func(keyID) bool { return true }}
	now := time.Unix(start+300, 1)
	if _, refused := s.admit(&p, now.Add(-1), r); refused != nil {
		t.Fatalf("at half of the lifetime: %v", refused)
	}
	if _, refused := s.admit(&p, now, r); refused != ErrLimited {
		t.Fatalf("a nanosecond later: %v", refused)
	}
	if got := s.retryAt(&p, now, r); !got.Equal(time.Unix(start+600, 0)) {
		t.Errorf("RetryAt is %d, want the expiry of the codes, %d", got.Unix(), start+600)
	}
}

// One capital is enough to be folded, the first and the last of the alphabet too.
func TestIdentityFoldsASingleCapital(t *testing.T) {
	for to, want := range map[string]string{"aZ@x": "az@x", "Az@x": "az@x", "a[@x": "a[@x", "a@@x": "a@@x"} {
		if got := identity(to); got != want {
			t.Errorf("identity(%q) = %q, want %q", to, got, want)
		}
	}
}

// Event.Took is measured also where Send waits for nothing.
func TestTookWithoutMinSendTime(t *testing.T) {
	var took time.Duration
	s, err := New(Config{
		Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: &oneValue{}, Sender: noSender, Policy: Policy{MinSendTime: -1},
		Observe: func(_ context.Context, e Event) { took = e.Took },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Status(t.Context(), "ada@example.com", ""); err != nil {
		t.Fatal(err)
	}
	if took < 0 || took > time.Minute {
		t.Errorf("a Status took %v", took)
	}
}

// Half of the lifetime is judged to the nanosecond, for odd lifetimes too.
func TestYoungToTheNanosecond(t *testing.T) {
	for _, lifetime := range []int64{1, 2, 5, 600, 601, 86_400} {
		c := code{issued: 1_000_000_000, lifetime: lifetime}
		half := time.Unix(c.issued, 0).Add(time.Duration(lifetime) * time.Second / 2)
		for _, from := range []time.Duration{-time.Second, -1, 0, 1, 499_999_999, 500_000_000, 500_000_001, time.Second} {
			if got, want := c.young(half.Add(from)), from <= 0; got != want {
				t.Errorf("lifetime %d s, %v from half of it: young is %v, want %v", lifetime, from, got, want)
			}
		}
	}
}
