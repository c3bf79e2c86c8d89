package ruletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// many is the number of simultaneous calls in these tests.
const many = 1000

// conditions are the stores that simultaneous calls run over. The faults begin after the Send that
// comes first.
var conditions = map[string]func() otp.Store{
	"memory": func() otp.Store { return memstore.New(nil) },
	"slow": func() otp.Store {
		return &otptest.FaultyStore{Store: memstore.New(nil), Fault: slowly}
	},
	"losing replies of swaps": func() otp.Store {
		return &otptest.FaultyStore{Store: memstore.New(nil),
			Fault: func(c otptest.StoreCall) otptest.StoreFault {
				f := slowly(c)
				if c.N > 2 && c.Method == "CompareAndSwap" && c.N%3 != 0 {
					f.After = otptest.ErrInjected
				}
				return f
			}}
	},
}

func slowly(c otptest.StoreCall) otptest.StoreFault {
	return otptest.StoreFault{Delay: time.Duration(c.N%7) * time.Millisecond}
}

// Rule 1: of a thousand simultaneous right submissions one is accepted, with whatever keys.
func TestAThousandRightSubmissions(t *testing.T) {
	for keys, key := range map[string]func(i int) string{
		"no key":          func(int) string { return "" },
		"one key":         func(int) string { return "form" },
		"a thousand keys": func(i int) string { return fmt.Sprint("form ", i) },
	} {
		for name, store := range conditions {
			t.Run(keys+", "+name, func(t *testing.T) {
				s := start(t, otp.Config{Store: store()})
				code := s.send("")
				got := tally(parallel(many, func(i int) error {
					return s.Verify(t.Context(), otp.Submission{
						To: ada, Code: code, IdempotencyKey: key(i)})
				}))

				again := otp.ErrUsed
				if keys == "one key" {
					again = otp.ErrRepeated
				}
				assert.Equal(t, map[error]int{nil: 1, again: many - 1}, got)
			})
		}
	}
}

// lostSwaps loses the reply of every other swap.
func lostSwaps(seed uint64) func(otptest.StoreCall) otptest.StoreFault {
	return func(c otptest.StoreCall) (f otptest.StoreFault) {
		if c.Method == "CompareAndSwap" && (uint64(c.N)+seed)%2 == 0 {
			f.After = otptest.ErrInjected
		}
		return f
	}
}

// Rule 3: of a thousand simultaneous wrong submissions five are compared and paid for.
func TestAThousandWrongSubmissions(t *testing.T) {
	for name, fault := range map[string]func(otptest.StoreCall) otptest.StoreFault{
		"memory": func(otptest.StoreCall) otptest.StoreFault { return otptest.StoreFault{} },
		"slow":   slowly,
	} {
		t.Run(name, func(t *testing.T) {
			store := newTable()
			s := start(t, otp.Config{Store: &otptest.FaultyStore{Store: store, Fault: fault}})
			code := s.send("")

			store.took()
			got := tally(parallel(many, func(i int) error {
				return submit(t, s.Service, wrong(code, i))
			}))
			assert.Equal(t, map[error]int{otp.ErrMismatch: 5, otp.ErrExhausted: many - 5}, got)

			paid := slices.DeleteFunc(store.took(), func(call string) bool {
				return call != "swap+"
			})
			assert.Len(t, paid, 5)
			s.submit("", code, otp.ErrExhausted)
		})
	}
}

// Statements are what a code costs: three for an address without a record, five where this process
// meets its record for the first time, four where it has met it before.
func TestStatementsOfACode(t *testing.T) {
	store := newTable()
	pair := func(s *fixture) []string {
		store.took()
		s.submit("", s.send(""), nil)
		return store.took()
	}
	instance := func(store otp.Store) *fixture {
		return start(t, otp.Config{Secret: testSecret, Store: store})
	}

	s := instance(store)
	assert.Equal(t, []string{"swap+", "load+", "swap+"}, pair(s), "no record")
	assert.Equal(t, []string{"load+", "swap+", "load+", "swap+"}, pair(s), "met before")
	assert.Equal(t, []string{"swap-", "load+", "swap+", "load+", "swap+"}, pair(instance(store)),
		"a record")
	assert.Equal(t, []string{"load+", "swap+", "load+", "swap+"},
		pair(instance(loadsFirst{store})), "reads are cheap")
}

// A loadsFirst is a store whose refused swaps cost more than reads.
type loadsFirst struct{ otp.Store }

func (loadsFirst) LoadsFirst() bool { return true }

// A store that is dead, or certain that it has not swapped, is not asked for long: a Send and a
// Spend take one more call.
func TestADeadStoreIsNotRetried(t *testing.T) {
	for _, c := range []struct {
		fault error // of each call
		calls int
		takes time.Duration
	}{
		{otptest.ErrInjected, 2, 10 * time.Millisecond},
		{memstore.ErrFull, 1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			calls, begin := 0, time.Now()
			s := start(t, otp.Config{Store: &otptest.FaultyStore{
				Store: newTable(),
				Fault: func(otptest.StoreCall) otptest.StoreFault {
					calls++
					return otptest.StoreFault{Before: c.fault}
				},
			}})
			_, err := s.Send(t.Context(), otp.Request{To: ada})
			wantNotJudged(t, err)
			require.ErrorIs(t, err, c.fault)
			assert.Equal(t, c.calls, calls, "of Send")
			assert.Equal(t, c.takes, time.Since(begin))

			err = s.Spend(t.Context(), "id", "key", time.Now().Add(time.Hour))
			wantNotJudged(t, err)
			require.ErrorIs(t, err, c.fault)
			assert.Equal(t, 2*c.calls, calls, "of Spend, too")
			assert.Equal(t, 2*c.takes, time.Since(begin))
		})
	}
}

// A lossyStore applies a swap, has others write on top, and then loses the reply or says that the
// swap was refused, as a database client does that retries by itself. From then on it works.
type lossyStore struct {
	otp.Store
	onTop     func() // nil: the store works
	before    int    // swaps that are not applied, but answered as this one
	refuses   bool
	failLoads int // after the swap
}

var errReset = errors.New("connection reset")

func (s *lossyStore) Load(ctx context.Context, key string) ([]byte, error) {
	if s.onTop == nil && s.before < 0 && s.failLoads > 0 {
		s.failLoads--
		return nil, errReset
	}
	return s.Store.Load(ctx, key)
}

func (s *lossyStore) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	if s.onTop == nil {
		return s.Store.CompareAndSwap(ctx, key, old, new, expires)
	}

	s.before--
	if s.before < 0 {
		swapped, err := s.Store.CompareAndSwap(ctx, key, old, new, expires)
		if !swapped || err != nil {
			return swapped, err
		}
		onTop := s.onTop
		s.onTop = nil
		onTop()
	}
	if s.refuses {
		return false, nil
	}
	return false, errReset
}

// newLossy returns an instance over a lossyStore, and others over its table, which loses nothing.
func newLossy(t *testing.T, refuses bool, policy otp.Policy) (
	store *lossyStore, s, others *fixture,
) {
	values := newTable()
	store = &lossyStore{Store: values, refuses: refuses}
	s = start(t, otp.Config{Secret: testSecret, Store: store, Policy: policy})
	others = start(t, otp.Config{Secret: testSecret, Store: values, Policy: policy})
	return store, s, others
}

// forLostReplies runs a test for a reply that is lost, and for one that says that the swap was
// refused.
func forLostReplies(t *testing.T, name string, test func(t *testing.T, refuses bool)) {
	for reply, refuses := range map[string]bool{"lost": false, "refused": true} {
		t.Run(name+", "+reply, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, refuses) })
		})
	}
}

// Rule 1: an acceptance whose reply was lost is an acceptance, whatever others have written on top.
func TestLostReplyOfAnAcceptance(t *testing.T) {
	for name, onTop := range map[string]func(others *fixture, code string) error{
		"nothing": func(*fixture, string) error { return nil },
		"a Send": func(others *fixture, _ string) error {
			others.send("")
			return nil
		},
		"wrong submissions": func(others *fixture, code string) error {
			others.miss("", code, 5)
			return nil
		},
		"another acceptance": func(others *fixture, _ string) error {
			return submit(others.t, others.Service, others.send(""))
		},
		"Revoke": func(others *fixture, _ string) error {
			return others.Revoke(others.t.Context(), ada, "")
		},
		"Unlock": func(others *fixture, _ string) error {
			return others.Unlock(others.t.Context(), ada)
		},
		"expiry": func(*fixture, string) error {
			time.Sleep(3 * time.Second)
			return nil
		},
	} {
		forLostReplies(t, name, func(t *testing.T, refuses bool) {
			store, s, others := newLossy(t, refuses, otp.Policy{Lifetime: 2 * time.Second})
			code := s.send("")
			store.onTop = func() { require.NoError(t, onTop(others, code)) }

			s.submit("", code, nil)
			require.Nil(t, store.onTop, "a reply was lost")
			s.submit("", code, otp.ErrRejected)
		})
	}
}

// A Send whose reply was lost is neither counted twice nor limited by its own write, with up to
// three others on top.
func TestLostReplyOfASend(t *testing.T) {
	for n := range 4 {
		forLostReplies(t, fmt.Sprint(n, " on top"), func(t *testing.T, refuses bool) {
			limits := []otp.Limit{{Count: 1 + n, Window: time.Hour}}
			store, s, others := newLossy(t, refuses, otp.Policy{SendLimits: limits})
			store.onTop = func() {
				for range n {
					others.send("")
				}
			}

			code, status := s.sent(otp.Request{})
			assert.Len(t, s.in.Messages(), 1)
			assert.True(t, status.Live)
			assert.False(t, status.RetryAt.IsZero())
			others.refused("", otp.ErrLimited)
			others.submit("", code, nil)
		})
	}

	forLostReplies(t, "sends what it recorded", func(t *testing.T, refuses bool) {
		store, s, others := newLossy(t, refuses, otp.Policy{})
		first := s.send("")
		store.onTop = func() { // the same code again, with an attempt spent on top
			others.miss("", first, 1)
			assert.Equal(t, first, others.send(""))
		}

		again, status := s.sent(otp.Request{})
		assert.Equal(t, first, again)
		assert.Equal(t, 4, status.AttemptsLeft)
		assert.Len(t, s.in.Messages(), 2)
	})

	forLostReplies(t, "Unlock on top", func(t *testing.T, refuses bool) {
		limits := []otp.Limit{{Count: 1, Window: time.Hour}}
		store, s, others := newLossy(t, refuses, otp.Policy{SendLimits: limits})
		store.onTop = func() { require.NoError(t, others.Unlock(t.Context(), ada)) }
		s.send("")
		others.send("") // the first was not counted again
	})

	// Rule 14: nil would say that the Sender took the message.
	forLostReplies(t, "voided before delivery", func(t *testing.T, refuses bool) {
		for _, decoy := range []bool{false, true} {
			store, s, others := newLossy(t, refuses, otp.Policy{})
			store.onTop = func() { require.NoError(t, others.Revoke(t.Context(), ada, "")) }
			status, err := s.Send(t.Context(), otp.Request{To: ada, Decoy: decoy})
			require.ErrorIs(t, err, otp.ErrNotSent)
			assert.False(t, status.Live)
			assert.Empty(t, s.in.Messages())
		}
	})

	forLostReplies(t, "a decoy stays one", func(t *testing.T, refuses bool) {
		store, s, _ := newLossy(t, refuses, otp.Policy{})
		store.onTop = func() {}
		_, err := s.Send(t.Context(), otp.Request{To: ada, Decoy: true})
		require.NoError(t, err)
		assert.Empty(t, s.in.Messages())
	})
}

// Rule 3: a wrong submission whose reply was lost may be counted twice, never zero times.
func TestLostReplyOfAWrongSubmission(t *testing.T) {
	forLostReplies(t, "", func(t *testing.T, refuses bool) {
		store, s, _ := newLossy(t, refuses, otp.Policy{})
		code := s.send("")
		store.onTop = func() {}

		err := submit(t, s.Service, wrong(code, 0))
		require.ErrorIs(t, err, otp.ErrMismatch)
		assert.Equal(t, 3, rejection(t, err).AttemptsLeft)
	})
}

// Rule 1: an acceptance that has won is found, also where a Load fails in between or the swap was
// the last one.
func TestTheLastSwapMayHaveWon(t *testing.T) {
	for name, store := range map[string]*lossyStore{
		"refused, then a Load fails":  {failLoads: 1, refuses: true},
		"an error, then a Load fails": {failLoads: 1},
		"the last of six errors":      {before: 5},
		"the last of 64 refusals":     {before: 63, refuses: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store.Store = newTable()
				s := start(t, otp.Config{Store: store})
				code := s.send("")

				store.onTop = func() {}
				s.submit("", code, nil)
				require.Nil(t, store.onTop, "the swap was applied")
				s.submit("", code, otp.ErrUsed)
			})
		})
	}
}
