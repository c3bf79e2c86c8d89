package ruletest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
				s, in := otptest.New(t, otp.Config{Store: store()})
				code, _ := send(t, s, in, otp.Request{To: ada})

				got := tally(parallel(many, func(i int) error {
					return s.Verify(t.Context(), otp.Submission{
						To: ada, Code: code, IdempotencyKey: key(i)})
				}), otp.ErrUsed, otp.ErrRepeated)

				again := otp.ErrUsed
				if keys == "one key" {
					again = otp.ErrRepeated
				}
				wantTally(t, map[error]int{nil: 1, again: many - 1}, got)
			})
		}
	}
}

// Rule 1: a double click on two instances at once, with the replies of the store lost or not.
func TestADoubleClickAtOnce(t *testing.T) {
	for name, lose := range map[string]bool{"replies arrive": false, "replies are lost": true} {
		t.Run(name, func(t *testing.T) {
			for i := range uint64(50) {
				store, faulty := newTable(), otp.Store(nil)
				faulty = store
				if lose {
					faulty = &otptest.FaultyStore{Store: store, Fault: lostSwaps(i)}
				}
				honest, in := otptest.New(t, otp.Config{Secret: testSecret, Store: store})
				one, _ := otptest.New(t, otp.Config{Secret: testSecret, Store: faulty})
				two, _ := otptest.New(t, otp.Config{Secret: testSecret, Store: faulty})
				code, _ := send(t, honest, in, otp.Request{To: ada, Binding: "session"})
				click := otp.Submission{
					To: ada, Binding: "session", Code: code, IdempotencyKey: "form",
				}

				got := tally(parallel(2, func(i int) error {
					return []*otp.Service{one, two}[i].Verify(t.Context(), click)
				}), otp.ErrRepeated)
				wantTally(t, map[error]int{nil: 1, otp.ErrRepeated: 1}, got)

				click.IdempotencyKey = "another form"
				require.ErrorIs(t, honest.Verify(t.Context(), click), otp.ErrUsed)
			}
		})
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
			s, in := otptest.New(t, otp.Config{
				Store: &otptest.FaultyStore{Store: store, Fault: fault}})
			code, _ := send(t, s, in, otp.Request{To: ada})

			store.took()
			got := tally(parallel(many, func(i int) error { return submit(t, s, wrong(code, i)) }),
				otp.ErrMismatch, otp.ErrExhausted)
			wantTally(t, map[error]int{otp.ErrMismatch: 5, otp.ErrExhausted: many - 5}, got)

			paid := 0
			for _, call := range store.took() {
				if call == "swap+" {
					paid++
				}
			}
			assert.Equal(t, 5, paid)
			require.ErrorIs(t, submit(t, s, code), otp.ErrExhausted)
		})
	}
}

// Whatever the store loses, there are never two acceptances nor more comparisons than attempts, and
// no right code is called wrong.
func TestManyOverAFaultyStore(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			sent := func() (honest, faulty *otp.Service, code string) {
				store := newTable()
				honest, in := otptest.New(t, otp.Config{Store: store, Secret: testSecret})
				code, _ = send(t, honest, in, otp.Request{To: ada})
				faulty, _ = otptest.New(t, otp.Config{
					Secret: testSecret,
					Store: &otptest.FaultyStore{
						Store: store, Fault: otptest.RandomFaults(seed, 0.2, 2*time.Millisecond)},
				})
				return honest, faulty, code
			}

			honest, faulty, code := sent()
			right := tally(parallel(many, func(int) error { return submit(t, faulty, code) }),
				otp.ErrUsed, otp.ErrRejected)
			assert.LessOrEqual(t, right[nil], 1)
			assert.Zero(t, right[otp.ErrRejected])
			require.ErrorIs(t, submit(t, honest, code), otp.ErrUsed)

			honest, faulty, code = sent()
			bad := tally(
				parallel(many, func(i int) error { return submit(t, faulty, wrong(code, i)) }),
				otp.ErrMismatch, otp.ErrExhausted)
			assert.Zero(t, bad[nil])
			assert.LessOrEqual(t, bad[otp.ErrMismatch], 5)
			require.ErrorIs(t, submit(t, honest, code), otp.ErrExhausted)
		})
	}
}

// Statements are what a code costs: three for an address without a record, five where this process
// meets its record for the first time, four where it has met it before.
func TestStatementsOfACode(t *testing.T) {
	store := newTable()
	pair := func(s *otp.Service, in *otptest.Inbox) []string {
		store.took()
		code, _ := send(t, s, in, otp.Request{To: ada})
		require.NoError(t, submit(t, s, code))
		return store.took()
	}
	policy := otp.Policy{SendLimits: often}
	newService := func(store otp.Store) (*otp.Service, *otptest.Inbox) {
		return otptest.New(t, otp.Config{Secret: testSecret, Store: store, Policy: policy})
	}

	s, in := newService(store)
	assert.Equal(t, []string{"swap+", "load+", "swap+"}, pair(s, in), "no record")
	assert.Equal(t, []string{"load+", "swap+", "load+", "swap+"}, pair(s, in), "met before")
	s, in = newService(store)
	assert.Equal(t, []string{"swap-", "load+", "swap+", "load+", "swap+"}, pair(s, in), "a record")

	s, in = newService(loadsFirst{store})
	assert.Equal(t, []string{"load+", "swap+", "load+", "swap+"}, pair(s, in), "reads are cheap")
}

// A loadsFirst is a store whose refused swaps cost more than reads.
type loadsFirst struct{ otp.Store }

func (loadsFirst) LoadsFirst() bool { return true }

// A store that is dead, or certain that it has not swapped, is not asked for long: a Send and a
// Spend take one more call.
func TestADeadStoreIsNotRetried(t *testing.T) {
	for name, c := range map[string]struct {
		fault otptest.StoreFault // of each call
		calls int
		takes time.Duration
	}{
		"dead": {otptest.StoreFault{Before: otptest.ErrInjected}, 2, 10 * time.Millisecond},
		"full": {otptest.StoreFault{Before: memstore.ErrFull}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				s, _ := otptest.New(t, otp.Config{Store: &otptest.FaultyStore{
					Store: newTable(),
					Fault: func(otptest.StoreCall) otptest.StoreFault {
						calls++
						return c.fault
					},
				}})

				for what, call := range map[string]func() error{
					"Send": func() error {
						_, err := s.Send(t.Context(), otp.Request{To: ada})
						return err
					},
					"Spend": func() error {
						return s.Spend(t.Context(), "id", "key", time.Now().Add(time.Hour))
					},
				} {
					calls = 0
					begin := time.Now()
					err := call()
					require.ErrorIs(t, err, c.fault.Before, what)
					wantNotJudged(t, err)
					assert.Equal(t, c.calls, calls, what)
					assert.Equal(t, c.takes, time.Since(begin), what)
				}
			})
		})
	}
}

var errAccepted = errors.New("accepted")

// Senders, guessers, the right person and revocation at once: the budgets hold, and nothing else
// goes wrong.
func TestEverythingAtOnce(t *testing.T) {
	for seed := range uint64(10) {
		s, in := otptest.New(t, otp.Config{Store: newTable(), Policy: otp.Policy{
			SendLimits: []otp.Limit{{Count: 3, Window: time.Hour}}}})
		code, _ := send(t, s, in, otp.Request{To: ada})

		got := tally(parallel(200, func(i int) error {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			switch n := r.IntN(100); {
			case n < 20:
				_, err := s.Send(t.Context(), otp.Request{To: ada, Binding: fmt.Sprint(n % 4)})
				return err
			case n < 70:
				return submit(t, s, wrong(code, i))
			case n < 90:
				if err := submit(t, s, code); err != nil {
					return err
				}
				return errAccepted
			case n < 91:
				return s.Revoke(t.Context(), ada, "")
			default:
				_, err := s.Status(t.Context(), otp.Request{To: ada})
				return err
			}
		}), errAccepted, otp.ErrMismatch, otp.ErrRejected, otp.ErrLimited)

		assert.LessOrEqual(t, got[errAccepted], 1)
		assert.LessOrEqual(t, got[otp.ErrMismatch], 10, "of the code, live and used")
		assert.Zero(t, got[errOther])
		assert.LessOrEqual(t, len(in.Messages()), 3)
	}
}

// Rule 8: however many ask at once, the limits hold, and the same code is sent.
func TestAThousandRequests(t *testing.T) {
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{
		SendLimits: []otp.Limit{{Count: 3, Window: time.Hour}}}})

	got := tally(parallel(many, func(int) error {
		_, err := s.Send(t.Context(), otp.Request{To: ada})
		return err
	}), otp.ErrLimited)

	wantTally(t, map[error]int{nil: 3, otp.ErrLimited: many - 3}, got)
	messages := in.Messages()
	require.Len(t, messages, 3)
	for _, m := range messages {
		assert.Equal(t, messages[0].Code.Reveal(), m.Code.Reveal())
	}
}

// A lossyStore applies the next swap, has others write on top, and then loses the reply or says
// that the swap was refused, as a database client does that retries by itself.
type lossyStore struct {
	otp.Store
	onTop   func()
	refuses bool
}

func (s *lossyStore) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	swapped, err := s.Store.CompareAndSwap(ctx, key, old, new, expires)
	onTop := s.onTop
	if onTop == nil || !swapped || err != nil {
		return swapped, err
	}

	s.onTop = nil
	onTop()
	if s.refuses {
		return false, nil
	}
	return false, errors.New("connection reset")
}

// lossy has a Service over a lossyStore, and others over the same table that loses nothing.
type lossy struct {
	store    *lossyStore
	s        *otp.Service
	in       *otptest.Inbox
	others   *otp.Service
	othersIn *otptest.Inbox
}

func newLossy(t *testing.T, refuses bool, policy otp.Policy) *lossy {
	values := newTable()
	l := &lossy{store: &lossyStore{Store: values, refuses: refuses}}
	l.s, l.in = otptest.New(t, otp.Config{Secret: testSecret, Store: l.store, Policy: policy})
	l.others, l.othersIn = otptest.New(t, otp.Config{
		Secret: testSecret, Store: values, Policy: policy})
	return l
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
	for name, onTop := range map[string]func(t *testing.T, l *lossy, code string){
		"nothing": func(*testing.T, *lossy, string) {},
		"a Send": func(t *testing.T, l *lossy, _ string) {
			send(t, l.others, l.othersIn, otp.Request{To: ada})
		},
		"wrong submissions": func(t *testing.T, l *lossy, code string) {
			for i := range 6 {
				require.Error(t, submit(t, l.others, wrong(code, i)))
			}
		},
		"another acceptance": func(t *testing.T, l *lossy, _ string) {
			code, _ := send(t, l.others, l.othersIn, otp.Request{To: ada})
			require.NoError(t, submit(t, l.others, code))
		},
		"Revoke": func(t *testing.T, l *lossy, _ string) {
			require.NoError(t, l.others.Revoke(t.Context(), ada, ""))
		},
		"Unlock": func(t *testing.T, l *lossy, _ string) {
			require.NoError(t, l.others.Unlock(t.Context(), ada))
		},
		"a decoy": func(t *testing.T, l *lossy, _ string) {
			_, err := l.others.Send(t.Context(), otp.Request{To: ada, Decoy: true})
			require.NoError(t, err)
		},
		"expiry": func(*testing.T, *lossy, string) { time.Sleep(3 * time.Second) },
	} {
		forLostReplies(t, name, func(t *testing.T, refuses bool) {
			l := newLossy(t, refuses, otp.Policy{SendLimits: often, Lifetime: 2 * time.Second})
			code, _ := send(t, l.s, l.in, otp.Request{To: ada})
			l.store.onTop = func() { onTop(t, l, code) }

			require.NoError(t, submit(t, l.s, code))
			require.Nil(t, l.store.onTop, "a reply was lost")
			require.ErrorIs(t, submit(t, l.s, code), otp.ErrRejected)
		})
	}
}

// A Send whose reply was lost is neither counted twice nor limited by its own write, with up to
// three others on top.
func TestLostReplyOfASend(t *testing.T) {
	for others := range 4 {
		forLostReplies(t, fmt.Sprint(others, " on top"), func(t *testing.T, refuses bool) {
			limits := []otp.Limit{{Count: 1 + others, Window: time.Hour}}
			l := newLossy(t, refuses, otp.Policy{SendLimits: limits})
			l.store.onTop = func() {
				for range others {
					send(t, l.others, l.othersIn, otp.Request{To: ada})
				}
			}

			code, status := send(t, l.s, l.in, otp.Request{To: ada})
			assert.Len(t, l.in.Messages(), 1)
			assert.True(t, status.Live)
			assert.False(t, status.RetryAt.IsZero())
			_, err := l.others.Send(t.Context(), otp.Request{To: ada})
			require.ErrorIs(t, err, otp.ErrLimited)
			require.NoError(t, submit(t, l.others, code))
		})
	}

	forLostReplies(t, "sends what it recorded", func(t *testing.T, refuses bool) {
		l := newLossy(t, refuses, otp.Policy{SendLimits: often})
		first, _ := send(t, l.s, l.in, otp.Request{To: ada})
		l.store.onTop = func() { // the same code again, with an attempt spent on top
			require.Error(t, submit(t, l.others, wrong(first, 0)))
			again, _ := send(t, l.others, l.othersIn, otp.Request{To: ada})
			assert.Equal(t, first, again)
		}

		again, status := send(t, l.s, l.in, otp.Request{To: ada})
		assert.Equal(t, first, again)
		assert.Equal(t, 4, status.AttemptsLeft)
		assert.Len(t, l.in.Messages(), 2)
	})

	forLostReplies(t, "Unlock on top", func(t *testing.T, refuses bool) {
		limits := []otp.Limit{{Count: 1, Window: time.Hour}}
		l := newLossy(t, refuses, otp.Policy{SendLimits: limits})
		l.store.onTop = func() { require.NoError(t, l.others.Unlock(t.Context(), ada)) }
		send(t, l.s, l.in, otp.Request{To: ada})
		send(t, l.others, l.othersIn, otp.Request{To: ada}) // the first was not counted again
	})

	// Rule 14: nil would say that the Sender took the message.
	forLostReplies(t, "voided before delivery", func(t *testing.T, refuses bool) {
		for _, decoy := range []bool{false, true} {
			l := newLossy(t, refuses, otp.Policy{SendLimits: often})
			l.store.onTop = func() { require.NoError(t, l.others.Revoke(t.Context(), ada, "")) }
			status, err := l.s.Send(t.Context(), otp.Request{To: ada, Decoy: decoy})
			require.ErrorIs(t, err, otp.ErrNotSent)
			assert.False(t, status.Live)
			assert.Empty(t, l.in.Messages())
		}
	})
}

// Rule 3: a wrong submission whose reply was lost may be counted twice, never zero times.
func TestLostReplyOfAWrongSubmission(t *testing.T) {
	forLostReplies(t, "", func(t *testing.T, refuses bool) {
		l := newLossy(t, refuses, otp.Policy{})
		code, _ := send(t, l.s, l.in, otp.Request{To: ada})
		l.store.onTop = func() {}

		err := submit(t, l.s, wrong(code, 0))
		require.ErrorIs(t, err, otp.ErrMismatch)
		assert.Equal(t, 3, rejection(t, err).AttemptsLeft)
	})
}

// A stubbornStore applies the nth swap and says that none has won, or nothing at all. Loads fail
// after the first swap, as often as told.
type stubbornStore struct {
	otp.Store
	on        bool
	swaps     int
	applied   int // which swap is applied
	failLoads int
	refuses   bool
}

func (s *stubbornStore) Load(ctx context.Context, key string) ([]byte, error) {
	if s.on && s.swaps > 0 && s.failLoads > 0 {
		s.failLoads--
		return nil, errors.New("connection reset")
	}
	return s.Store.Load(ctx, key)
}

func (s *stubbornStore) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	if !s.on {
		return s.Store.CompareAndSwap(ctx, key, old, new, expires)
	}

	s.swaps++
	if s.swaps == s.applied {
		if swapped, err := s.Store.CompareAndSwap(ctx, key, old, new, expires); !swapped {
			return false, err
		}
	}
	if s.refuses {
		return false, nil
	}
	return false, errors.New("connection reset")
}

// Rule 1: an acceptance that has won is found, also where a Load fails in between or the swap was
// the last one.
func TestTheLastSwapMayHaveWon(t *testing.T) {
	for name, store := range map[string]*stubbornStore{
		"refused, then a Load fails":  {applied: 1, failLoads: 1, refuses: true},
		"an error, then a Load fails": {applied: 1, failLoads: 1},
		"the last of six errors":      {applied: 6},
		"the last of 64 refusals":     {applied: 64, refuses: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store.Store = newTable()
				s, in := otptest.New(t, otp.Config{Store: store})
				code, _ := send(t, s, in, otp.Request{To: ada})

				store.on = true
				require.NoError(t, submit(t, s, code))
				store.on = false
				require.ErrorIs(t, submit(t, s, code), otp.ErrUsed)
			})
		})
	}
}
