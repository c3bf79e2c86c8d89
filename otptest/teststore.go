package otptest

import (
	"context"
	"testing"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// TestStore tests an implementation of otp.Store against each rule of its contract, in a subtest
// each.
//
// The function open returns two handles on one database, as two processes have: two clients with a
// pool of connections each. A store that lives in one process returns itself twice. TestStore calls
// open once for each subtest, some of which run in parallel. The database may be a new one each
// time or always the same one, since the suite uses random keys. To close the handles, open calls
// Cleanup of its argument.
//
// A failure means that the store is wrong. There are no false alarms as long as
//
//   - a call takes less than half a second,
//   - the clocks of store and test differ by less than 0.1 s,
//   - no other run of the suite uses the same database at the same time.
//
// A pass does not prove that the store is right: races are only sampled, and a store in memory
// needs two processors for them. Some faults no test of this kind can see. For these, read the code
// of the store and the manual of the database:
//
//   - a swap that does not survive a crash, a power failure or a fail-over,
//   - a swap within a transaction that may still roll back,
//   - a read that is consistent by luck, while the replicas keep up,
//   - a lock or a cache of one process, if open returns the same store twice or two stores that
//     share it,
//   - a value that is dropped too early, but later than three seconds after it was stored,
//   - a call that goes on after its context has ended meanwhile, and gives a late but true answer.
//
// The suite takes about ten seconds. It makes at least 35,000 calls, up to 96 at a time over both
// handles, and more with a fast store. Keep the pools below what the server accepts: PostgreSQL,
// for example, has 100 connections by default. The suite leaves 12,000 values behind, up to 50,000
// in a fast store. They expire within an hour, but for a handful that expire in the next decades,
// or never.
func TestStore(t *testing.T, open func(testing.TB) (a, b otp.Store)) {
	t.Helper()

	for _, c := range storeCases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open) })
	}

	// The cases that wait are a group, so that all have ended when TestStore returns and its
	// caller cleans up.
	t.Run("waiting", func(t *testing.T) {
		for _, c := range waitingCases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, open)
			})
		}
	})
}

// maxCase bounds the time of a case. Those of a store that is not stuck take seconds.
const maxCase = 5 * time.Minute

// A storeCase tests one rule of the contract of otp.Store.
type storeCase struct {
	name  string
	rule  string // in the words of the contract
	check func(ctx context.Context, db handles) error
}

// run opens the store and checks the rule.
func (c storeCase) run(t *testing.T, open func(testing.TB) (a, b otp.Store)) {
	ctx, cancel := context.WithTimeout(t.Context(), maxCase)
	defer cancel()

	a, b := open(t)
	if err := c.check(ctx, handles{a, b}); err != nil {
		t.Errorf("rule: %s: %v", c.rule, err)
	}
}
