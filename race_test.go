package otp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// parallel runs n calls at once, from behind a gate, and returns their errors.
func parallel(n int, call func(i int) error) []error {
	errs := make([]error, n)
	gate := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-gate
			errs[i] = call(i)
		})
	}
	close(gate)
	done.Wait()
	return errs
}

// tally counts errors by the first of the wanted ones that they match; nil counts as nil, the rest as "other".
func tally(errs []error, kinds ...error) map[error]int {
	counts := map[error]int{}
	other := errors.New("other")
next:
	for _, err := range errs {
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				counts[kind]++
				continue next
			}
		}
		if err != nil {
			err = other
		}
		counts[err]++
	}
	return counts
}

const crowd = 1000

func TestAThousandRightSubmissions(t *testing.T) {
	for name, store := range map[string]otp.Store{
		"memstore": memstore.New(nil),
		"a store that is slow": &otptest.FaultyStore{Store: memstore.New(nil), Fault: func(c otptest.Call) otptest.Fault {
			return otptest.Fault{Delay: time.Duration(c.N%7) * time.Millisecond}
		}},
		"a store that loses replies of swaps": &otptest.FaultyStore{Store: memstore.New(nil), Fault: func(c otptest.Call) (f otptest.Fault) {
			f.Delay = time.Duration(c.N%7) * time.Millisecond
			if c.N > 2 && c.Method == "CompareAndSwap" && c.N%3 != 0 {
				f.After = otptest.ErrInjected
			}
			return f
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, in := otptest.New(t, otp.Config{Store: store})
			code, _ := send(t, s, in, otp.Request{To: ada})
			errs := parallel(crowd, func(int) error { return submit(t, s, code) })
			if got := tally(errs, otp.ErrUsed); got[nil] != 1 || got[otp.ErrUsed] != crowd-1 {
				t.Errorf("%d accepted, %d refused as used of %d", got[nil], got[otp.ErrUsed], crowd)
			}
			want(t, "one more", submit(t, s, code), otp.ErrUsed)
		})
	}
}

func TestAThousandWrongSubmissions(t *testing.T) {
	for name, wrap := range map[string]func(otp.Store) otp.Store{
		"memory": func(s otp.Store) otp.Store { return s },
		"a store that is slow": func(s otp.Store) otp.Store {
			return &otptest.FaultyStore{Store: s, Fault: func(c otptest.Call) otptest.Fault {
				return otptest.Fault{Delay: time.Duration(c.N%7) * time.Millisecond}
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newTable()
			s, in := otptest.New(t, otp.Config{Store: wrap(store), Policy: otp.Policy{MaxAttempts: 5}})
			code, _ := send(t, s, in, otp.Request{To: ada})
			store.took()
			errs := parallel(crowd, func(i int) error { return submit(t, s, wrong(code, i)) })
			got := tally(errs, otp.ErrMismatch, otp.ErrExhausted)
			if got[otp.ErrMismatch] != 5 || got[otp.ErrExhausted] != crowd-5 {
				t.Errorf("%d compared, %d refused unseen of %d, want 5 and the rest", got[otp.ErrMismatch], got[otp.ErrExhausted], crowd)
			}
			paid := 0
			for _, call := range store.took() {
				if call == "swap+" {
					paid++
				}
			}
			if paid != 5 {
				t.Errorf("%d attempts were paid for, want 5", paid)
			}
			want(t, "the right code afterwards", submit(t, s, code), otp.ErrExhausted)
		})
	}
}

// Whatever the store loses: never two acceptances, never more comparisons than attempts, and no right code is called
// wrong while it is live.
func TestCrowdsOverAFaultyStore(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			store := newTable()
			honest, in := otptest.New(t, otp.Config{Store: store, Secret: testSecret})
			code, _ := send(t, honest, in, otp.Request{To: ada})
			s, _ := otptest.New(t, otp.Config{
				Secret: testSecret,
				Store:  &otptest.FaultyStore{Store: store, Fault: otptest.RandomFaults(seed, 0.2, 2*time.Millisecond)},
			})
			right := tally(parallel(crowd, func(int) error { return submit(t, s, code) }), otp.ErrUsed, otp.ErrRejected)
			if right[nil] > 1 || right[otp.ErrRejected] > 0 {
				t.Errorf("%d accepted, %d called wrong", right[nil], right[otp.ErrRejected])
			}
			want(t, "the code afterwards", submit(t, honest, code), otp.ErrUsed)

			fresh := newTable()
			honest, in = otptest.New(t, otp.Config{Store: fresh, Secret: testSecret})
			code, _ = send(t, honest, in, otp.Request{To: ada})
			s, _ = otptest.New(t, otp.Config{
				Secret: testSecret,
				Store:  &otptest.FaultyStore{Store: fresh, Fault: otptest.RandomFaults(seed+100, 0.2, 2*time.Millisecond)},
			})
			bad := tally(parallel(crowd, func(i int) error { return submit(t, s, wrong(code, i)) }), otp.ErrMismatch, otp.ErrExhausted)
			if bad[nil] > 0 || bad[otp.ErrMismatch] > 5 {
				t.Errorf("%d accepted, %d compared", bad[nil], bad[otp.ErrMismatch])
			}
			want(t, "the right code afterwards", submit(t, honest, code), otp.ErrExhausted)
		})
	}
}

// Everybody at once: senders, guessers, the right person, revocation. The budgets hold, and nothing else goes wrong.
func TestEverythingAtOnce(t *testing.T) {
	for seed := range uint64(20) {
		store := newTable()
		s, in := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{SendLimits: []otp.Limit{{Count: 3, Window: time.Hour}}}})
		code, _ := send(t, s, in, otp.Request{To: ada})
		errs := parallel(200, func(i int) error {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			switch n := r.IntN(100); {
			case n < 20:
				_, err := s.Send(t.Context(), otp.Request{To: ada, Bind: fmt.Sprint(n % 4)})
				return err
			case n < 70:
				return submit(t, s, wrong(code, i))
			case n < 90:
				err := submit(t, s, code)
				if err == nil {
					err = errAccepted
				}
				return err
			case n < 91:
				return s.Revoke(t.Context(), ada)
			default:
				_, err := s.Status(t.Context(), ada, "")
				return err
			}
		})
		got := tally(errs, errAccepted, otp.ErrMismatch, otp.ErrRejected, otp.ErrLimited, otp.ErrLocked)
		if got[errAccepted] > 1 || got[otp.ErrMismatch] > 5 {
			t.Errorf("seed %d: %d accepted, %d compared", seed, got[errAccepted], got[otp.ErrMismatch])
		}
		for err, n := range got {
			if err != nil && err.Error() == "other" {
				t.Errorf("seed %d: %d calls failed otherwise", seed, n)
			}
		}
		if n := len(in.Messages()); n > 3 {
			t.Errorf("seed %d: %d messages were sent, want at most 3", seed, n)
		}
	}
}

var errAccepted = errors.New("accepted")

// However many ask at once, the limits hold and everybody is told the truth.
func TestAThousandRequests(t *testing.T) {
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: []otp.Limit{{Count: 3, Window: time.Hour}}}})
	errs := parallel(crowd, func(int) error {
		_, err := s.Send(t.Context(), otp.Request{To: ada})
		return err
	})
	got := tally(errs, otp.ErrLimited)
	messages := in.Messages()
	if got[nil] != 3 || got[otp.ErrLimited] != crowd-3 || len(messages) != 3 {
		t.Fatalf("%d sent, %d limited, %d messages of %d, want 3", got[nil], got[otp.ErrLimited], len(messages), crowd)
	}
	for _, m := range messages {
		if m.Code.Reveal() != messages[0].Code.Reveal() {
			t.Error("two different codes were sent")
		}
	}
}
