package otp

import (
	"testing"
	"time"
)

// A Send that finds itself recorded delivers the code of its Bind and kind that is live, if it can be derived.
func TestARecordedSend(t *testing.T) {
	p := Policy{SendLimits: []Limit{{20, time.Second}}}.withDefaults()
	now := time.Unix(1_000_000, 0)
	known := true
	request := func(id, bind byte, decoy bool) *sendRequest {
		return &sendRequest{id: operationID{id}, bind: bindTag{bind}, decoy: decoy, knownKey: func(keyID) bool { return known }}
	}
	var s state
	record := func(r *sendRequest) {
		t.Helper()
		if c, _, write, refused := s.send(&p, now, r); c == nil || !write || refused != nil {
			t.Fatalf("not recorded: %v", refused)
		}
	}
	// look returns the id of the Send that issued the code, 0 for none.
	look := func(r *sendRequest, now time.Time) (seed byte, again bool) {
		t.Helper()
		c, again, write, refused := s.send(&p, now, r)
		if write || refused != nil {
			t.Fatalf("recorded twice: %v", refused)
		}
		if c != nil {
			seed = c.seed[0]
		}
		return seed, again
	}
	expect := func(what string, r *sendRequest, now time.Time, wantSeed byte, wantAgain bool) {
		t.Helper()
		if seed, again := look(r, now); seed != wantSeed || again != wantAgain {
			t.Errorf("%s: the code of %d, again: %v; want %d, %v", what, seed, again, wantSeed, wantAgain)
		}
	}
	first, second, other := request(1, 1, false), request(2, 1, false), request(3, 2, false)
	record(first)
	record(second)
	record(other)
	expect("the Send that issued", first, now, 1, false)
	expect("the Send of the same code", second, now, 1, true)
	expect("the Send of another Bind", other, now, 3, false)
	expect("after the expiry", first, now.Add(p.Lifetime), 0, false)
	known = false
	expect("without the key", first, now, 0, false)
	known = true
	decoy := request(4, 1, true)
	record(decoy)
	expect("with a decoy in its place", first, now, 0, false)
	expect("the decoy", decoy, now, 4, false)
}

// A second that has begun counts in full where a wait begins.
func TestRoundUp(t *testing.T) {
	for nanoseconds, want := range map[int64]int64{0: 7, 1: 8, 999_999_999: 8} {
		if got := roundUp(time.Unix(7, nanoseconds)); got != want {
			t.Errorf("7 s and %d ns: %d, want %d", nanoseconds, got, want)
		}
	}
}

// Failed sends count towards the shortest limit only, also where it is asked whether they count at all.
func TestFailedSendsAreForgotten(t *testing.T) {
	p := Policy{SendLimits: []Limit{{5, time.Minute}, {5, time.Hour}}}.withDefaults()
	sent := time.Unix(1_000_000, 0)
	for _, c := range []struct {
		failed bool
		after  time.Duration
		want   bool
	}{{false, 0, true}, {false, time.Minute, true}, {false, time.Hour, false}, {true, 0, true}, {true, time.Minute, false}} {
		s := send{at: sent.Unix(), failed: c.failed}
		if got := s.countsAtAll(&p, sent.Add(c.after)); got != c.want {
			t.Errorf("failed: %v, after %v: counts: %v, want %v", c.failed, c.after, got, c.want)
		}
	}
}
