// Package leases explores the leases of package sendlimit: every order of what instances, the store
// and the clocks can do, up to a number of steps.
package leases

import (
	"flag"
	"hash/maphash"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/lease"
)

var steps = flag.Int("proof.steps", 5, "how many steps of leases are explored")

const (
	limit  = 100 // messages in a window; a lease has up to 6
	window = 32 * time.Second
	slot   = window / lease.Slots // of two seconds, so that there is a middle of a slot
	start  = 1000 * time.Second
)

// A state is all that matters for what can happen next. It can be compared.
type state struct {
	now       time.Duration
	record    lease.Record // in the store
	instances [2]instance
	late      swap    // that has failed, and may still happen
	sent      [8]sent // in the last window, the last first
}

type instance struct {
	lease lease.Lease
	spent int
	until time.Duration // when the lease ends by the time that has passed
}

type swap struct{ old, new lease.Record }

type sent struct {
	at       time.Duration
	messages int
}

// clocks are what the clocks of the instances are ahead of time.
var clocks = [...]time.Duration{0, slot}

func (s *state) slotOf(i int) lease.Slot {
	return lease.SlotOf(time.Unix(0, int64(s.now+clocks[i])), window)
}

// send counts messages that leave now, and forgets those of more than a window ago.
func (s *state) send(messages int) {
	if s.sent[0].at != s.now {
		copy(s.sent[1:], s.sent[:])
		s.sent[0] = sent{at: s.now}
	}
	s.sent[0].messages += messages

	for i := range s.sent {
		if s.now-s.sent[i].at >= window {
			s.sent[i] = sent{}
		}
	}
}

func (s *state) inWindow() (messages int) {
	for _, sent := range s.sent {
		messages += sent.messages
	}
	return messages
}

// next returns the states that can follow.
func (s *state) next() (all []state) {
	for _, wait := range []time.Duration{slot / 2, window - slot/2} {
		later := *s
		later.now += wait
		all = append(all, later)
	}

	if s.late.old == s.record && s.late != (swap{}) {
		happened := *s
		happened.record, happened.late = s.late.new, swap{}
		all = append(all, happened)
	}

	for i := range s.instances {
		all = append(all, s.drained(i))
		all = append(all, s.afterMessage(i)...)
	}
	return all
}

// drained is the state after other instances, whose clocks are that of i, have sent all that they
// may.
func (s *state) drained(i int) state {
	after := *s
	for {
		got := after.record.Take(s.slotOf(i), limit, limit, lease.Lease{})
		if got.Size == 0 {
			return after
		}
		after.send(got.Size)
	}
}

// afterMessage returns what can come of a message that instance i is to send. It takes the largest
// lease there is.
func (s *state) afterMessage(i int) []state {
	own := s.instances[i]
	if own.spent < own.lease.Size && s.now < own.until && s.slotOf(i) <= own.lease.Slot {
		after := *s
		after.instances[i].spent++
		after.send(1)
		return []state{after}
	}

	back := lease.Lease{Slot: own.lease.Slot, Size: own.lease.Size - own.spent}
	failed := *s // before the store has seen the swap
	failed.instances[i] = instance{}

	won := failed
	got := won.record.Take(s.slotOf(i), limit, limit, back)
	if got.Size == 0 {
		return []state{failed}
	}
	lost, late := failed, failed // the answer, after it has won; and the swap, which may still win
	lost.record = won.record
	late.late = swap{s.record, won.record}
	won.begin(i, got)

	// A client that tries again by itself tells that a swap was lost, which has won. The next one
	// gives nothing back.
	again := lost
	if got := again.record.Take(s.slotOf(i), limit, limit, lease.Lease{}); got.Size > 0 {
		again.begin(i, got)
	}
	return []state{failed, won, lost, late, again}
}

// begin begins a lease with the message that it was taken for.
func (s *state) begin(i int, got lease.Lease) {
	s.instances[i] = instance{lease: got, spent: 1, until: s.now + slot}
	s.send(1)
}

// No state that can be reached has more messages in a window than the limit.
func TestLimitIsKept(t *testing.T) {
	seed := maphash.MakeSeed()
	seen := map[uint64]bool{}
	reached := []state{{now: start}}

	for range *steps {
		var following []state
		for _, s := range reached {
			for _, n := range s.next() {
				require.LessOrEqual(t, n.inWindow(), limit, "%+v, after %+v", n, s)
				if hash := maphash.Comparable(seed, n); !seen[hash] {
					seen[hash] = true
					following = append(following, n)
				}
			}
		}
		reached = following
	}
	t.Log(len(seen), "states")
}
