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
// testing/synctest. They show what people and documents rely on; internal/proof holds every rule
// against a model.

// Rule 1: a code is accepted at most once.
func TestRule01ACodeIsAcceptedOnce(t *testing.T) {
	for _, key := range []string{"", "a key"} {
		s := start(t, otp.Config{})
		code := s.send("")

		s.verify(otp.Submission{To: ada, Code: code, IdempotencyKey: key}, nil)
		for range 20 { // the text of a used code costs nothing
			s.submit("", code, otp.ErrUsed)
		}
		s.miss("", code, 1)
	}
}

// Rule 1: two submissions with one key, one after the other, over two instances, with the replies
// of the store lost or not.
func TestRule01ADoubleClick(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			store, on := newTable(), false
			lossy := failing(store, "CompareAndSwap", true, &on)
			one := start(t, otp.Config{Secret: testSecret, Store: lossy})
			two := start(t, otp.Config{Secret: testSecret, Store: store})

			code, status := one.sent(otp.Request{Binding: "session"})
			click := otp.Submission{To: ada, Binding: "session", Code: code, IdempotencyKey: "form"}
			other := click
			other.IdempotencyKey = "another form"

			on = lost
			one.verify(click, nil)
			on = false

			for range 20 { // a repeat costs nothing
				two.verify(click, otp.ErrRepeated)
			}
			one.verify(other, otp.ErrUsed)

			for i := range 5 { // the key without the text is a guess like any other
				guess := click
				guess.Code = wrong(code, i)
				two.verify(guess, otp.ErrMismatch)
			}
			two.verify(click, otp.ErrExhausted)

			// Rule 2 holds for repeats too.
			time.Sleep(time.Until(status.ExpiresAt))
			two.verify(click, otp.ErrExpired)
		})
	}
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
					s := start(t, otp.Config{Store: newTable()})
					code, status := s.sent(otp.Request{})

					life := status.ExpiresAt.Sub(asked)
					assert.LessOrEqual(t, life, 10*time.Minute)
					assert.Greater(t, life, 10*time.Minute-time.Second)
					assert.Equal(t, status.ExpiresAt, s.in.Messages()[0].ExpiresAt)

					time.Sleep(time.Until(status.ExpiresAt) + c.offset)
					s.submit("", code, c.want)
				})
			})
		}
	}
}

// Rule 3: at most MaxAttempts wrong submissions for a code, and no write for a dead one, nor for a
// length that no code has.
func TestRule03MaxAttemptsPerCode(t *testing.T) {
	store := newTable()
	s := start(t, otp.Config{Store: store})
	code, status := s.sent(otp.Request{})

	store.took()
	s.submit("", code+"1", otp.ErrMalformed)
	assert.Equal(t, []string{"load+"}, store.took())

	for left := status.AttemptsLeft - 1; left >= 0; left-- {
		err := submit(t, s.Service, wrong(code, left))
		require.ErrorIs(t, err, otp.ErrMismatch)
		assert.Equal(t, left, rejection(t, err).AttemptsLeft)
		assert.Equal(t, left > 0, rejection(t, err).Live)
	}

	store.took()
	s.submit("", code, otp.ErrExhausted)
	assert.Equal(t, []string{"load+"}, store.took())
}

// Rule 4: asking again gives back neither attempts nor failures.
func TestRule04AskingAgainGivesNothingBack(t *testing.T) {
	s := start(t, otp.Config{Policy: otp.Policy{MaxFailures: 20, Lock: true}})
	code := s.send("")
	s.miss("", code, 4)

	again, status := s.sent(otp.Request{})
	assert.Equal(t, code, again)
	assert.Equal(t, 1, status.AttemptsLeft)
	s.miss("", code, 1)
	s.submit("", code, otp.ErrExhausted)

	// Five failures were not forgotten: there is room for three codes, and for none after ten more.
	for range 3 {
		s.exhaust(otp.Submission{To: ada, Code: s.send("")})
	}
	s.refused("", otp.ErrLocked)
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
				s := start(t, otp.Config{
					Observe: func(_ context.Context, e otp.Event) { resent = e.Resent },
				})

				first, before := s.sent(otp.Request{})
				assert.False(t, resent)
				time.Sleep(c.after)
				second, after := s.sent(otp.Request{})

				assert.Equal(t, c.same, first == second)
				assert.Equal(t, c.same, resent)
				assert.Equal(t, c.same, after.ExpiresAt.Equal(before.ExpiresAt))

				// The older code keeps what life it has.
				time.Sleep(time.Until(before.ExpiresAt) - tick)
				s.submit("", first, nil)
			})
		})
	}
}

// Rule 6: success voids the live codes of its Binding, and no others.
func TestRule06SuccessVoidsItsBinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, otp.Config{})
		older := s.send("one")
		time.Sleep(5*time.Minute + tick)
		newer, other := s.send("one"), s.send("two")

		s.submit("one", newer, nil)
		s.submit("one", older, otp.ErrMismatch)
		s.submit("two", other, nil)
	})
}

// Rule 6: success takes back the failures that its own code has counted, and no others.
func TestRule06SuccessTakesBackItsOwnFailures(t *testing.T) {
	s := start(t, otp.Config{Policy: otp.Policy{MaxFailures: 20, Lock: true}})
	for range 20 {
		code := s.send("")
		s.miss("", code, 4)
		s.submit("", code, nil)
	}

	for range 3 {
		code := s.send("stranger")
		s.exhaust(otp.Submission{To: ada, Binding: "stranger", Code: code})
	}
	s.submit("", s.send(""), nil)
	s.send("")
	s.refused("second", otp.ErrLocked) // 15 failures, 5 open attempts
}

// Rule 6: three transactions of one person do not disturb each other.
func TestRule06ThreeTransactions(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		s, codes := start(t, otp.Config{}), make([]string, 3)
		binding := func(i int) string { return fmt.Sprint("session/transfer ", i) }
		for i := range codes {
			codes[i] = s.send(binding(i))
		}
		s.refused("a fourth", otp.ErrLimited)

		for _, i := range order {
			s.submit(binding((i+1)%3), codes[i], otp.ErrRejected)
		}
		for _, i := range order {
			s.submit(binding(i), codes[i], nil)
		}
	}
}

// Rule 6: Revoke voids the codes of one Binding, RevokeAll those of all, for every Trust. Their
// places are free.
func TestRule06Revoke(t *testing.T) {
	asks := []otp.Request{
		{Binding: "one"}, {Binding: "two"}, {Binding: "three"},
		{Binding: "one", Trust: otp.Challenged}, {Binding: "two", Trust: otp.Known},
	}

	for _, all := range []bool{false, true} {
		s, codes := start(t, otp.Config{}), make([]string, len(asks))
		for i, ask := range asks {
			codes[i], _ = s.sent(ask)
		}

		if all { // the exception is for repeats
			require.NoError(t, s.RevokeAll(t.Context(), ada, "two", "none"))
		} else {
			require.NoError(t, s.Revoke(t.Context(), "ADA@example.com", "one"))
		}

		s.send("a fourth")
		for i, ask := range asks {
			var want error
			if all || ask.Binding == "one" {
				want = otp.ErrNoCode
			}
			s.verify(otp.Submission{
				To: ada, Binding: ask.Binding, Trust: ask.Trust, Code: codes[i]}, want)
		}
	}
}

// Rule 6: the exception of RevokeAll keeps the repeats of the named Bindings, of every Trust.
func TestRule06RevokeAllKeepsRepeats(t *testing.T) {
	s := start(t, otp.Config{})
	clicks := []otp.Submission{
		{Binding: "kept"}, {Binding: "kept", Trust: otp.Known}, {Binding: "other"},
	}
	for i := range clicks {
		c := &clicks[i]
		c.Code, _ = s.sent(otp.Request{Binding: c.Binding, Trust: c.Trust})
		c.To, c.IdempotencyKey = ada, "form"
		s.verify(*c, nil)
	}

	require.NoError(t, s.RevokeAll(t.Context(), ada, "kept"))
	s.verify(clicks[0], otp.ErrRepeated)
	s.verify(clicks[1], otp.ErrRepeated)
	s.verify(clicks[2], otp.ErrUsed)
}

// Rule 6: success ends the repeats of codes that were used before under its Binding, so that a late
// copy of an earlier form undoes nothing. Those of other Bindings stay.
func TestRule06SuccessEndsEarlierRepeats(t *testing.T) {
	s := start(t, otp.Config{})
	use := func(binding, form string) otp.Submission {
		click := otp.Submission{
			To: ada, Binding: binding, Code: s.send(binding), IdempotencyKey: form}
		s.verify(click, nil)
		return click
	}

	other, first := use("other", "a"), use("session", "b")
	s.verify(first, otp.ErrRepeated)
	s.verify(other, otp.ErrRepeated)

	second := use("session", "c")
	s.verify(first, otp.ErrUsed)
	s.verify(second, otp.ErrRepeated)
}

// Rule 6: where there is nothing to void or clear, nothing is written.
func TestRule06NothingToDoWritesNothing(t *testing.T) {
	store := newTable()
	s := start(t, otp.Config{Store: store})

	require.NoError(t, s.Revoke(t.Context(), ada, ""))
	require.NoError(t, s.RevokeAll(t.Context(), ada))
	require.NoError(t, s.Unlock(t.Context(), ada))
	assert.Equal(t, slices.Repeat([]string{"load-"}, 9), store.took())

	s.submit("", s.send(""), nil)
	require.NoError(t, s.Revoke(t.Context(), ada, ""))
	store.took()
	require.NoError(t, s.Revoke(t.Context(), ada, ""))
	assert.NotContains(t, store.took(), "swap+")
}

// Rule 7: codes get longer instead of a lock, without end, and Status says how long they are.
func TestRule07LongerCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, otp.Config{Policy: otp.Policy{MaxFailures: 10}})

		for i := range 100 {
			length := 6
			if i >= 2 { // 10 failures
				length = 10
			}

			next, err := s.Status(t.Context(), otp.Request{To: ada})
			require.NoError(t, err)
			code, status := s.sent(otp.Request{})
			require.Len(t, code, length)
			assert.Equal(t, length, status.CodeLength)
			assert.Equal(t, length, next.CodeLength)
			assert.False(t, status.Locked)

			s.exhaust(otp.Submission{To: ada, Code: code})
			time.Sleep(time.Second)
		}

		s.submit("", s.send(""), nil)
		time.Sleep(30 * day) // FailureWindow
		assert.Len(t, s.send(""), 6)
	})
}

// Rule 7: a policy with Lock locks, until the failures count no more, or Unlock.
func TestRule07Lock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, otp.Config{Policy: otp.Policy{MaxFailures: 20, Lock: true}})
		for range 3 {
			s.exhaust(otp.Submission{To: ada, Code: s.send("")})
		}

		// 15 failures and 5 open attempts: the live code can be sent again, a second one cannot be.
		code, status := s.sent(otp.Request{})
		assert.False(t, status.Locked)
		refused := s.refused("second", otp.ErrLocked)
		assert.Equal(t, otp.Status{Locked: true, CodeLength: 6, RetryAt: status.ExpiresAt}, refused)
		assert.Equal(t, code, s.send(""))

		s.exhaust(otp.Submission{To: ada, Code: code})
		failed := time.Now()
		refused = s.refused("", otp.ErrLocked)
		assert.Equal(t, failed.Add(30*day).UTC(), refused.RetryAt)

		time.Sleep(time.Until(refused.RetryAt) - tick)
		s.refused("", otp.ErrLocked)
		time.Sleep(tick)
		for range 4 {
			s.exhaust(otp.Submission{To: ada, Code: s.send("")})
		}

		s.refused("", otp.ErrLocked)
		require.NoError(t, s.Unlock(t.Context(), " ADA@example.com"))
		s.send("")
	})
}

// Rule 7: NIST SP 800-63B-4 §3.2.2 allows 100 failures in a row.
func TestRule07NeverMoreThanAHundredFailuresInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, otp.Config{Policy: otp.Policy{MaxFailures: 100, Lock: true}})

		for range 20 {
			s.exhaust(otp.Submission{To: ada, Code: s.send("")})
			time.Sleep(20 * time.Hour)
		}
		s.refused("", otp.ErrLocked)
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

// Rule 9: a code works only with its own Binding. Another one neither compares nor counts, and
// never displaces a code.
func TestRule09Binding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTable()
		s := start(t, otp.Config{Store: store})
		code, before := s.sent(otp.Request{Binding: "flow"})

		store.took()
		for _, binding := range []string{"", "Flow", "flow ", "other"} {
			for range 6 {
				s.submit(binding, code, otp.ErrNoCode)
			}
		}
		assert.NotContains(t, store.took(), "swap+")
		status, err := s.Status(t.Context(), otp.Request{To: ada, Binding: "flow"})
		require.NoError(t, err)
		assert.Equal(t, before, status)

		for _, binding := range []string{"", "third"} {
			time.Sleep(time.Second)
			s.send(binding)
		}
		assert.Equal(t, otp.Status{CodeLength: 6, RetryAt: before.ExpiresAt},
			s.refused("fourth", otp.ErrLimited))
		assert.Equal(t, code, s.send("flow"))

		time.Sleep(time.Until(before.ExpiresAt) - tick)
		s.refused("fourth", otp.ErrLimited)
		time.Sleep(tick)
		s.submit("fourth", s.send("fourth"), nil)
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

// Rule 11: a store error is neither an acceptance nor a rejection.
func TestRule11StoreErrors(t *testing.T) {
	for _, method := range []string{"Load", "CompareAndSwap"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken := false
				s := start(t, otp.Config{Store: failing(newTable(), method, false, &broken)})
				code := s.send("")
				s.miss("", code, 1) // something to unlock

				broken = true
				calls := map[string]func() error{
					"a wrong code":   func() error { return submit(t, s.Service, wrong(code, 0)) },
					"the right code": func() error { return submit(t, s.Service, code) },
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
				s.submit("", code, nil)
			})
		})
	}
}

// Rule 12: a code that can be none costs neither an attempt nor a store call.
func TestRule12MalformedCodesCostNothing(t *testing.T) {
	store := newTable()
	s := start(t, otp.Config{Store: store})
	code, status := s.sent(otp.Request{})

	store.took()
	for _, typed := range []string{
		"", " ", "12345", "abcdef", "12345x", "hello", code + "\x00", strings.Repeat("1", 65),
		strings.Repeat(" ", 65) + code, "Your code is " + code,
		code[:3] + "." + code[3:], strings.Repeat("9", 1<<20), "123456789012345",
	} {
		s.submit("", typed, otp.ErrMalformed)
	}
	assert.Empty(t, store.took())

	now, err := s.Status(t.Context(), otp.Request{To: ada})
	require.NoError(t, err)
	assert.Equal(t, status, now)
	s.submit("", " #"+code[:3]+" – "+code[3:]+".", nil)
}

// Rule 12: a request that cannot be used is ErrInvalid from every method, without a store call, and
// so fast that no stranger can make the service work.
func TestRule12InvalidRequests(t *testing.T) {
	store := newTable()
	open := start(t, otp.Config{Store: store})
	bound := start(t, otp.Config{Store: store, Policy: otp.Policy{RequireBinding: true}})
	long := strings.Repeat("a", 1025)

	for name, c := range map[string]struct {
		s *fixture
		r otp.Request
	}{
		"empty":                       {open, otp.Request{}},
		"white space":                 {open, otp.Request{To: " \u00a0 "}},
		"a megabyte":                  {open, otp.Request{To: strings.Repeat("a", 1<<20)}},
		"1025 bytes":                  {open, otp.Request{To: long}},
		"a header":                    {open, otp.Request{To: "x\r\nBcc: y"}},
		"NUL":                         {open, otp.Request{To: "x\x00"}},
		"DEL":                         {open, otp.Request{To: "x\x7f"}},
		"C1":                          {open, otp.Request{To: "x\u0085"}},
		"a trailing newline":          {open, otp.Request{To: ada + "\n"}},
		"a long Binding":              {open, otp.Request{To: ada, Binding: long}},
		"no Binding":                  {bound, otp.Request{To: ada}},
		"a Trust without a Binding":   {open, otp.Request{To: ada, Trust: otp.Known}},
		"a challenge without Binding": {open, otp.Request{To: ada, Trust: otp.Challenged}},
		"an unknown Trust":            {open, otp.Request{To: ada, Binding: "session", Trust: 3}},
		"a negative Trust":            {open, otp.Request{To: ada, Binding: "session", Trust: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := c.s, c.r
			calls := []func() error{
				func() error { _, err := s.Send(t.Context(), r); return err },
				func() error { _, err := s.Status(t.Context(), r); return err },
				func() error {
					return s.Verify(t.Context(), otp.Submission{
						To: r.To, Binding: r.Binding, Trust: r.Trust, Code: "123456"})
				},
			}
			if r.Trust == otp.Stranger {
				calls = append(calls,
					func() error { return s.Revoke(t.Context(), r.To, r.Binding) })
			}
			if r.To != ada { // the address is at fault
				calls = append(calls,
					func() error { return s.RevokeAll(t.Context(), r.To) },
					func() error { return s.Unlock(t.Context(), r.To) },
					func() error { _, err := otp.NormalizeAddress(r.To); return err })
				assert.Empty(t, s.Pseudonym(r.To))
			}

			for i, call := range calls {
				fastest := time.Hour
				for range 20 {
					begin := time.Now()
					err := call()
					fastest = min(fastest, time.Since(begin))

					require.ErrorIs(t, err, otp.ErrInvalid, i)
					wantNotJudged(t, err)
				}
				assert.Less(t, fastest, time.Duration(slower)*10*time.Microsecond, i)
			}
		})
	}

	assert.Empty(t, store.took())
}

// Rule 12: what else a submission, an exception of RevokeAll and a Normalize of one's own can get
// wrong. The bounds are in.
func TestRule12InvalidFields(t *testing.T) {
	store := newTable()
	refusal := errors.New("not a number: ada@example.com")
	for returned, failure := range map[string]error{
		"refused": refusal, "": nil, "x\nBcc: y": nil, strings.Repeat("a", 1025): nil, " ": nil,
	} {
		s := start(t, otp.Config{Store: store, Normalize: func(string) (string, error) {
			return returned, failure
		}})
		_, err := s.Send(t.Context(), otp.Request{To: ada})
		require.ErrorIs(t, err, otp.ErrInvalid, returned)
		assert.NotContains(t, err.Error(), "ada")
		assert.Equal(t, failure != nil, errors.Is(err, refusal))
		_, err = s.Normalize(ada)
		require.ErrorIs(t, err, otp.ErrInvalid, returned)
	}

	s := start(t, otp.Config{Store: store, Policy: otp.Policy{Lifetime: day}})
	address, binding, key := strings.Repeat("a", 1024), strings.Repeat("b", 1024),
		strings.Repeat("k", 128)
	s.verify(otp.Submission{To: ada, Code: "123456", IdempotencyKey: key + "k"}, otp.ErrInvalid)
	require.ErrorIs(t, s.RevokeAll(t.Context(), ada, "one", binding+"b"), otp.ErrInvalid)
	assert.Empty(t, store.took())

	code, _ := s.sent(otp.Request{To: address, Binding: binding})
	s.verify(otp.Submission{To: address, Binding: binding, Code: code, IdempotencyKey: key}, nil)
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

	_, err := s.Send(t.Context(), otp.Request{To: "+44 20 7946 0000"})
	require.NoError(t, err)
	_, err = s.Send(t.Context(), otp.Request{To: "+442079460000"})
	require.ErrorIs(t, err, otp.ErrLimited)
	normal, err := s.Normalize("+44 20 7946 0000")
	require.NoError(t, err)
	assert.Equal(t, "442079460000", normal)
	assert.Equal(t, s.Pseudonym("+44-20-7946-0000"), s.Pseudonym("+442079460000"))
	assert.Equal(t, "+44 20 7946 0000", in.Messages()[0].To)
	code := in.Code(t, "+44 20 7946 0000")
	require.NoError(t, s.Verify(t.Context(), otp.Submission{To: "442079460000", Code: code}))
}

// Rule 14: the message has what the request had, and a context with the caller's values. The state
// is written before it is sent.
func TestRule14TheMessage(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	var s *otp.Service
	var got otp.Message
	s, _ = otptest.New(t, otp.Config{
		Purpose: "password-reset",
		Sender: otp.SenderFunc(func(ctx context.Context, m otp.Message) error {
			assert.Equal(t, "value", ctx.Value(key{}))
			assert.NoError(t, submitBound(t, s, "flow", m.Code.Reveal()))
			got = m
			return nil
		}),
	})

	status, err := s.Send(ctx, otp.Request{
		To: " Ada@Example.com", Binding: "flow", Language: "de-CH, en;q=0.5", Data: 42})
	require.NoError(t, err)

	require.Regexp(t, "^[0-9a-f]{32}$", got.ID)
	got.ID, got.Code = "", otp.Code{}
	assert.True(t, got == otp.Message{
		Purpose: "password-reset", To: " Ada@Example.com", Language: "de-CH, en;q=0.5", Data: 42,
		ExpiresAt: status.ExpiresAt,
	})
	assert.Equal(t, time.UTC, status.ExpiresAt.Location())
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
			assert.Equal(t, time.Minute, time.Until(ask(otp.ErrDelivery).RetryAt))
			ask(otp.ErrLimited)
			time.Sleep(time.Minute)
			assert.Equal(t, 59*time.Minute, time.Until(ask(otp.ErrDelivery).RetryAt))
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
