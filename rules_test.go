package otp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// The tests of this file are named after the rules in docs/design.md. Time in them is that of testing/synctest.

func TestRule01ACodeIsAcceptedOnce(t *testing.T) {
	s, in := otptest.New(t, otp.Config{})
	code, _ := send(t, s, in, otp.Request{To: ada})
	want(t, "first submission", submit(t, s, code), nil)
	want(t, "second submission", submit(t, s, code), otp.ErrUsed)
	want(t, "wrong submission after it", submit(t, s, wrong(code, 1)), otp.ErrUsed)
}

func TestRule02NeverAtOrAfterExpiry(t *testing.T) {
	for _, c := range []struct {
		name   string
		offset time.Duration
		want   error
	}{
		{"one nanosecond before", -tick, nil},
		{"at", 0, otp.ErrExpired},
		{"one nanosecond after", tick, otp.ErrExpired},
		{"a day after", day, otp.ErrExpired},
	} {
		for _, begin := range []time.Duration{0, tick, time.Second / 3, time.Second - tick} {
			t.Run(fmt.Sprint(c.name, ", sent at second ", begin), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(begin)
					asked := time.Now()
					s, in := otptest.New(t, otp.Config{Store: newTable()})
					code, status := send(t, s, in, otp.Request{To: ada})
					if life := status.ExpiresAt.Sub(asked); life > 10*time.Minute || life <= 10*time.Minute-time.Second {
						t.Fatalf("the code lives %v, want the Lifetime less the part of a second", life)
					}
					if !in.Messages()[0].ExpiresAt.Equal(status.ExpiresAt) {
						t.Error("Message and Status name different times")
					}
					time.Sleep(time.Until(status.ExpiresAt) + c.offset)
					want(t, "the right code", submit(t, s, code), c.want)
				})
			})
		}
	}
}

func TestRule03MaxAttemptsPerCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTable()
		s, in := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{SendLimits: often}})
		code, status := send(t, s, in, otp.Request{To: ada})
		for left := status.AttemptsLeft - 1; left >= 0; left-- {
			err := submit(t, s, wrong(code, left))
			want(t, "wrong code", err, otp.ErrMismatch)
			if got := rejection(t, err); got.AttemptsLeft != left || got.Live != (left > 0) {
				t.Fatalf("Status %+v, want %d attempts left", got, left)
			}
		}
		store.took()
		want(t, "right code after the last attempt", submit(t, s, code), otp.ErrExhausted)
		if calls := store.took(); !slices.Equal(calls, []string{"load+"}) {
			t.Errorf("an exhausted code costs %v, want one load", calls)
		}

		// A wrong submission costs every live code of its Bind one attempt.
		first, _ := send(t, s, in, otp.Request{To: ada})
		time.Sleep(5*time.Minute + tick)
		second, _ := send(t, s, in, otp.Request{To: ada})
		if first == second {
			t.Fatal("no second code")
		}
		for range 4 {
			want(t, "wrong code", submit(t, s, wrong(first, 3)), otp.ErrMismatch)
		}
		want(t, "last wrong code", submit(t, s, wrong(first, 3)), otp.ErrMismatch)
		want(t, "the older code", submit(t, s, first), otp.ErrExhausted)
		want(t, "the newer code", submit(t, s, second), otp.ErrExhausted)
	})
}

func TestRule04AskingAgainGivesNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: otp.Policy{MaxFailures: 9, SendLimits: often}})
		code, _ := send(t, s, in, otp.Request{To: ada})
		for range 4 {
			want(t, "wrong code", submit(t, s, wrong(code, 0)), otp.ErrMismatch)
		}
		again, status := send(t, s, in, otp.Request{To: ada})
		if again != code || status.AttemptsLeft != 1 {
			t.Fatalf("asking again: the same code: %v, attempts left: %d, want the same and 1", again == code, status.AttemptsLeft)
		}
		want(t, "fifth wrong code", submit(t, s, wrong(code, 0)), otp.ErrMismatch)
		want(t, "right code", submit(t, s, code), otp.ErrExhausted)
		// Five failures and five more attempts are more than nine: they were not forgotten.
		_, err := s.Send(t.Context(), otp.Request{To: ada})
		want(t, "asking for a new code", err, otp.ErrLocked)
	})
}

func TestRule05TheSameCodeAgainInTheFirstHalf(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		same  bool
	}{
		{0, true}, {5*time.Minute - tick, true}, {5 * time.Minute, true}, {5*time.Minute + tick, false}, {10*time.Minute - tick, false},
	} {
		t.Run(c.after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var events []otp.Event
				s, in := otptest.New(t, otp.Config{
					Policy:  otp.Policy{SendLimits: often},
					Observe: func(_ context.Context, e otp.Event) { events = append(events, e) },
				})
				first, before := send(t, s, in, otp.Request{To: ada})
				time.Sleep(c.after)
				second, after := send(t, s, in, otp.Request{To: ada})
				if same := first == second; same != c.same || events[1].Resent != c.same {
					t.Fatalf("the same code: %v, Event.Resent: %v, want %v", same, events[1].Resent, c.same)
				}
				if extended := after.ExpiresAt.After(before.ExpiresAt); extended == c.same {
					t.Errorf("expiry goes from %v to %v", before.ExpiresAt, after.ExpiresAt)
				}
				// The older code keeps what life it has.
				time.Sleep(time.Until(before.ExpiresAt) - tick)
				want(t, "the older code", submit(t, s, first), nil)
			})
		})
	}

	t.Run("not after it was used, exhausted or revoked", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})
			first, _ := send(t, s, in, otp.Request{To: ada})
			want(t, "right code", submit(t, s, first), nil)
			second, _ := send(t, s, in, otp.Request{To: ada})
			for range 5 {
				submit(t, s, wrong(second, 0))
			}
			third, _ := send(t, s, in, otp.Request{To: ada})
			want(t, "Revoke", s.Revoke(t.Context(), ada), nil)
			fourth, _ := send(t, s, in, otp.Request{To: ada})
			codes := []string{first, second, third, fourth}
			if slices.Sort(codes); len(slices.Compact(codes)) != 4 {
				t.Error("a dead code was sent again")
			}
			want(t, "the last code", submit(t, s, fourth), nil)
		})
	})

	t.Run("a decoy voids real codes, and the other way round", func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})
		code, _ := send(t, s, in, otp.Request{To: ada})
		_, err := s.Send(t.Context(), otp.Request{To: ada, Decoy: true})
		want(t, "decoy", err, nil)
		want(t, "the real code", submit(t, s, code), otp.ErrMismatch) // compared with the decoy's
		code, status := send(t, s, in, otp.Request{To: ada})
		if status.AttemptsLeft != 5 {
			t.Errorf("attempts left: %d, want those of a new code", status.AttemptsLeft)
		}
		want(t, "the new code", submit(t, s, code), nil)
	})
}

func TestRule06SuccessRevokeAndUnlock(t *testing.T) {
	policy := otp.Policy{SendLimits: often, MaxFailures: 10}
	// prepare leaves one live code and five failures, which leaves no room for another code.
	prepare := func(t *testing.T) (s *otp.Service, unbound string) {
		s, in := otptest.New(t, otp.Config{Policy: policy})
		code, _ := send(t, s, in, otp.Request{To: ada, Bind: "spoilt"})
		for range 5 {
			s.Verify(t.Context(), otp.Submission{To: ada, Bind: "spoilt", Code: wrong(code, 0)})
		}
		unbound, _ = send(t, s, in, otp.Request{To: ada})
		if _, err := s.Send(t.Context(), otp.Request{To: ada, Bind: "flow"}); !errors.Is(err, otp.ErrLocked) {
			t.Fatalf("after five failures and with five open attempts: %v, want ErrLocked", err)
		}
		return s, unbound
	}
	asks := func(t *testing.T, s *otp.Service, bind string) error {
		_, err := s.Send(t.Context(), otp.Request{To: ada, Bind: bind})
		return err
	}

	t.Run("success voids all codes and clears the failures", func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: policy})
		code, _ := send(t, s, in, otp.Request{To: ada, Bind: "spoilt"})
		for range 4 {
			s.Verify(t.Context(), otp.Submission{To: ada, Bind: "spoilt", Code: wrong(code, 0)})
		}
		unbound, _ := send(t, s, in, otp.Request{To: ada}) // 4 failures, 1 open attempt, 5 new ones
		want(t, "right code", submit(t, s, unbound), nil)
		want(t, "the other code", s.Verify(t.Context(), otp.Submission{To: ada, Bind: "spoilt", Code: code}), otp.ErrNoCode)
		want(t, "asking for a code", asks(t, s, "one"), nil)
		want(t, "asking for another", asks(t, s, "two"), nil) // 5 open attempts, 5 new ones: no failures left
	})
	t.Run("Revoke only voids codes", func(t *testing.T) {
		s, unbound := prepare(t)
		want(t, "Revoke", s.Revoke(t.Context(), ada), nil)
		want(t, "the code", submit(t, s, unbound), otp.ErrNoCode)
		want(t, "asking for a code", asks(t, s, "one"), nil)            // 5 failures, 5 new attempts
		want(t, "asking for another", asks(t, s, "two"), otp.ErrLocked) // the failures are still there
	})
	t.Run("Unlock only clears failures", func(t *testing.T) {
		s, unbound := prepare(t)
		want(t, "Unlock", s.Unlock(t.Context(), ada), nil)
		want(t, "asking for another", asks(t, s, "two"), nil)
		want(t, "the code", submit(t, s, unbound), nil)
	})
	t.Run("nothing to void or clear writes nothing", func(t *testing.T) {
		store := newTable()
		s, _ := otptest.New(t, otp.Config{Store: store})
		want(t, "Revoke", s.Revoke(t.Context(), ada), nil)
		want(t, "Unlock", s.Unlock(t.Context(), ada), nil)
		if calls := store.took(); !slices.Equal(calls, []string{"load-", "load-"}) {
			t.Errorf("the calls are %v, want two loads", calls)
		}
	})
}

func TestRule07LockedBeforeTooManyFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: otp.Policy{MaxFailures: 12, SendLimits: often}})
		exhaust := func() {
			code, _ := send(t, s, in, otp.Request{To: ada})
			for range 5 {
				want(t, "wrong code", submit(t, s, wrong(code, 0)), otp.ErrMismatch)
			}
		}
		exhaust() // 5
		code, status := send(t, s, in, otp.Request{To: ada})
		if status.Locked {
			t.Error("locked while the live code can be sent again")
		}
		// With five failures and five open attempts there is no room for a second code.
		refused, err := s.Send(t.Context(), otp.Request{To: ada, Bind: "flow"})
		want(t, "a second code", err, otp.ErrLocked)
		if !refused.Locked || refused.Live || !refused.RetryAt.Equal(status.ExpiresAt) {
			t.Errorf("Status %+v, want locked until the live code expires at %v", refused, status.ExpiresAt)
		}
		for range 5 {
			want(t, "wrong code", submit(t, s, wrong(code, 0)), otp.ErrMismatch)
		} // 10
		failed := time.Now()
		refused, err = s.Send(t.Context(), otp.Request{To: ada})
		want(t, "at ten failures of twelve", err, otp.ErrLocked)
		if !refused.Locked || !refused.RetryAt.Equal(failed.Add(30*day)) {
			t.Errorf("Status %+v, want locked until %v", refused, failed.Add(30*day))
		}
		time.Sleep(time.Until(refused.RetryAt) - tick)
		_, err = s.Send(t.Context(), otp.Request{To: ada})
		want(t, "one nanosecond before RememberFailures have passed", err, otp.ErrLocked)
		time.Sleep(tick)
		exhaust()
		exhaust()
		_, err = s.Send(t.Context(), otp.Request{To: ada})
		want(t, "at ten failures again", err, otp.ErrLocked)
		want(t, "Unlock", s.Unlock(t.Context(), ada), nil)
		exhaust()
	})

	t.Run("live codes stay usable", func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: otp.Policy{MaxFailures: 5, SendLimits: often}})
		code, _ := send(t, s, in, otp.Request{To: ada})
		for range 4 {
			submit(t, s, wrong(code, 0))
		}
		_, err := s.Send(t.Context(), otp.Request{To: ada, Bind: "flow"})
		want(t, "a new code", err, otp.ErrLocked)
		again, _ := send(t, s, in, otp.Request{To: ada})
		want(t, "the live code", submit(t, s, again), nil)
	})

	t.Run("never more than a hundred failures in a row", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})
			failures := 0
			for range 100 {
				if _, err := s.Send(t.Context(), otp.Request{To: ada}); err != nil {
					want(t, "Send", err, otp.ErrLocked)
					break
				}
				code := in.Code(t, ada)
				for errors.Is(submit(t, s, wrong(code, 0)), otp.ErrMismatch) {
					failures++
				}
				time.Sleep(20 * time.Hour)
			}
			if failures != 100 {
				t.Errorf("%d wrong submissions were compared before the lock, want 100", failures)
			}
		})
	})
}

func TestRule08SendLimitsHoldForTheAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTable()
		s, _ := otptest.New(t, otp.Config{Store: store})
		spelled := []string{ada, "ADA@example.com", " ada@EXAMPLE.com\n", "aDa@example.Com"}
		asked := 0
		ask := func(wanted error) otp.Status {
			t.Helper()
			asked++
			status, err := s.Send(t.Context(), otp.Request{To: spelled[asked%len(spelled)], Bind: fmt.Sprint(asked % 2)})
			want(t, fmt.Sprintf("request %d", asked), err, wanted)
			return status
		}
		begin := time.Now()
		at := func(wanted time.Duration, status otp.Status) {
			t.Helper()
			if got := status.RetryAt.Sub(begin); got != wanted {
				t.Fatalf("RetryAt is after %v, want %v", got, wanted)
			}
			time.Sleep(time.Until(status.RetryAt) - tick)
			ask(otp.ErrLimited)
			time.Sleep(tick)
		}
		for i := range time.Duration(4) {
			at((i+1)*time.Minute, ask(nil)) // one in a minute
		}
		at(time.Hour, ask(nil)) // the fifth: five in an hour
		for range 4 {
			ask(nil)
			time.Sleep(time.Minute)
		}
		at(24*time.Hour, ask(nil)) // the tenth: ten in a day
		store.took()
		ask(nil)
		store.took()
		ask(otp.ErrLimited)
		if calls := store.took(); !slices.Equal(calls, []string{"load+"}) {
			t.Errorf("a refused Send costs %v, want one load", calls)
		}
		if _, err := s.Send(t.Context(), otp.Request{To: "grace@example.com"}); err != nil {
			t.Errorf("another address: %v", err)
		}
		other, _ := otptest.New(t, otp.Config{Store: store, Purpose: "other"})
		if _, err := other.Send(t.Context(), otp.Request{To: ada}); err != nil {
			t.Errorf("another purpose: %v", err)
		}
	})

	t.Run("letters beyond ASCII are not folded", func(t *testing.T) {
		s, _ := otptest.New(t, otp.Config{})
		for _, to := range []string{"mike@example.com", "mi\u212ae@example.com", "m\u0131ke@example.com", "ÄDA@example.com", "äda@example.com", "a\xff@x", "a\xfe@x"} {
			if _, err := s.Send(t.Context(), otp.Request{To: to}); err != nil {
				t.Errorf("%q counts as another address: %v", to, err)
			}
		}
	})
}

func TestRule09Bind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTable()
		s, in := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{SendLimits: often}})
		code, before := send(t, s, in, otp.Request{To: ada, Bind: "flow"})
		store.took()
		for _, bind := range []string{"", "Flow", "flow ", "other"} {
			for range 6 {
				err := s.Verify(t.Context(), otp.Submission{To: ada, Bind: bind, Code: code})
				want(t, "the right code with another Bind", err, otp.ErrNoCode)
			}
		}
		if slices.Contains(store.took(), "swap+") {
			t.Error("a submission with another Bind has written something")
		}
		status, err := s.Status(t.Context(), ada, "flow")
		want(t, "Status", err, nil)
		if status.AttemptsLeft != before.AttemptsLeft {
			t.Errorf("attempts left: %d, want %d", status.AttemptsLeft, before.AttemptsLeft)
		}

		// Another Bind never displaces a code: the fourth has to wait until one of three expires.
		for _, bind := range []string{"", "third"} {
			time.Sleep(time.Second)
			send(t, s, in, otp.Request{To: ada, Bind: bind})
		}
		status, err = s.Send(t.Context(), otp.Request{To: ada, Bind: "fourth"})
		want(t, "a fourth code", err, otp.ErrLimited)
		if !status.RetryAt.Equal(before.ExpiresAt) || status.Live {
			t.Errorf("Status %+v, want RetryAt at the first expiry, %v", status, before.ExpiresAt)
		}
		again, _ := send(t, s, in, otp.Request{To: ada, Bind: "flow"})
		if again != code {
			t.Error("the code of the first flow is not sent again")
		}
		time.Sleep(time.Until(before.ExpiresAt) - tick)
		_, err = s.Send(t.Context(), otp.Request{To: ada, Bind: "fourth"})
		want(t, "just before", err, otp.ErrLimited)
		time.Sleep(tick)
		fourth, _ := send(t, s, in, otp.Request{To: ada, Bind: "fourth"})
		want(t, "the fourth code", s.Verify(t.Context(), otp.Submission{To: ada, Bind: "fourth", Code: fourth}), nil)
	})

	t.Run("RequireBind", func(t *testing.T) {
		store := newTable()
		s, in := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{RequireBind: true}})
		_, err := s.Send(t.Context(), otp.Request{To: ada})
		wantNotJudged(t, "Send without Bind", err)
		wantNotJudged(t, "Verify without Bind", submit(t, s, "123456"))
		_, err = s.Status(t.Context(), ada, "")
		wantNotJudged(t, "Status without Bind", err)
		if calls := store.took(); len(calls) > 0 {
			t.Errorf("without Bind: %v, want no call of the store", calls)
		}
		code, _ := send(t, s, in, otp.Request{To: ada, Bind: "flow"})
		want(t, "Revoke", s.Unlock(t.Context(), ada), nil)
		want(t, "with Bind", s.Verify(t.Context(), otp.Submission{To: ada, Bind: "flow", Code: code}), nil)
	})
}

func TestRule11StoreErrors(t *testing.T) {
	broken := errors.New("the store is on fire")
	for _, failing := range []string{"Load", "CompareAndSwap"} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after the call: %v", failing, late), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					on := false
					store := &otptest.FaultyStore{Store: newTable(), Fault: func(c otptest.Call) (f otptest.Fault) {
						if on && c.Method == failing && !late {
							f.Before = broken
						}
						if on && c.Method == failing && late {
							f.After = broken
						}
						return f
					}}
					s, in := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{SendLimits: often}})
					code, _ := send(t, s, in, otp.Request{To: ada})
					submit(t, s, wrong(code, 0)) // something to unlock
					on = true
					// A late error of a swap is found out by loading again, so only Load and early errors stay errors.
					resolved := failing == "CompareAndSwap" && late
					check := func(what string, err error, wanted error) {
						t.Helper()
						if resolved {
							want(t, what, err, wanted)
							return
						}
						wantNotJudged(t, what, err)
						want(t, what, err, broken)
					}
					check("wrong code", submit(t, s, wrong(code, 0)), otp.ErrRejected)
					if !resolved {
						check("right code", submit(t, s, code), nil)
						_, err := s.Send(t.Context(), otp.Request{To: ada})
						check("Send", err, nil)
						check("Revoke", s.Revoke(t.Context(), ada), nil)
						check("Unlock", s.Unlock(t.Context(), ada), nil)
					}
					if failing == "Load" {
						_, err := s.Status(t.Context(), ada, "")
						check("Status", err, nil)
					}
					on = false
					if !resolved {
						want(t, "right code once the store works", submit(t, s, code), nil)
					}
				})
			})
		}
	}
}

func TestRule12MalformedInputCostsNothing(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Store: store})
	code, status := send(t, s, in, otp.Request{To: ada})
	store.took()
	for _, typed := range []string{"", " ", "12345", "abcdef", "12345x", "hello", code + "\x00", strings.Repeat("1", 65), strings.Repeat(" ", 65) + code, strings.Repeat("9", 1<<20), "123456789012345"} {
		want(t, "malformed code", submit(t, s, typed), otp.ErrMalformed)
	}
	for _, sub := range []otp.Submission{
		{Code: code},
		{To: " \n", Code: code},
		{To: strings.Repeat("a", 1025), Code: code},
		{To: ada, Bind: strings.Repeat("b", 1025), Code: code},
	} {
		want(t, "malformed submission", s.Verify(t.Context(), sub), otp.ErrMalformed)
	}
	if calls := store.took(); len(calls) > 0 {
		t.Errorf("malformed input causes %v, want no call of the store", calls)
	}
	// A length that this policy does not have may be that of a code from another version of the service. It takes a
	// look at the record to know, but no attempt.
	want(t, "a code that is too long", submit(t, s, code+"1"), otp.ErrMalformed)
	if calls := store.took(); !slices.Equal(calls, []string{"load+"}) {
		t.Errorf("another length causes %v, want one load", calls)
	}
	now, err := s.Status(t.Context(), ada, "")
	want(t, "Status", err, nil)
	if now.AttemptsLeft != status.AttemptsLeft {
		t.Errorf("attempts left: %d, want %d", now.AttemptsLeft, status.AttemptsLeft)
	}
	want(t, "the right code, written in another way", submit(t, s, " "+code[:3]+" – "+code[3:]), nil)

	t.Run("requests", func(t *testing.T) {
		for _, r := range []otp.Request{{}, {To: "  "}, {To: strings.Repeat("a", 1025)}, {To: ada, Bind: strings.Repeat("b", 1025)}} {
			status, err := s.Send(t.Context(), r)
			if err == nil || status != (otp.Status{}) {
				t.Errorf("Send: %+v, %v; want an error", status, err)
			}
			if _, err := s.Status(t.Context(), r.To, r.Bind); err == nil {
				t.Error("Status: no error")
			}
		}
		if s.Revoke(t.Context(), "") == nil || s.Unlock(t.Context(), "") == nil {
			t.Error("Revoke or Unlock of nobody: no error")
		}
	})
}

func TestRule14Delivery(t *testing.T) {
	config := func(send otp.SenderFunc) otp.Config {
		return otp.Config{Sender: send, Policy: otp.Policy{SendLimits: []otp.Limit{{Count: 2, Window: time.Minute}, {Count: 3, Window: time.Hour}}}}
	}

	t.Run("the state is written before the mail", func(t *testing.T) {
		var s *otp.Service
		accepted := false
		s, _ = otptest.New(t, config(func(ctx context.Context, m otp.Message) error {
			accepted = s.Verify(ctx, otp.Submission{To: m.To, Code: m.Code.Reveal()}) == nil
			return nil
		}))
		_, err := s.Send(t.Context(), otp.Request{To: ada})
		want(t, "Send", err, nil)
		if !accepted {
			t.Error("the code did not work when the Sender had it")
		}
	})

	t.Run("the message", func(t *testing.T) {
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, "value")
		var got otp.Message
		c := config(func(ctx context.Context, m otp.Message) error {
			if ctx.Value(key{}) != "value" {
				t.Error("the Sender gets another context")
			}
			got = m
			return nil
		})
		c.Purpose = "password-reset"
		s, _ := otptest.New(t, c)
		status, err := s.Send(ctx, otp.Request{To: " Ada@Example.com", Bind: "flow", Language: "de-CH, en;q=0.5", Data: 42})
		want(t, "Send", err, nil)
		if got.To != " Ada@Example.com" || got.Purpose != "password-reset" || got.Language != "de-CH, en;q=0.5" || got.Data != 42 ||
			len(got.ID) < 26 || !got.ExpiresAt.Equal(status.ExpiresAt) || got.ExpiresAt.Location() != time.UTC {
			t.Errorf("the message has To %q, Purpose %q, Language %q, Data %v, ID %q, ExpiresAt %v", got.To, got.Purpose, got.Language, got.Data, got.ID, got.ExpiresAt)
		}
		want(t, "the code", s.Verify(ctx, otp.Submission{To: ada, Bind: "flow", Code: got.Code.Reveal()}), nil)
	})

	for _, c := range []struct {
		name string
		err  error
		full bool // counts towards every limit
	}{
		{"unknown failure", errors.New("timeout for ada@example.com"), true},
		{"certainly not sent", fmt.Errorf("throttled for ada@example.com: %w", otp.ErrNotSent), false},
		{"undeliverable", fmt.Errorf("ada@example.com bounces: %w", otp.ErrUndeliverable), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fails := true
				var codes []string
				conf := config(func(_ context.Context, m otp.Message) error {
					codes = append(codes, m.Code.Reveal())
					if fails {
						return c.err
					}
					return nil
				})
				conf.Policy.Lifetime = time.Hour
				s, _ := otptest.New(t, conf)
				for range 2 {
					status, err := s.Send(t.Context(), otp.Request{To: ada})
					want(t, "Send", err, otp.ErrDelivery)
					want(t, "Send", err, c.err)
					if strings.Contains(err.Error(), "ada") || strings.Contains(err.Error(), "throttled") {
						t.Errorf("the error repeats that of the Sender: %v", err)
					}
					if !status.Live || status.AttemptsLeft != 5 || status.ExpiresAt.IsZero() {
						t.Errorf("Status %+v, want it filled", status)
					}
				}
				_, err := s.Send(t.Context(), otp.Request{To: ada})
				want(t, "a third in a minute", err, otp.ErrLimited)
				fails = false
				time.Sleep(time.Minute)
				sent := 0
				for ; sent < 5; sent++ {
					if _, err := s.Send(t.Context(), otp.Request{To: ada}); err != nil {
						want(t, "Send", err, otp.ErrLimited)
						break
					}
					time.Sleep(time.Minute)
				}
				if wanted := map[bool]int{true: 1, false: 3}[c.full]; sent != wanted {
					t.Errorf("%d more sends in the hour, want %d", sent, wanted)
				}
				if len(slices.Compact(codes)) != 1 {
					t.Error("asking again did not send the same code")
				}
				want(t, "the code", submit(t, s, codes[0]), nil)
			})
		})
	}

	t.Run("the mark outlives the caller", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		store := newTable()
		s, _ := otptest.New(t, otp.Config{Store: ending{store}, Sender: otp.SenderFunc(func(context.Context, otp.Message) error {
			cancel()
			return otp.ErrNotSent
		})})
		_, err := s.Send(ctx, otp.Request{To: ada})
		want(t, "Send", err, otp.ErrNotSent)
		if calls := store.took(); !slices.Equal(calls, []string{"load-", "swap+", "load+", "swap+"}) {
			t.Errorf("the calls are %v, want the mark to be made", calls)
		}
	})

	t.Run("a mark that fails is told", func(t *testing.T) {
		broken := errors.New("the store is on fire")
		s, _ := otptest.New(t, otp.Config{
			Store: &otptest.FaultyStore{Store: newTable(), Fault: func(c otptest.Call) (f otptest.Fault) {
				if c.N > 2 {
					f.Before = broken
				}
				return f
			}},
			Sender: otp.SenderFunc(func(context.Context, otp.Message) error { return otp.ErrNotSent }),
		})
		status, err := s.Send(t.Context(), otp.Request{To: ada})
		want(t, "Send", err, otp.ErrNotSent)
		want(t, "Send", err, broken)
		if !status.Live || !strings.Contains(err.Error(), "counts in full") {
			t.Errorf("got %+v, %v", status, err)
		}
	})
}

// An ending store refuses calls under a context that has ended, as real ones do.
type ending struct{ otp.Store }

func (s ending) Load(ctx context.Context, key string) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return s.Store.Load(ctx, key)
}

func (s ending) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return s.Store.CompareAndSwap(ctx, key, old, new, expires)
}
