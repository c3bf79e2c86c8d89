package otp_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A losing store applies the next swap, has others write on top, and then loses the reply or says that the swap was
// refused, as a database client does that retries by itself.
type losing struct {
	otp.Store
	onTop   func()
	refuses bool
}

func (s *losing) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
	swapped, err := s.Store.CompareAndSwap(ctx, key, old, new, expires)
	if onTop := s.onTop; onTop != nil && swapped && err == nil {
		s.onTop = nil
		onTop()
		if s.refuses {
			return false, nil
		}
		return false, errors.New("connection reset")
	}
	return swapped, err
}

// losers returns a Service over a losing store, and one over the same table that loses nothing.
func losers(t *testing.T, refuses bool, policy otp.Policy) (store *losing, s, others *otp.Service, in, othersIn *otptest.Inbox) {
	values := newTable()
	store = &losing{Store: values, refuses: refuses}
	s, in = otptest.New(t, otp.Config{Secret: testSecret, Store: store, Policy: policy})
	others, othersIn = otptest.New(t, otp.Config{Secret: testSecret, Store: values, Policy: policy})
	return store, s, others, in, othersIn
}

func TestLostReplyOfAnAcceptance(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		for name, onTop := range map[string]func(t *testing.T, others *otp.Service, in *otptest.Inbox){
			"nobody": func(*testing.T, *otp.Service, *otptest.Inbox) {},
			"a Send": func(t *testing.T, others *otp.Service, in *otptest.Inbox) {
				send(t, others, in, otp.Request{To: ada})
			},
			"a Send and wrong submissions": func(t *testing.T, others *otp.Service, in *otptest.Inbox) {
				code, _ := send(t, others, in, otp.Request{To: ada})
				for i := range 6 {
					submit(t, others, wrong(code, i))
				}
			},
			"another acceptance": func(t *testing.T, others *otp.Service, in *otptest.Inbox) {
				code, _ := send(t, others, in, otp.Request{To: ada})
				want(t, "the acceptance on top", submit(t, others, code), nil)
			},
			"Revoke": func(t *testing.T, others *otp.Service, _ *otptest.Inbox) {
				want(t, "Revoke", others.Revoke(t.Context(), ada), nil)
			},
			"a decoy": func(t *testing.T, others *otp.Service, _ *otptest.Inbox) {
				_, err := others.Send(t.Context(), otp.Request{To: ada, Decoy: true})
				want(t, "the decoy on top", err, nil)
			},
		} {
			t.Run(name, func(t *testing.T) {
				store, s, others, in, othersIn := losers(t, refuses, otp.Policy{SendLimits: often})
				code, _ := send(t, s, in, otp.Request{To: ada})
				store.onTop = func() { onTop(t, others, othersIn) }
				want(t, "the submission whose reply was lost", submit(t, s, code), nil)
				if store.onTop != nil {
					t.Fatal("no reply was lost")
				}
				if err := submit(t, s, code); !errors.Is(err, otp.ErrRejected) {
					t.Errorf("the same code again: %v", err)
				}
			})
		}
	}
}

func TestLostReplyOfASend(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		t.Run("is not limited by its own write", func(t *testing.T) {
			store, s, others, in, _ := losers(t, refuses, otp.Policy{SendLimits: []otp.Limit{{Count: 1, Window: time.Hour}}})
			store.onTop = func() {}
			code, status := send(t, s, in, otp.Request{To: ada})
			if len(in.Messages()) != 1 || !status.Live || status.RetryAt.IsZero() {
				t.Errorf("%d messages, %+v", len(in.Messages()), status)
			}
			_, err := others.Send(t.Context(), otp.Request{To: ada})
			want(t, "a second Send", err, otp.ErrLimited)
			want(t, "the code", submit(t, others, code), nil)
		})
		t.Run("sends what it recorded", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, s, others, in, othersIn := losers(t, refuses, otp.Policy{SendLimits: often})
				first, _ := send(t, s, in, otp.Request{To: ada})
				store.onTop = func() { // the same code again, with attempts spent on top
					submit(t, others, wrong(first, 0))
					again, _ := send(t, others, othersIn, otp.Request{To: ada})
					if again != first {
						t.Error("the code on top is another one")
					}
				}
				again, status := send(t, s, in, otp.Request{To: ada})
				if again != first || status.AttemptsLeft != 4 || len(in.Messages()) != 2 {
					t.Errorf("the same code: %v, %d attempts left, %d messages", again == first, status.AttemptsLeft, len(in.Messages()))
				}
			})
		})
		t.Run("sends nothing dead", func(t *testing.T) {
			store, s, others, in, _ := losers(t, refuses, otp.Policy{SendLimits: often})
			store.onTop = func() { want(t, "Revoke", others.Revoke(t.Context(), ada), nil) }
			status, err := s.Send(t.Context(), otp.Request{To: ada})
			if err != nil || status.Live || len(in.Messages()) != 0 {
				t.Errorf("after a Revoke on top: %+v, %v, %d messages", status, err, len(in.Messages()))
			}
		})
	}
}

func TestLostReplyOfTheMarkOfAFailedSend(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			store, s, _, in, _ := losers(t, refuses, otp.Policy{SendLimits: []otp.Limit{{Count: 1, Window: time.Minute}, {Count: 2, Window: time.Hour}}})
			in.Fail(otp.ErrNotSent)
			for range 10 {
				swaps := 0
				store.Store.(*table).onSwap = func() {
					if swaps++; swaps == 2 {
						store.onTop = func() {}
					}
				}
				status, err := s.Send(t.Context(), otp.Request{To: ada})
				want(t, "Send", err, otp.ErrNotSent)
				if store.onTop != nil || swaps != 2 {
					t.Fatalf("%d swaps, want two, the second with a lost reply", swaps)
				}
				time.Sleep(time.Until(status.RetryAt))
			}
			in.Fail(nil)
			send(t, s, in, otp.Request{To: ada})
		})
	}
}

// A wrong submission whose reply is lost may be counted twice, never zero times, and is never accepted.
func TestLostReplyOfAWrongSubmission(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		store, s, _, in, _ := losers(t, refuses, otp.Policy{})
		code, _ := send(t, s, in, otp.Request{To: ada})
		store.onTop = func() {}
		err := submit(t, s, wrong(code, 0))
		want(t, "wrong code", err, otp.ErrMismatch)
		if left := rejection(t, err).AttemptsLeft; left != 3 {
			t.Errorf("%d attempts left, want 3", left)
		}
	}
}

// An operation gives up in bounded time on a store that never answers, with an error that says so.
func TestAStoreThatNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := errors.New("no answer")
		on := false
		s, in := otptest.New(t, otp.Config{Store: &otptest.FaultyStore{Store: newTable(), Fault: func(c otptest.Call) (f otptest.Fault) {
			if on && c.Method == "CompareAndSwap" {
				f.Before = dead
			}
			return f
		}}})
		code, _ := send(t, s, in, otp.Request{To: ada})
		on = true
		begin := time.Now()
		want(t, "right code", submit(t, s, code), dead)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Millisecond)
		defer cancel()
		begin = time.Now()
		err := s.Verify(ctx, otp.Submission{To: ada, Code: code})
		wantNotJudged(t, "with a deadline", err)
		if took := time.Since(begin); took > 15*time.Millisecond {
			t.Errorf("took %v, want no more than the deadline", took)
		}
		on = false
		want(t, "right code", submit(t, s, code), nil)
	})
}

// Losing every race is an error that is no rejection.
func TestEndlessContention(t *testing.T) {
	values := newTable()
	s, in := otptest.New(t, otp.Config{Store: refusing{values}})
	_, err := s.Send(t.Context(), otp.Request{To: ada})
	wantNotJudged(t, "Send", err)
	if n := len(in.Messages()); n > 0 {
		t.Errorf("%d messages were sent without a record", n)
	}
	if n := len(values.took()); n > 200 {
		t.Errorf("%d calls of the store", n)
	}
}

type refusing struct{ *table }

func (refusing) CompareAndSwap(context.Context, string, []byte, []byte, time.Time) (bool, error) {
	return false, nil
}
