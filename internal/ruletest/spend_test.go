package ruletest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// Check judges as Verify does and pays for a wrong code as Verify does, but spends nothing.
func TestCheck(t *testing.T) {
	store := newTable()
	s := start(t, otp.Config{Store: store})
	code := s.send("")
	sub := otp.Submission{To: ada, Code: code, IdempotencyKey: "form"}
	check := func(code string, want error) {
		t.Helper()
		sub := sub
		sub.Code = code
		require.ErrorIs(t, s.Check(t.Context(), sub), want)
	}

	store.took()
	for range 20 {
		check(code, nil)
	}
	assert.NotContains(t, store.took(), "swap+", "the right code writes nothing")
	check("hello", otp.ErrMalformed)
	assert.Empty(t, store.took())
	check(wrong(code, 0), otp.ErrMismatch)
	require.ErrorIs(t, s.Check(t.Context(), otp.Submission{Code: code}), otp.ErrInvalid)

	s.verify(sub, nil)
	check(code, otp.ErrRepeated)
	for i := range 4 {
		check(wrong(code, i), otp.ErrMismatch)
	}
	check(code, otp.ErrExhausted)
}

// Rule 10: MinSendTime counts from Request.Begun, but never from later than the call.
func TestRule10Begun(t *testing.T) {
	for began, takes := range map[time.Duration]time.Duration{
		0: 500 * time.Millisecond, 200 * time.Millisecond: 300 * time.Millisecond,
		time.Second: 50 * time.Millisecond, -time.Hour: 500 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			var duration, delivery time.Duration
			s, err := otp.New(otp.Config{
				Purpose: "test", Secret: testSecret, Store: newTable(),
				Sender: otp.SenderFunc(func(ctx context.Context, _ otp.Message) error {
					deadline, _ := ctx.Deadline()
					delivery = time.Until(deadline)
					time.Sleep(50 * time.Millisecond)
					return nil
				}),
				Observe: func(_ context.Context, e otp.Event) { duration = e.Duration },
			})
			require.NoError(t, err)

			time.Sleep(time.Hour)
			begin := time.Now()
			request := otp.Request{To: ada, Begun: begin.Add(-began)}
			_, err = s.Send(t.Context(), request)
			require.NoError(t, err)
			assert.Equal(t, takes, time.Since(begin), "begun %v before", began)
			assert.Equal(t, 50*time.Millisecond, duration, "counts from the call")
			assert.Equal(t, 10*time.Second, delivery, "counts from the call")
		})
	}
}

// A Service with NoSender administers. Its Send is an error, also for a decoy, and records nothing.
func TestNoSender(t *testing.T) {
	store := newTable()
	web := start(t, otp.Config{Secret: testSecret, Store: store})
	support, err := otp.New(otp.Config{
		Purpose: "test", Secret: testSecret, Store: store, Sender: otp.NoSender,
		Policy: otp.Policy{MinSendTime: -1},
	})
	require.NoError(t, err)
	code := web.send("")

	store.took()
	for _, decoy := range []bool{false, true} {
		status, err := support.Send(t.Context(), otp.Request{To: ada, Decoy: decoy})
		require.ErrorContains(t, err, "otp.NoSender")
		require.NotErrorIs(t, err, otp.ErrDelivery)
		assert.Zero(t, status)
	}
	assert.Empty(t, store.took())
	require.ErrorIs(t, otp.NoSender.Send(t.Context(), otp.Message{}), otp.ErrNotSent)

	require.NoError(t, support.Unlock(t.Context(), ada))
	require.NoError(t, support.RevokeAll(t.Context(), ada))
	web.submit("", code, otp.ErrNoCode)
}

// Of all calls with one id one is nil, whatever replies are lost. The others are repeats if they
// have its key.
func TestSpend(t *testing.T) {
	for name, fault := range map[string]func(otptest.StoreCall) otptest.StoreFault{
		"replies arrive":   nil,
		"slow":             slowly,
		"replies are lost": lostSwaps(0), "others are lost": lostSwaps(1),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := otptest.New(t, otp.Config{
					Store: &otptest.FaultyStore{Store: memstore.New(nil), Fault: fault}})
				until := time.Now().Add(time.Hour)
				spend := func(id, key string) error { return s.Spend(t.Context(), id, key, until) }

				got := tally(parallel(50, func(int) error { return spend("one", "form") }))
				assert.Equal(t, map[error]int{nil: 1, otp.ErrRepeated: 49}, got)
				require.Equal(t, otp.ErrUsed, spend("one", "another form"))
				require.Equal(t, otp.ErrUsed, spend("one", ""))

				got = tally(parallel(50, func(i int) error { return spend("two", fmt.Sprint(i)) }))
				assert.Equal(t, map[error]int{nil: 1, otp.ErrUsed: 49}, got)

				check := func(id, key string) error { return s.CheckSpend(t.Context(), id, key) }
				require.Equal(t, otp.ErrRepeated, check("one", "form"))
				require.Equal(t, otp.ErrUsed, check("one", ""))
				require.NoError(t, check("three", "form"))
				require.NoError(t, check("three", "another form"), "spends nothing")

				require.NoError(t, spend("three", ""))
				require.Equal(t, otp.ErrUsed, spend("three", ""), "no key is no repeat")
			})
		})
	}
}

// Spend takes one call of the store, keeps nothing that can be read, and refuses what was changed.
func TestSpendStores(t *testing.T) {
	store := newTable()
	s, _ := otptest.New(t, otp.Config{Store: store, Secret: testSecret})
	until := time.Now().Add(time.Hour)
	require.NoError(t, s.Spend(t.Context(), "the-token", "the-form", until))
	assert.Equal(t, []string{"swap+"}, store.took())
	require.Equal(t, otp.ErrRepeated, s.Spend(t.Context(), "the-token", "the-form", until))
	assert.Equal(t, []string{"swap-", "load+"}, store.took())
	require.Equal(t, otp.ErrRepeated, s.CheckSpend(t.Context(), "the-token", "the-form"))
	assert.Equal(t, []string{"load+"}, store.took())

	other, _ := otptest.New(t, otp.Config{Store: store, Secret: testSecret, Purpose: "other"})
	require.NoError(t, other.Spend(t.Context(), "the-token", "the-form", until))

	for key, genuine := range store.values {
		require.Len(t, key, 22)
		require.NotContains(t, string(genuine), "the-")
		for bit := range len(genuine) * 8 {
			forged := bytes.Clone(genuine)
			forged[bit/8] ^= 1 << (bit % 8)
			store.values[key] = forged
			for _, s := range []*otp.Service{s, other} {
				err := s.Spend(t.Context(), "the-token", "the-form", until)
				require.True(t, err != nil || !bytes.Equal(store.values[key], forged))
				if err != nil && !errors.Is(err, otp.ErrRepeated) {
					wantNotJudged(t, err)
				}
			}
		}
		store.values[key] = genuine
	}
}

// A Spend that cannot be used is ErrInvalid, without a store call. The bounds are in.
func TestSpendInvalid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, long := newTable(), strings.Repeat("k", 1025)
		s, _ := otptest.New(t, otp.Config{Store: store})
		spend := func(id, key string, ahead time.Duration) error {
			return s.Spend(t.Context(), id, key, time.Now().Add(ahead))
		}

		for name, err := range map[string]error{
			"no id":     spend("", "key", time.Hour),
			"a long id": spend(long, "key", time.Hour), "a long key": spend("id", long, time.Hour),
			"too soon": spend("id", "key", time.Minute-tick),
			"too late": spend("id", "key", 30*day+tick),
			"no time":  s.Spend(t.Context(), "id", "key", time.Time{}),

			"no id to check":      s.CheckSpend(t.Context(), "", "key"),
			"a long key to check": s.CheckSpend(t.Context(), "id", long),
		} {
			require.ErrorIs(t, err, otp.ErrInvalid, name)
			wantNotJudged(t, err)
		}
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		err := s.Spend(canceled, "id", "key", time.Now().Add(time.Hour))
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, store.took())

		require.NoError(t, spend(long[1:], long[1:], time.Minute))
		require.NoError(t, spend("id", "key", 30*day))
	})
}
