package sendlimit

import (
	"sync"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// A ledger remembers which messages were allowed, for the longest window.
type ledger struct {
	total, perGroup []otp.Limit
	longest         time.Duration

	mu     sync.Mutex
	all    []entry            // oldest first
	groups map[string][]entry // the same by group; none is empty
}

// An entry is a message that was allowed.
type entry struct {
	at    time.Time
	group string
}

func newLedger(total, perGroup []otp.Limit) *ledger {
	l := &ledger{groups: map[string][]entry{}}

	l.total = append(l.total, total...)
	l.perGroup = append(l.perGroup, perGroup...)
	for _, limits := range [][]otp.Limit{total, perGroup} {
		for _, limit := range limits {
			l.longest = max(l.longest, limit.Window)
		}
	}
	return l
}

// allow records a message, or returns false if a limit forbids it. What is refused is not recorded.
func (l *ledger) allow(group string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.forget(now)
	if full(l.all, l.total, now) || full(l.groups[group], l.perGroup, now) {
		return false
	}

	e := entry{now, group}
	l.all = append(l.all, e)
	l.groups[group] = append(l.groups[group], e)
	return true
}

// full reports whether a limit is used up: its Count-th latest entry is within its Window.
func full(entries []entry, limits []otp.Limit, now time.Time) bool {
	for _, limit := range limits {
		i := len(entries) - limit.Count
		if i >= 0 && now.Sub(entries[i].at) < limit.Window {
			return true
		}
	}
	return false
}

// forget drops what no window holds any more.
func (l *ledger) forget(now time.Time) {
	for len(l.all) > 0 && now.Sub(l.all[0].at) >= l.longest {
		group := l.all[0].group
		l.all = l.all[1:]

		// The oldest entry of all is also the oldest of its group.
		if rest := l.groups[group][1:]; len(rest) > 0 {
			l.groups[group] = rest
		} else {
			delete(l.groups, group)
		}
	}
}
