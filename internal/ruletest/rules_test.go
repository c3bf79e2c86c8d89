package ruletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// The tests of this file are named after the rules of docs/design.md. Time in them is that of
// testing/synctest.

// Rule 1: a code is accepted at most once.
func TestRule01ACodeIsAcceptedOnce(t *testing.T) {
	for _, key := range []string{"", "a key"} {
		s, in := otptest.New(t, otp.Config{})
		code, _ := send(t, s, in, otp.Request{To: ada})
		sub := otp.Submission{To: ada, Code: code, IdempotencyKey: key}

		require.NoError(t, s.Verify(t.Context(), sub))
		for range 20 { // the text of a used code costs nothing
			require.ErrorIs(t, submit(t, s, code), otp.ErrUsed)
		}
		require.ErrorIs(t, submit(t, s, wrong(code, 1)), otp.ErrMismatch)
	}
}

// Rule 1: two submissions with one key, one after the other, over two instances, with the replies
// of the store lost or not.
func TestRule01ADoubleClick(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			store, on := newTable(), false
			lossy := failing(store, "CompareAndSwap", true, &on)
			one, in := otptest.New(t, otp.Config{Secret: testSecret, Store: lossy})
			two, _ := otptest.New(t, otp.Config{Secret: testSecret, Store: store})

			code, status := send(t, one, in, otp.Request{To: ada, Binding: "session"})
			click := otp.Submission{To: ada, Binding: "session", Code: code, IdempotencyKey: "form"}
			other := click
			other.IdempotencyKey = "another form"

			on = lost
			require.NoError(t, one.Verify(t.Context(), click))
			on = false

			for range 20 { // a repeat costs nothing
				err := two.Verify(t.Context(), click)
				require.ErrorIs(t, err, otp.ErrRepeated)
				require.NotErrorIs(t, err, otp.ErrRejected)
			}
			require.ErrorIs(t, one.Verify(t.Context(), other), otp.ErrUsed)

			for i := range 5 { // the key without the text is a guess like any other
				guess := click
				guess.Code = wrong(code, i)
				require.ErrorIs(t, two.Verify(t.Context(), guess), otp.ErrMismatch)
			}
			guess := click
			guess.Code = wrong(code, 6)
			require.ErrorIs(t, two.Verify(t.Context(), guess), otp.ErrExhausted)
			require.ErrorIs(t, two.Verify(t.Context(), click), otp.ErrExhausted)

			// Rule 2 holds for repeats too.
			time.Sleep(time.Until(status.ExpiresAt))
			require.ErrorIs(t, two.Verify(t.Context(), click), otp.ErrExpired)
		})
	}
}

// Rule 1: a repeat is a repeat until the code expires, but not after Revoke.
func TestRule01HowLongARepeatLasts(t *testing.T) {
	used := func(t *testing.T) (*otp.Service, otp.Submission, otp.Status) {
		s, in := otptest.New(t, otp.Config{})
		code, status := send(t, s, in, otp.Request{To: ada, Binding: "session"})
		click := otp.Submission{To: ada, Binding: "session", Code: code, IdempotencyKey: "form"}
		require.NoError(t, s.Verify(t.Context(), click))
		return s, click, status
	}

	for name, revoke := range map[string]func(*otp.Service) error{
		"Revoke":    func(s *otp.Service) error { return s.Revoke(t.Context(), ada, "session") },
		"RevokeAll": func(s *otp.Service) error { return s.RevokeAll(t.Context(), ada, "other") },
	} {
		t.Run(name, func(t *testing.T) {
			s, click, _ := used(t)
			require.NoError(t, revoke(s))
			require.ErrorIs(t, s.Verify(t.Context(), click), otp.ErrRejected)
		})
	}

	t.Run("others revoked", func(t *testing.T) {
		s, click, _ := used(t)
		require.NoError(t, s.Revoke(t.Context(), ada, "other"))
		require.NoError(t, s.RevokeAll(t.Context(), ada, "session"))
		require.ErrorIs(t, s.Verify(t.Context(), click), otp.ErrRepeated)
	})

	t.Run("expiry", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, click, status := used(t)
			time.Sleep(time.Until(status.ExpiresAt) - tick)
			require.ErrorIs(t, s.Verify(t.Context(), click), otp.ErrRepeated)
			time.Sleep(tick)
			require.ErrorIs(t, s.Verify(t.Context(), click), otp.ErrExpired)
		})
	})
}

// Rule 1: the record remembers the last two used codes, in the order of use.
func TestRule01TheLastTwoUsedCodes(t *testing.T) {
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})

	clicks := map[string]otp.Submission{}
	for _, binding := range []string{"a", "b", "c"} {
		code, _ := send(t, s, in, otp.Request{To: ada, Binding: binding})
		clicks[binding] = otp.Submission{
			To: ada, Binding: binding, Code: code, IdempotencyKey: "form of " + binding}
	}

	for _, binding := range []string{"c", "b", "a"} {
		require.NoError(t, s.Verify(t.Context(), clicks[binding]))
	}

	require.ErrorIs(t, s.Verify(t.Context(), clicks["a"]), otp.ErrRepeated)
	require.ErrorIs(t, s.Verify(t.Context(), clicks["b"]), otp.ErrRepeated)
	require.ErrorIs(t, s.Verify(t.Context(), clicks["c"]), otp.ErrNoCode)
}

// Rule 2: never at or after expiry, to the nanosecond.
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

					life := status.ExpiresAt.Sub(asked)
					assert.LessOrEqual(t, life, 10*time.Minute)
					assert.Greater(t, life, 10*time.Minute-time.Second)
					assert.Equal(t, status.ExpiresAt, in.Messages()[0].ExpiresAt)

					time.Sleep(time.Until(status.ExpiresAt) + c.offset)
					require.ErrorIs(t, submit(t, s, code), c.want)
				})
			})
		}
	}
}

// Rule 3: at most MaxAttempts wrong submissions for a code, and no write for a dead one.
func TestRule03MaxAttemptsPerCode(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{SendLimits: often}})
	code, status := send(t, s, in, otp.Request{To: ada})

	for left := status.AttemptsLeft - 1; left >= 0; left-- {
		err := submit(t, s, wrong(code, left))
		require.ErrorIs(t, err, otp.ErrMismatch)
		assert.Equal(t, left, rejection(t, err).AttemptsLeft)
		assert.Equal(t, left > 0, rejection(t, err).Live)
	}

	store.took()
	require.ErrorIs(t, submit(t, s, code), otp.ErrExhausted)
	assert.Equal(t, []string{"load+"}, store.took())
}

// Rule 3: a wrong submission costs every comparable code of its Binding an attempt, and counts one
// failure for each live one.
func TestRule03AGuessIsPaidForByEveryCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The second of two codes: 5 failures and 5 open attempts leave no room for a third.
		policy := otp.Policy{SendLimits: often, MaxFailures: 20, Lock: true}
		s, in := otptest.New(t, otp.Config{Policy: policy})

		first, _ := send(t, s, in, otp.Request{To: ada})
		time.Sleep(5*time.Minute + tick)
		second, _ := send(t, s, in, otp.Request{To: ada})
		require.NotEqual(t, first, second)

		for i := range 5 {
			require.ErrorIs(t, submit(t, s, wrong(first, i)), otp.ErrMismatch)
		}
		require.ErrorIs(t, submit(t, s, first), otp.ErrExhausted)
		require.ErrorIs(t, submit(t, s, second), otp.ErrExhausted)

		// 2 × 5 failures were counted: there is room for two codes of five attempts, not for three.
		send(t, s, in, otp.Request{To: ada, Binding: "one"})
		send(t, s, in, otp.Request{To: ada, Binding: "two"})
		_, err := s.Send(t.Context(), otp.Request{To: ada, Binding: "three"})
		require.ErrorIs(t, err, otp.ErrLocked)
	})
}

// Rule 3: a used code loses attempts too, but counts no failures.
func TestRule03UsedCodesCountNoFailures(t *testing.T) {
	policy := otp.Policy{SendLimits: often, MaxFailures: 20, Lock: true}
	s, in := otptest.New(t, otp.Config{Policy: policy})

	for range 10 {
		code, _ := send(t, s, in, otp.Request{To: ada})
		require.NoError(t, submit(t, s, code))
		for i := range 5 {
			require.ErrorIs(t, submit(t, s, wrong(code, i)), otp.ErrMismatch)
		}
	}
}

// Rule 3: a length that no comparable code has costs nothing.
func TestRule03AnotherLengthCostsNothing(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Store: store})
	code, _ := send(t, s, in, otp.Request{To: ada})

	store.took()
	for range 10 {
		require.ErrorIs(t, submit(t, s, code+"1"), otp.ErrMalformed)
	}
	assert.NotContains(t, store.took(), "swap+")

	status, err := s.Status(t.Context(), otp.Request{To: ada})
	require.NoError(t, err)
	assert.Equal(t, 5, status.AttemptsLeft)
}

// Rule 3: a person with two mails who types the older one, which has expired, is told so and loses
// nothing. Guesses cost what they did.
func TestRule03TheOlderMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTable()
		s, in := otptest.New(t, otp.Config{Store: store})
		older, _ := send(t, s, in, otp.Request{To: ada})
		time.Sleep(11 * time.Minute)
		require.ErrorIs(t, submit(t, s, older), otp.ErrExpired)
		newer, _ := send(t, s, in, otp.Request{To: ada})

		store.took()
		for range 20 {
			err := submit(t, s, older)
			require.ErrorIs(t, err, otp.ErrExpired)
			require.Equal(t, 5, rejection(t, err).AttemptsLeft)
			require.True(t, rejection(t, err).Live)
		}
		assert.NotContains(t, store.took(), "swap+")

		for left := 4; left > 0; left-- {
			err := submit(t, s, wrong(newer, left))
			require.ErrorIs(t, err, otp.ErrMismatch)
			require.Equal(t, left, rejection(t, err).AttemptsLeft)
		}
		require.NoError(t, submit(t, s, newer))
		require.ErrorIs(t, submit(t, s, older), otp.ErrExpired)
	})
}

// Rule 4: asking again gives back neither attempts nor failures.
func TestRule04AskingAgainGivesNothingBack(t *testing.T) {
	policy := otp.Policy{MaxFailures: 20, Lock: true, SendLimits: often}
	s, in := otptest.New(t, otp.Config{Policy: policy})

	code, _ := send(t, s, in, otp.Request{To: ada})
	for i := range 4 {
		require.ErrorIs(t, submit(t, s, wrong(code, i)), otp.ErrMismatch)
	}

	again, status := send(t, s, in, otp.Request{To: ada})
	assert.Equal(t, code, again)
	assert.Equal(t, 1, status.AttemptsLeft)
	require.ErrorIs(t, submit(t, s, wrong(code, 0)), otp.ErrMismatch)
	require.ErrorIs(t, submit(t, s, code), otp.ErrExhausted)

	// Five failures were not forgotten: there is room for three codes, and for none after ten more.
	for range 3 {
		code, _ = send(t, s, in, otp.Request{To: ada})
		exhaust(t, s, otp.Submission{To: ada, Code: code})
	}
	_, err := s.Send(t.Context(), otp.Request{To: ada})
	require.ErrorIs(t, err, otp.ErrLocked)
}

// Rule 5: the same code again while half of its lifetime is left, and never a later expiry.
func TestRule05TheSameCodeAgainInTheFirstHalf(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		same  bool
	}{
		{0, true},
		{5*time.Minute - tick, true},
		{5 * time.Minute, true},
		{5*time.Minute + tick, false},
		{10*time.Minute - tick, false},
	} {
		t.Run(c.after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var resent bool
				s, in := otptest.New(t, otp.Config{
					Policy:  otp.Policy{SendLimits: often},
					Observe: func(_ context.Context, e otp.Event) { resent = e.Resent },
				})

				first, before := send(t, s, in, otp.Request{To: ada})
				assert.False(t, resent)
				time.Sleep(c.after)
				second, after := send(t, s, in, otp.Request{To: ada})

				assert.Equal(t, c.same, first == second)
				assert.Equal(t, c.same, resent)
				assert.Equal(t, c.same, after.ExpiresAt.Equal(before.ExpiresAt))

				// The older code keeps what life it has.
				time.Sleep(time.Until(before.ExpiresAt) - tick)
				require.NoError(t, submit(t, s, first))
			})
		})
	}
}

// Rule 5: a code that was used, exhausted or revoked is not sent again.
func TestRule05DeadCodesAreNotSentAgain(t *testing.T) {
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})

	used, _ := send(t, s, in, otp.Request{To: ada})
	require.NoError(t, submit(t, s, used))

	exhausted, _ := send(t, s, in, otp.Request{To: ada})
	exhaust(t, s, otp.Submission{To: ada, Code: exhausted})

	revoked, _ := send(t, s, in, otp.Request{To: ada})
	require.NoError(t, s.Revoke(t.Context(), ada, ""))

	last, _ := send(t, s, in, otp.Request{To: ada})
	codes := []string{used, exhausted, revoked, last}
	slices.Sort(codes)
	assert.Len(t, slices.Compact(codes), 4)
	require.NoError(t, submit(t, s, last))
}

// Rule 5: a decoy is a code that nobody was sent. Neither kind voids the other.
func TestRule05DecoysVoidNothing(t *testing.T) {
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})
	decoy := otp.Request{To: "ADA@example.com", Decoy: true}

	t.Run("a decoy after a real one", func(t *testing.T) {
		code, before := send(t, s, in, otp.Request{To: ada})
		after, err := s.Send(t.Context(), decoy)
		require.NoError(t, err)
		assert.Equal(t, before, after)
		assert.Len(t, in.Messages(), 1)
		require.NoError(t, submit(t, s, code))
	})

	t.Run("a real one after a decoy", func(t *testing.T) {
		before, err := s.Send(t.Context(), decoy)
		require.NoError(t, err)
		code, after := send(t, s, in, otp.Request{To: ada})
		assert.Equal(t, before, after)
		assert.Len(t, in.Messages(), 2)
		require.NoError(t, submit(t, s, code))
	})
}

// Rule 6: success voids the live codes of its Binding, and no others.
func TestRule06SuccessVoidsItsBinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})

		older, _ := send(t, s, in, otp.Request{To: ada, Binding: "one"})
		time.Sleep(5*time.Minute + tick)
		newer, _ := send(t, s, in, otp.Request{To: ada, Binding: "one"})
		other, _ := send(t, s, in, otp.Request{To: ada, Binding: "two"})

		require.NoError(t, submitBound(t, s, "one", newer))
		require.ErrorIs(t, submitBound(t, s, "one", older), otp.ErrMismatch)
		require.NoError(t, submitBound(t, s, "two", other))
	})
}

// Rule 6: success takes back the failures that its own code has counted, and no others.
func TestRule06SuccessTakesBackItsOwnFailures(t *testing.T) {
	policy := otp.Policy{MaxFailures: 20, Lock: true, SendLimits: often}

	t.Run("its own", func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: policy})
		for range 20 {
			code, _ := send(t, s, in, otp.Request{To: ada})
			for i := range 4 {
				require.ErrorIs(t, submit(t, s, wrong(code, i)), otp.ErrMismatch)
			}
			require.NoError(t, submit(t, s, code))
		}
	})

	t.Run("not those of others", func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: policy})
		for range 3 {
			code, _ := send(t, s, in, otp.Request{To: ada, Binding: "stranger"})
			exhaust(t, s, otp.Submission{To: ada, Binding: "stranger", Code: code})
		}

		code, _ := send(t, s, in, otp.Request{To: ada})
		require.NoError(t, submit(t, s, code))
		send(t, s, in, otp.Request{To: ada})
		_, err := s.Send(t.Context(), otp.Request{To: ada, Binding: "second"})
		require.ErrorIs(t, err, otp.ErrLocked, "15 failures, 5 open attempts")
	})
}

// Rule 6: three transactions of one person do not disturb each other.
func TestRule06ThreeTransactions(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})

		codes := make([]string, 3)
		binding := func(i int) string { return fmt.Sprint("session/transfer ", i) }
		for i := range codes {
			codes[i], _ = send(t, s, in, otp.Request{To: ada, Binding: binding(i)})
		}
		_, err := s.Send(t.Context(), otp.Request{To: ada, Binding: "a fourth"})
		require.ErrorIs(t, err, otp.ErrLimited)

		for _, i := range order {
			other := (i + 1) % 3
			require.ErrorIs(t, submitBound(t, s, binding(other), codes[i]), otp.ErrRejected)
		}
		for _, i := range order {
			require.NoError(t, submitBound(t, s, binding(i), codes[i]))
		}
	}
}

// Rule 6: Revoke frees the place of one Binding, RevokeAll those of all but the named ones, for
// every Trust.
func TestRule06Revoke(t *testing.T) {
	type flow struct {
		binding string
		trust   otp.Trust
	}
	flows := []flow{
		{"one", otp.Stranger}, {"two", otp.Stranger}, {"three", otp.Stranger},
		{"one", otp.Challenged}, {"two", otp.Known},
	}

	for _, c := range []struct {
		name   string
		revoke func(*otp.Service) error
		stay   []string
	}{
		{
			"one",
			func(s *otp.Service) error { return s.Revoke(t.Context(), "ADA@example.com", "one") },
			[]string{"two", "three"},
		},
		{
			"all", func(s *otp.Service) error { return s.RevokeAll(t.Context(), ada) }, nil,
		},
		{
			"all, with an exception of repeats",
			func(s *otp.Service) error { return s.RevokeAll(t.Context(), ada, "two", "none") }, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})
			codes := map[flow]string{}
			for _, f := range flows {
				ask := otp.Request{To: ada, Binding: f.binding, Trust: f.trust}
				codes[f], _ = send(t, s, in, ask)
			}

			require.NoError(t, c.revoke(s))

			_, err := s.Send(t.Context(), otp.Request{To: ada, Binding: "a fourth"})
			require.NoError(t, err, "a place is free")
			for _, f := range flows {
				err := s.Verify(t.Context(), otp.Submission{
					To: ada, Binding: f.binding, Trust: f.trust, Code: codes[f]})
				if slices.Contains(c.stay, f.binding) {
					assert.NoError(t, err, "%v", f)
				} else {
					assert.ErrorIs(t, err, otp.ErrNoCode, "%v", f)
				}
			}
		})
	}
}

// Rule 6: the exception of RevokeAll keeps the repeats of the named Bindings, of every Trust.
func TestRule06RevokeAllKeepsRepeats(t *testing.T) {
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})
	var clicks []otp.Submission
	for _, f := range []otp.Submission{
		{Binding: "kept"}, {Binding: "kept", Trust: otp.Known}, {Binding: "other"},
	} {
		code, _ := send(t, s, in, otp.Request{To: ada, Binding: f.Binding, Trust: f.Trust})
		f.To, f.Code, f.IdempotencyKey = ada, code, "form"
		require.NoError(t, s.Verify(t.Context(), f))
		clicks = append(clicks, f)
	}

	require.NoError(t, s.RevokeAll(t.Context(), ada, "kept"))
	require.ErrorIs(t, s.Verify(t.Context(), clicks[0]), otp.ErrRepeated)
	require.ErrorIs(t, s.Verify(t.Context(), clicks[1]), otp.ErrRepeated)
	require.ErrorIs(t, s.Verify(t.Context(), clicks[2]), otp.ErrUsed)
}

// Rule 6: success ends the repeats of codes that were used before under its Binding, so that a late
// copy of an earlier form undoes nothing. Those of other Bindings stay.
func TestRule06SuccessEndsEarlierRepeats(t *testing.T) {
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often}})
	use := func(binding, form string) otp.Submission {
		code, _ := send(t, s, in, otp.Request{To: ada, Binding: binding})
		click := otp.Submission{To: ada, Binding: binding, Code: code, IdempotencyKey: form}
		require.NoError(t, s.Verify(t.Context(), click))
		return click
	}

	other, first := use("other", "a"), use("session", "b")
	require.ErrorIs(t, s.Verify(t.Context(), first), otp.ErrRepeated)
	require.ErrorIs(t, s.Verify(t.Context(), other), otp.ErrRepeated)

	code, _ := send(t, s, in, otp.Request{To: ada, Binding: "session"})
	second := otp.Submission{To: ada, Binding: "session", Code: code, IdempotencyKey: "c"}
	require.NoError(t, s.Verify(t.Context(), second))
	require.ErrorIs(t, s.Verify(t.Context(), first), otp.ErrUsed)
	require.ErrorIs(t, s.Verify(t.Context(), second), otp.ErrRepeated)
}

// Rule 6: success speaks of its own Trust. RevokeAll voids the live codes of every Trust.
func TestRule06SuccessIsOfOneTrust(t *testing.T) {
	for _, revoke := range []bool{false, true} {
		s, in := otptest.New(t, otp.Config{})
		codes := map[otp.Trust]string{}
		for _, trust := range []otp.Trust{otp.Stranger, otp.Challenged} {
			codes[trust], _ = send(t, s, in, otp.Request{To: ada, Binding: "session", Trust: trust})
		}
		verify := func(trust otp.Trust) error {
			return s.Verify(t.Context(), otp.Submission{
				To: ada, Binding: "session", Trust: trust, Code: codes[trust]})
		}

		require.NoError(t, verify(otp.Challenged))
		if revoke {
			require.NoError(t, s.RevokeAll(t.Context(), ada, "session"))
			require.ErrorIs(t, verify(otp.Stranger), otp.ErrNoCode)
			continue
		}
		require.NoError(t, verify(otp.Stranger))
	}
}

// Rule 6: Unlock clears failures and sends, for every Trust. Codes stay.
func TestRule06Unlock(t *testing.T) {
	for _, trust := range []otp.Trust{otp.Stranger, otp.Challenged, otp.Known} {
		t.Run(trust.String(), func(t *testing.T) {
			s, in := otptest.New(t, otp.Config{Policy: otp.Policy{
				MaxFailures: 20, Lock: true,
				SendLimits: []otp.Limit{{Count: 5, Window: time.Hour}},
			}})
			ask := otp.Request{To: ada, Binding: "session", Trust: trust}
			for range 4 {
				code, _ := send(t, s, in, ask)
				exhaust(t, s, otp.Submission{To: ada, Binding: "session", Trust: trust, Code: code})
			}

			status, err := s.Send(t.Context(), ask)
			require.ErrorIs(t, err, otp.ErrLocked)
			assert.True(t, status.Locked)

			require.NoError(t, s.Unlock(t.Context(), " ADA@example.com"))
			var code string
			for range 5 {
				code, _ = send(t, s, in, ask)
			}
			_, err = s.Send(t.Context(), ask)
			require.ErrorIs(t, err, otp.ErrLimited)

			require.NoError(t, s.Unlock(t.Context(), ada))
			send(t, s, in, ask)
			require.NoError(t, s.Verify(t.Context(), otp.Submission{
				To: ada, Binding: "session", Trust: trust, Code: code}))
		})
	}
}

// Rule 6: where there is nothing to void or clear, nothing is written.
func TestRule06NothingToDoWritesNothing(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Store: store})

	require.NoError(t, s.Revoke(t.Context(), ada, ""))
	require.NoError(t, s.RevokeAll(t.Context(), ada))
	require.NoError(t, s.Unlock(t.Context(), ada))
	assert.Equal(t, slices.Repeat([]string{"load-"}, 9), store.took())

	code, _ := send(t, s, in, otp.Request{To: ada})
	require.NoError(t, submit(t, s, code))
	require.NoError(t, s.Revoke(t.Context(), ada, ""))
	store.took()
	require.NoError(t, s.Revoke(t.Context(), ada, ""))
	assert.NotContains(t, store.took(), "swap+")
}

// Rule 7: codes get longer instead of a lock, without end, and Status says how long they are.
func TestRule07LongerCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often, MaxFailures: 10}})
		ask := otp.Request{To: ada}

		for i := range 100 {
			length := 6
			if i >= 2 { // 10 failures
				length = 10
			}

			next, err := s.Status(t.Context(), ask)
			require.NoError(t, err)
			code, status := send(t, s, in, ask)
			require.Len(t, code, length)
			assert.Equal(t, length, status.CodeLength)
			assert.Equal(t, length, next.CodeLength)
			assert.False(t, status.Locked)

			exhaust(t, s, otp.Submission{To: ada, Code: code})
			time.Sleep(time.Second)
		}

		code, _ := send(t, s, in, ask)
		require.NoError(t, submit(t, s, code))

		time.Sleep(30 * day) // FailureWindow
		code, _ = send(t, s, in, ask)
		assert.Len(t, code, 6)
	})
}

// Rule 7: open attempts count: a code of Length is issued only if its attempts fit beside them.
func TestRule07OpenAttemptsCount(t *testing.T) {
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: often, MaxFailures: 12}})

	var lengths []int
	for _, binding := range []string{"one", "two", "three"} {
		code, status := send(t, s, in, otp.Request{To: ada, Binding: binding})
		lengths = append(lengths, len(code))
		assert.Equal(t, len(code), status.CodeLength)
	}
	assert.Equal(t, []int{6, 6, 10}, lengths, "15 attempts do not fit into 12 failures")

	// Rule 3: no code of this Binding has six digits.
	require.ErrorIs(t, submitBound(t, s, "three", "123456"), otp.ErrMalformed)
}

// Rule 7: a policy with Lock locks, until the failures count no more.
func TestRule07Lock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := otp.Policy{MaxFailures: 20, Lock: true, SendLimits: often}
		s, in := otptest.New(t, otp.Config{Policy: policy})
		ask := otp.Request{To: ada}

		for range 3 {
			code, _ := send(t, s, in, ask)
			exhaust(t, s, otp.Submission{To: ada, Code: code})
		}

		// 15 failures and 5 open attempts: the live code can be sent again, a second one cannot be.
		code, status := send(t, s, in, ask)
		assert.False(t, status.Locked)
		refused, err := s.Send(t.Context(), otp.Request{To: ada, Binding: "second"})
		require.ErrorIs(t, err, otp.ErrLocked)
		assert.Equal(t, otp.Status{Locked: true, CodeLength: 6, RetryAt: status.ExpiresAt}, refused)

		again, _ := send(t, s, in, ask)
		assert.Equal(t, code, again)

		exhaust(t, s, otp.Submission{To: ada, Code: code})
		failed := time.Now()
		refused, err = s.Send(t.Context(), ask)
		require.ErrorIs(t, err, otp.ErrLocked)
		assert.Equal(t, failed.Add(30*day).UTC(), refused.RetryAt)

		time.Sleep(time.Until(refused.RetryAt) - tick)
		_, err = s.Send(t.Context(), ask)
		require.ErrorIs(t, err, otp.ErrLocked)
		time.Sleep(tick)
		send(t, s, in, ask)
	})
}

// Rule 7: NIST SP 800-63B-4 §3.2.2 allows 100 failures in a row.
func TestRule07NeverMoreThanAHundredFailuresInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := otp.Policy{MaxFailures: 100, Lock: true, SendLimits: often}
		s, in := otptest.New(t, otp.Config{Policy: policy})

		failures := 0
		for {
			if _, err := s.Send(t.Context(), otp.Request{To: ada}); err != nil {
				require.ErrorIs(t, err, otp.ErrLocked)

				break
			}
			code := in.Code(t, ada)
			for errors.Is(submit(t, s, wrong(code, 0)), otp.ErrMismatch) {
				failures++
			}
			time.Sleep(20 * time.Hour)
		}

		assert.Equal(t, 100, failures)
	})
}

// Rule 8: the default limits, for one address however it is spelled, whoever asks.
func TestRule08SendLimitsHoldForTheAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTable()
		s, _ := otptest.New(t, otp.Config{Store: store})
		spelled := []string{ada, "ADA@example.com", " ada@EXAMPLE.com ", "aDa@example.Com"}

		asked := 0
		ask := func(want error) otp.Status {
			t.Helper()
			asked++
			status, err := s.Send(t.Context(), otp.Request{
				To: spelled[asked%len(spelled)], Binding: fmt.Sprint(asked % 2)})
			require.ErrorIs(t, err, want, "request %d", asked)
			return status
		}

		begin := time.Now()
		awaitRetry := func(want time.Duration, status otp.Status) {
			t.Helper()
			require.Equal(t, want, status.RetryAt.Sub(begin))
			time.Sleep(time.Until(status.RetryAt) - tick)
			ask(otp.ErrLimited)
			time.Sleep(tick)
		}

		for i := range time.Duration(4) {
			awaitRetry((i+1)*time.Minute, ask(nil)) // one in a minute
		}
		awaitRetry(time.Hour, ask(nil)) // the fifth: five in an hour
		for range 4 {
			ask(nil)
			time.Sleep(time.Minute)
		}
		awaitRetry(24*time.Hour, ask(nil)) // the tenth: ten in a day
		ask(nil)

		store.took()
		ask(otp.ErrLimited)
		assert.Equal(t, []string{"load+"}, store.took(), "calls of a refused Send")

		_, err := s.Send(t.Context(), otp.Request{To: "grace@example.com"})
		require.NoError(t, err, "another address")
		other, _ := otptest.New(t, otp.Config{Store: store, Purpose: "other"})
		_, err = other.Send(t.Context(), otp.Request{To: ada})
		require.NoError(t, err, "another purpose")
	})
}

// Rule 8: each Trust has its own limits, codes and failures.
func TestRule08EachTrustIsARecordOfItsOwn(t *testing.T) {
	trusts := []otp.Trust{otp.Stranger, otp.Challenged, otp.Known}
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{
		SendLimits: []otp.Limit{{Count: 1, Window: time.Hour}},
	}})

	codes := map[otp.Trust]string{}
	for _, trust := range trusts {
		ask := otp.Request{To: ada, Binding: "session", Trust: trust}
		codes[trust], _ = send(t, s, in, ask)
		_, err := s.Send(t.Context(), ask)
		require.ErrorIs(t, err, otp.ErrLimited)
	}

	for _, trust := range trusts {
		for _, other := range trusts {
			sub := otp.Submission{To: ada, Binding: "session", Trust: other, Code: codes[trust]}
			if other != trust {
				require.ErrorIs(t, s.Verify(t.Context(), sub), otp.ErrRejected)
			}
		}
	}
	for _, trust := range trusts {
		sub := otp.Submission{To: ada, Binding: "session", Trust: trust, Code: codes[trust]}
		require.NoError(t, s.Verify(t.Context(), sub))
	}
}

// Rule 9: a code works only with its own Binding. Another one neither compares nor counts, and
// never displaces a code.
func TestRule09Binding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTable()
		s, in := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{SendLimits: often}})
		code, before := send(t, s, in, otp.Request{To: ada, Binding: "flow"})

		store.took()
		for _, binding := range []string{"", "Flow", "flow ", "other"} {
			for range 6 {
				require.ErrorIs(t, submitBound(t, s, binding, code), otp.ErrNoCode)
			}
		}
		assert.NotContains(t, store.took(), "swap+")

		status, err := s.Status(t.Context(), otp.Request{To: ada, Binding: "flow"})
		require.NoError(t, err)
		assert.Equal(t, before, status)

		for _, binding := range []string{"", "third"} {
			time.Sleep(time.Second)
			send(t, s, in, otp.Request{To: ada, Binding: binding})
		}
		status, err = s.Send(t.Context(), otp.Request{To: ada, Binding: "fourth"})
		require.ErrorIs(t, err, otp.ErrLimited)
		assert.Equal(t, otp.Status{CodeLength: 6, RetryAt: before.ExpiresAt}, status)

		again, _ := send(t, s, in, otp.Request{To: ada, Binding: "flow"})
		assert.Equal(t, code, again)

		time.Sleep(time.Until(before.ExpiresAt) - tick)
		_, err = s.Send(t.Context(), otp.Request{To: ada, Binding: "fourth"})
		require.ErrorIs(t, err, otp.ErrLimited)
		time.Sleep(tick)
		fourth, _ := send(t, s, in, otp.Request{To: ada, Binding: "fourth"})
		require.NoError(t, submitBound(t, s, "fourth", fourth))
	})
}

// Rule 10: no path of Send is faster than MinSendTime, nor slower if the Sender is not.
func TestRule10NoSendIsFasterThanMinSendTime(t *testing.T) {
	for _, c := range []struct{ set, want time.Duration }{
		{0, 500 * time.Millisecond}, {time.Second, time.Second}, {-1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var delivery func() error
			broken := false
			s, err := otp.New(otp.Config{ // otptest.New turns MinSendTime off
				Purpose: "test",
				Secret:  testSecret,
				Store:   failing(newTable(), "", false, &broken),
				Policy:  otp.Policy{MinSendTime: c.set, MaxFailures: 20, Lock: true},
				Sender: otp.SenderFunc(func(context.Context, otp.Message) error {
					time.Sleep(max(0, c.want-time.Millisecond))
					return delivery()
				}),
			})
			require.NoError(t, err)

			timed := func(ctx context.Context, r otp.Request, want error) {
				t.Helper()
				begin := time.Now()
				_, err := s.Send(ctx, r)
				require.ErrorIs(t, err, want)
				assert.Equal(t, c.want, time.Since(begin))
			}
			decoy := otp.Request{To: "grace@example.com", Decoy: true}
			canceled, cancel := context.WithCancel(t.Context())
			cancel()

			delivery = func() error { return nil }
			timed(t.Context(), otp.Request{To: ada}, nil)
			timed(t.Context(), otp.Request{To: ada}, otp.ErrLimited)
			timed(t.Context(), decoy, nil)
			timed(t.Context(), decoy, otp.ErrLimited)
			timed(t.Context(), otp.Request{}, otp.ErrInvalid)
			timed(canceled, otp.Request{To: "edsger@example.com"}, context.Canceled)

			delivery = func() error { return otp.ErrNotSent }
			timed(t.Context(), otp.Request{To: "alan@example.com"}, otp.ErrNotSent)

			delivery = func() error { panic("the Sender is broken") }
			begin := time.Now()
			require.Panics(t, func() { s.Send(t.Context(), otp.Request{To: "tony@example.com"}) })
			assert.Equal(t, c.want, time.Since(begin))

			broken = true
			timed(t.Context(), otp.Request{To: ada}, otptest.ErrInjected)
		})
	}
}

// Rule 10: a decoy is never delivered, also not where a lost reply makes Send look again.
func TestRule10DecoysAreNeverSent(t *testing.T) {
	s, in := otptest.New(t, otp.Config{
		Store:  &otptest.FaultyStore{Store: newTable(), Fault: otptest.RandomFaults(1, 0.3, 0)},
		Policy: otp.Policy{SendLimits: often},
	})

	through := 0
	synctest.Test(t, func(t *testing.T) {
		for i := range 100 {
			_, err := s.Send(t.Context(), otp.Request{To: fmt.Sprint(i), Decoy: true})
			if err == nil {
				through++
			}
		}
	})
	assert.Positive(t, through)
	assert.Empty(t, in.Messages())
}

// Rule 11: a store error is neither an acceptance nor a rejection.
func TestRule11StoreErrors(t *testing.T) {
	for _, method := range []string{"Load", "CompareAndSwap"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken := false
				s, in := otptest.New(t, otp.Config{
					Store:  failing(newTable(), method, false, &broken),
					Policy: otp.Policy{SendLimits: often},
				})
				code, _ := send(t, s, in, otp.Request{To: ada})
				submit(t, s, wrong(code, 0)) // something to unlock

				broken = true
				calls := map[string]func() error{
					"a wrong code":   func() error { return submit(t, s, wrong(code, 0)) },
					"the right code": func() error { return submit(t, s, code) },
					"Revoke":         func() error { return s.Revoke(t.Context(), ada, "") },
					"RevokeAll":      func() error { return s.RevokeAll(t.Context(), ada) },
					"Unlock":         func() error { return s.Unlock(t.Context(), ada) },
					"Send": func() error {
						status, err := s.Send(t.Context(), otp.Request{To: ada})
						assert.Zero(t, status)
						return err
					},
				}
				for name, call := range calls {
					err := call()
					require.ErrorIs(t, err, otptest.ErrInjected, name)
					wantNotJudged(t, err)
				}
				_, err := s.Status(t.Context(), otp.Request{To: ada})
				assert.Equal(t, method == "Load", errors.Is(err, otptest.ErrInjected))

				broken = false
				require.NoError(t, submit(t, s, code))
			})
		})
	}
}

// Rule 12: a code that can be none costs neither an attempt nor a store call.
func TestRule12MalformedCodesCostNothing(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Store: store})
	code, status := send(t, s, in, otp.Request{To: ada})

	store.took()
	for _, typed := range []string{
		"", " ", "12345", "abcdef", "12345x", "hello", code + "\x00", strings.Repeat("1", 65),
		strings.Repeat(" ", 65) + code, "Your code is " + code,
		code[:3] + "." + code[3:], strings.Repeat("9", 1<<20), "123456789012345",
	} {
		require.ErrorIs(t, submit(t, s, typed), otp.ErrMalformed, "%.80q", typed)
	}
	assert.Empty(t, store.took())

	now, err := s.Status(t.Context(), otp.Request{To: ada})
	require.NoError(t, err)
	assert.Equal(t, status, now)
	require.NoError(t, submit(t, s, " #"+code[:3]+" – "+code[3:]+"."))
}

// Rule 12: a request that cannot be used is ErrInvalid from every method, without a store call, and
// so fast that no stranger can make the service work.
func TestRule12InvalidRequests(t *testing.T) {
	store := newTable()
	newService := func(policy otp.Policy) *otp.Service {
		s, _ := otptest.New(t, otp.Config{Store: store, Policy: policy})
		return s
	}
	open, bound := newService(otp.Policy{}), newService(otp.Policy{RequireBinding: true})

	for _, c := range []struct {
		name    string
		s       *otp.Service
		to      string
		binding string
		trust   otp.Trust
		toOnly  bool // the address is at fault, so methods without other fields refuse it, too
	}{
		{"empty", open, "", "", 0, true},
		{"white space", open, " \u00a0 ", "", 0, true},
		{"a megabyte", open, strings.Repeat("a", 1<<20), "", 0, true},
		{"1025 bytes", open, strings.Repeat("a", 1025), "", 0, true},
		{"a header", open, "x\r\nBcc: y", "", 0, true},
		{"NUL", open, "x\x00", "", 0, true},
		{"DEL", open, "x\x7f", "", 0, true},
		{"C1", open, "x\u0085", "", 0, true},
		{"a trailing newline", open, ada + "\n", "", 0, true},
		{"a long Binding", open, ada, strings.Repeat("b", 1025), 0, false},
		{"no Binding", bound, ada, "", 0, false},
		{"a Trust without a Binding", open, ada, "", otp.Known, false},
		{"a challenge without a Binding", open, ada, "", otp.Challenged, false},
		{"an unknown Trust", open, ada, "session", 3, false},
		{"a negative Trust", open, ada, "session", -1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			request := otp.Request{To: c.to, Binding: c.binding, Trust: c.trust}
			calls := map[string]func() error{
				"Send": func() error {
					status, err := c.s.Send(t.Context(), request)
					assert.Zero(t, status)
					return err
				},
				"Status": func() error {
					_, err := c.s.Status(t.Context(), request)
					return err
				},
				"Verify": func() error {
					return c.s.Verify(t.Context(), otp.Submission{
						To: c.to, Binding: c.binding, Trust: c.trust, Code: "123456"})
				},
			}
			if c.toOnly {
				calls["RevokeAll"] = func() error { return c.s.RevokeAll(t.Context(), c.to) }
				calls["Unlock"] = func() error { return c.s.Unlock(t.Context(), c.to) }
				calls["NormalizeAddress"] = func() error {
					_, err := otp.NormalizeAddress(c.to)
					return err
				}
				assert.Empty(t, c.s.Pseudonym(c.to))
			}
			if c.trust == otp.Stranger {
				calls["Revoke"] = func() error { return c.s.Revoke(t.Context(), c.to, c.binding) }
			}

			for name, call := range calls {
				fastest := time.Hour
				for range 20 {
					begin := time.Now()
					err := call()
					fastest = min(fastest, time.Since(begin))

					require.ErrorIs(t, err, otp.ErrInvalid, name)
					wantNotJudged(t, err)
				}
				assert.Less(t, fastest, time.Duration(slower)*10*time.Microsecond, name)
			}
		})
	}

	assert.Empty(t, store.took())
}

// Rule 12: what else a submission, an exception of RevokeAll and a Normalize of one's own can get
// wrong.
func TestRule12InvalidFields(t *testing.T) {
	store := newTable()
	refusal := errors.New("not a number: ada@example.com")
	long := strings.Repeat("a", 1025)
	normalize := map[string]func(string) (string, error){
		"refuses":               func(string) (string, error) { return "", refusal },
		"returns nothing":       func(string) (string, error) { return "", nil },
		"returns a header":      func(string) (string, error) { return "x\nBcc: y", nil },
		"returns too much":      func(string) (string, error) { return long, nil },
		"returns white space":   func(string) (string, error) { return " ", nil },
		"does not see an empty": nil,
	}
	for name, f := range normalize {
		s, _ := otptest.New(t, otp.Config{Store: store, Normalize: f})
		to := ada
		if f == nil {
			to = ""
		}
		_, err := s.Send(t.Context(), otp.Request{To: to})
		require.ErrorIs(t, err, otp.ErrInvalid, name)
		assert.NotContains(t, err.Error(), "ada")
		if name == "refuses" {
			require.ErrorIs(t, err, refusal)
		}
	}

	s, _ := otptest.New(t, otp.Config{Store: store})
	require.ErrorIs(t, s.Verify(t.Context(), otp.Submission{
		To: ada, Code: "123456", IdempotencyKey: strings.Repeat("k", 129)}), otp.ErrInvalid)
	require.ErrorIs(t,
		s.RevokeAll(t.Context(), ada, "one", strings.Repeat("b", 1025)), otp.ErrInvalid)
	assert.Empty(t, store.took())

	require.ErrorIs(t, s.Verify(t.Context(), otp.Submission{
		To: ada, Binding: strings.Repeat("b", 1024), Code: "123456",
		IdempotencyKey: strings.Repeat("k", 128)}), otp.ErrNoCode)
}

// Rule 8: Config.Normalize decides what counts as one address.
func TestRule08Normalize(t *testing.T) {
	digits := func(to string) (string, error) {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, to), nil
	}
	s, in := otptest.New(t, otp.Config{Normalize: digits})

	code, _ := send(t, s, in, otp.Request{To: "+44 20 7946 0000"})
	_, err := s.Send(t.Context(), otp.Request{To: "+442079460000"})
	require.ErrorIs(t, err, otp.ErrLimited)
	assert.Equal(t, s.Pseudonym("+44-20-7946-0000"), s.Pseudonym("+442079460000"))
	assert.Equal(t, "+44 20 7946 0000", in.Messages()[0].To)
	require.NoError(t, s.Verify(t.Context(), otp.Submission{To: "442079460000", Code: code}))
}

// Rule 14: the state is written before the mail.
func TestRule14TheStateIsWrittenBeforeTheMail(t *testing.T) {
	var s *otp.Service
	var accepted error
	s, _ = otptest.New(t, otp.Config{Sender: otp.SenderFunc(
		func(ctx context.Context, m otp.Message) error {
			accepted = s.Verify(ctx, otp.Submission{To: m.To, Code: m.Code.Reveal()})
			return nil
		})})

	_, err := s.Send(t.Context(), otp.Request{To: ada})
	require.NoError(t, err)
	require.NoError(t, accepted)
}

// Rule 14: the message has what the request had, and a context with the caller's values.
func TestRule14TheMessage(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	var got otp.Message
	s, _ := otptest.New(t, otp.Config{
		Purpose: "password-reset",
		Sender: otp.SenderFunc(func(ctx context.Context, m otp.Message) error {
			assert.Equal(t, "value", ctx.Value(key{}))
			got = m
			return nil
		}),
	})

	status, err := s.Send(ctx, otp.Request{
		To: " Ada@Example.com", Binding: "flow", Language: "de-CH, en;q=0.5", Data: 42})
	require.NoError(t, err)

	require.Regexp(t, "^[0-9a-f]{32}$", got.ID)
	code := got.Code
	got.ID, got.Code = "", otp.Code{}
	assert.True(t, got == otp.Message{
		Purpose: "password-reset", To: " Ada@Example.com", Language: "de-CH, en;q=0.5", Data: 42,
		ExpiresAt: status.ExpiresAt,
	})
	assert.Equal(t, time.UTC, status.ExpiresAt.Location())
	require.NoError(t, submitBound(t, s, "flow", code.Reveal()))
}

// Rule 14: every recorded Send counts, whatever the Sender says, and the code stays valid.
func TestRule14EveryRecordedSendCounts(t *testing.T) {
	for _, failure := range []error{
		errors.New("timeout for ada@example.com"),
		fmt.Errorf("throttled for ada@example.com: %w", otp.ErrNotSent),
		fmt.Errorf("ada@example.com bounces: %w", otp.ErrUndeliverable),
	} {
		synctest.Test(t, func(t *testing.T) {
			var codes []string
			s, _ := otptest.New(t, otp.Config{
				Policy: otp.Policy{
					SendLimits: []otp.Limit{
						{Count: 2, Window: time.Minute},
						{Count: 3, Window: time.Hour},
					},
					Lifetime: time.Hour,
				},
				Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
					codes = append(codes, m.Code.Reveal())
					return failure
				}),
			})
			ask := func(want error) otp.Status {
				t.Helper()
				status, err := s.Send(t.Context(), otp.Request{To: ada})
				require.ErrorIs(t, err, want)
				if errors.Is(err, otp.ErrDelivery) {
					require.ErrorIs(t, err, failure)
					assert.NotContains(t, err.Error(), "ada")
					assert.True(t, status.Live)
				}
				return status
			}

			ask(otp.ErrDelivery)
			status := ask(otp.ErrDelivery)
			assert.Equal(t, time.Minute, time.Until(status.RetryAt))
			ask(otp.ErrLimited)
			time.Sleep(time.Minute)
			status = ask(otp.ErrDelivery)
			assert.Equal(t, 59*time.Minute, time.Until(status.RetryAt))
			ask(otp.ErrLimited)

			assert.Len(t, slices.Compact(codes), 1, "the same code again")
			require.NoError(t, submit(t, s, codes[0]))
		})
	}
}

// Rule 14: neither canceling nor deadline of the caller reaches store or Sender. What has begun
// ends by its own deadlines.
func TestRule14TheCallerDecidesNothing(t *testing.T) {
	type contextKey struct{}
	callers := map[string]func(context.Context) (context.Context, context.CancelFunc){
		"hangs up": context.WithCancel,
		"has a short deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 20*time.Millisecond)
		},
	}

	for name, caller := range callers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newTable()
				var left time.Duration
				s, _ := otptest.New(t, otp.Config{
					Store:  slow(store, time.Second),
					Policy: otp.Policy{DeliveryTimeout: 3 * time.Second},
					Sender: otp.SenderFunc(func(ctx context.Context, _ otp.Message) error {
						deadline, ok := ctx.Deadline()
						require.True(t, ok)
						left = time.Until(deadline)
						assert.Equal(t, "value", ctx.Value(contextKey{}))
						<-ctx.Done() // hangs
						return fmt.Errorf("%w: %w", otp.ErrNotSent, ctx.Err())
					}),
				})

				ctx, cancel := caller(context.WithValue(t.Context(), contextKey{}, "value"))
				time.AfterFunc(30*time.Millisecond, cancel)
				begin := time.Now()
				_, err := s.Send(ctx, otp.Request{To: ada})

				require.ErrorIs(t, err, otp.ErrNotSent)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 3*time.Second, left)
				took := time.Since(begin)
				assert.Equal(t, 4*time.Second, took, "one store call and the delivery")

				// A context that is done already is refused before anything is read or written.
				require.Error(t, ctx.Err())
				store.took()
				_, err = s.Send(ctx, otp.Request{To: ada})
				require.ErrorIs(t, err, ctx.Err())
				wantNotJudged(t, s.Verify(ctx, otp.Submission{To: ada, Code: "123456"}))
				require.ErrorIs(t, s.Unlock(ctx, ada), ctx.Err())
				assert.Empty(t, store.took())
			})
		})
	}
}

// Rule 14: a hung store ends an operation after 10 s.
func TestRule14AHungStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Store: slow(newTable(), time.Hour)})
		begin := time.Now()

		_, err := s.Send(t.Context(), otp.Request{To: ada})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 10*time.Second, time.Since(begin))
		assert.Empty(t, in.Messages())
	})
}
