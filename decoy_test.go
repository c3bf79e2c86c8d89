package otp_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// Over a long random history, a known and an unknown address see the same calls of the store, errors and Status.
func TestRule10DecoysAreToldFromNothing(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(10, seed))
			stores := [2]*table{newTable(), newTable()}
			var services [2]*otp.Service
			var in *otptest.Inbox
			policy := otp.Policy{MaxFailures: 5 + r.IntN(20), LiveCodes: 1 + r.IntN(3), MaxAttempts: 1 + r.IntN(5)}
			for i := range services {
				var inbox *otptest.Inbox
				services[i], inbox = otptest.New(t, otp.Config{Store: stores[i], Policy: policy})
				if i == 0 {
					in = inbox
				}
			}
			seen := map[string]int{}
			for step := range 1000 {
				bind := []string{"", "", "one", "two"}[r.IntN(4)]
				typed := fmt.Sprintf("%06d", r.IntN(1_000_000))
				for _, m := range in.Messages() { // never by chance the right code
					if m.Code.Reveal() == typed {
						typed = wrong(typed, step)
					}
				}
				op := r.IntN(20)
				var outcomes [2]string
				for i, s := range services {
					var status otp.Status
					var err error
					switch {
					case op < 7:
						status, err = s.Send(t.Context(), otp.Request{To: ada, Bind: bind, Decoy: i == 1})
					case op < 16:
						err = s.Verify(t.Context(), otp.Submission{To: ada, Bind: bind, Code: typed})
						if rejected, ok := errors.AsType[*otp.RejectedError](err); ok {
							status = rejected.Status
						}
					case op < 18:
						status, err = s.Status(t.Context(), ada, bind)
					case op < 19:
						err = s.Revoke(t.Context(), ada)
					default:
						err = s.Unlock(t.Context(), ada)
					}
					outcomes[i] = fmt.Sprintf("%v, %+v, %v", stores[i].took(), status, err)
					if i == 0 {
						seen[fmt.Sprint(err)]++
					}
				}
				if outcomes[0] != outcomes[1] {
					t.Fatalf("history %d, step %d:\nknown:   %s\nunknown: %s", seed, step, outcomes[0], outcomes[1])
				}
				time.Sleep(time.Duration(r.ExpFloat64() * float64(time.Minute)))
			}
			if len(seen) < 5 {
				t.Errorf("history %d has seen too little: %v", seed, seen)
			}
		})
	}
}

// No path of Send is faster than MinSendTime, nor slower if the Sender is not.
func TestRule10NoSendIsFasterThanMinSendTime(t *testing.T) {
	for _, c := range []struct{ set, want time.Duration }{{0, 500 * time.Millisecond}, {time.Second, time.Second}, {-1, 0}} {
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("the store is on fire")
			on := false
			var delivery error
			store := &otptest.FaultyStore{Store: newTable(), Fault: func(otptest.Call) (f otptest.Fault) {
				if on {
					f.Before = broken
				}
				return f
			}}
			// Not otptest.New, which turns MinSendTime off.
			s, err := otp.New(otp.Config{
				Purpose: "test", Secret: testSecret, Store: store, Policy: otp.Policy{MinSendTime: c.set, MaxFailures: 5},
				Sender: otp.SenderFunc(func(context.Context, otp.Message) error {
					if c.want > 0 {
						time.Sleep(c.want - time.Millisecond)
					}
					return delivery
				}),
			})
			want(t, "New", err, nil)
			cancelled, cancel := context.WithCancel(t.Context())
			cancel()
			timed := func(what string, ctx context.Context, r otp.Request, wanted error) {
				t.Helper()
				begin := time.Now()
				_, err := s.Send(ctx, r)
				if took := time.Since(begin); took != c.want {
					t.Errorf("%s takes %v, want %v", what, took, c.want)
				}
				want(t, what, err, wanted)
			}
			timed("a real one", t.Context(), otp.Request{To: ada}, nil)
			timed("a limited one", t.Context(), otp.Request{To: ada}, otp.ErrLimited)
			timed("a decoy", t.Context(), otp.Request{To: "grace@example.com", Decoy: true}, nil)
			timed("a limited decoy", t.Context(), otp.Request{To: "grace@example.com", Decoy: true}, otp.ErrLimited)
			timed("a locked one", t.Context(), otp.Request{To: ada, Bind: "flow"}, otp.ErrLocked)
			delivery = otp.ErrNotSent
			timed("a failing one", t.Context(), otp.Request{To: "alan@example.com"}, otp.ErrNotSent)
			timed("a cancelled one", cancelled, otp.Request{To: "edsger@example.com"}, otp.ErrNotSent)
			on = true
			timed("one that the store fails", t.Context(), otp.Request{To: ada}, broken)
			begin := time.Now()
			if _, err := s.Send(t.Context(), otp.Request{}); err == nil || time.Since(begin) != c.want {
				t.Errorf("a bad one takes %v, want %v; error: %v", time.Since(begin), c.want, err)
			}
		})
	}
}

// A decoy is never delivered, also not when a lost reply makes Send look at it again.
func TestRule10DecoysAreNeverSent(t *testing.T) {
	s, in := otptest.New(t, otp.Config{
		Store:  &otptest.FaultyStore{Store: newTable(), Fault: otptest.RandomFaults(1, 0.3, 0)},
		Policy: otp.Policy{SendLimits: often},
	})
	var outcomes []bool
	for i := range 100 {
		_, err := s.Send(t.Context(), otp.Request{To: fmt.Sprint(i), Decoy: true})
		outcomes = append(outcomes, err == nil)
	}
	if !slices.Contains(outcomes, true) {
		t.Error("no Send went through")
	}
	if n := len(in.Messages()); n > 0 {
		t.Errorf("%d messages were sent", n)
	}
}
