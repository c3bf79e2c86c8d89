package ruletest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
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

// Instances of two versions of a service work on the same records while one replaces the other.

// An instance is one of the versions, with its inbox.
type instance struct {
	*otp.Service
	in *otptest.Inbox
}

func (i *instance) send(t *testing.T) string {
	t.Helper()
	code, _ := send(t, i.Service, i.in, otp.Request{To: ada})
	return code
}

// rollOut returns instances of two configurations on one store.
func rollOut(t *testing.T, store otp.Store, before, after otp.Config) (old, new *instance) {
	start := func(c otp.Config) *instance {
		c.Secret, c.Store = testSecret, store
		if c.Policy.SendLimits == nil {
			c.Policy.SendLimits = often
		}
		s, in := otptest.New(t, c)
		return &instance{s, in}
	}
	return start(before), start(after)
}

func policies(before, after otp.Policy) (otp.Config, otp.Config) {
	return otp.Config{Policy: before}, otp.Config{Policy: after}
}

// A code key is replaced in the documented steps without losing a code.
func TestCodeKeysRotateWithoutLosingACode(t *testing.T) {
	a, b := bytes.Repeat([]byte{'a'}, 32), bytes.Repeat([]byte{'b'}, 32)
	versions := []otp.Keys{
		nil, {testSecret}, {testSecret, a}, {a, testSecret}, {a}, {a, b}, {b, a}, {b}}

	for i := 1; i < len(versions); i++ {
		for _, oldIssues := range []bool{true, false} {
			t.Run(fmt.Sprintf("to version %d, the old one issues: %v", i, oldIssues),
				func(t *testing.T) {
					issuer, other := rollOut(t, newTable(),
						otp.Config{CodeKeys: versions[i-1]}, otp.Config{CodeKeys: versions[i]})
					if !oldIssues {
						issuer, other = other, issuer
					}

					code := issuer.send(t)
					assert.Equal(t, code, other.send(t), "sent again by the other version")
					require.ErrorIs(t, submit(t, other.Service, wrong(code, 0)), otp.ErrMismatch)
					require.NoError(t, submit(t, other.Service, code))
				})
		}
	}
}

// A code whose key is unknown is neither right nor wrong, and does not keep the person from getting
// another one.
func TestUnknownCodeKey(t *testing.T) {
	store := newTable()
	issuer, other := rollOut(t, store,
		otp.Config{CodeKeys: otp.Keys{bytes.Repeat([]byte{'a'}, 32)}},
		otp.Config{CodeKeys: otp.Keys{bytes.Repeat([]byte{'b'}, 32)}})

	code := issuer.send(t)
	store.took()
	for range 10 {
		wantNotJudged(t, submit(t, other.Service, code))
	}
	assert.NotContains(t, store.took(), "swap+")

	// A submission that is not the fresh code may be the other one: paid for, but not "wrong".
	fresh := other.send(t)
	wantNotJudged(t, submit(t, other.Service, code))
	status, err := other.Status(t.Context(), otp.Request{To: ada})
	require.NoError(t, err)
	assert.Equal(t, 4, status.AttemptsLeft)
	require.NoError(t, submit(t, other.Service, fresh))
}

// Rule 12: a code keeps the length that it was issued with.
func TestLengthsDuringARollOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := policies(otp.Policy{}, otp.Policy{Length: 8})
		old, new := rollOut(t, newTable(), before, after)

		short := old.send(t)
		assert.Equal(t, short, new.send(t), "sent again")
		time.Sleep(6 * time.Minute)
		long := new.send(t)
		assert.Len(t, long, 8)
		require.ErrorIs(t, submit(t, old.Service, wrong(long, 0)), otp.ErrMismatch)
		require.NoError(t, submit(t, new.Service, short))

		long = new.send(t)
		require.NoError(t, submit(t, old.Service, long))
	})
}

// Rule 12: a code can be read by an instance whose policy has another alphabet, also where its
// digits happen to be readable as letters.
func TestAlphabetsDuringARollOut(t *testing.T) {
	before, after := policies(otp.Policy{}, otp.Policy{Alphabet: otp.Letters})

	for range 100 {
		old, new := rollOut(t, newTable(), before, after)
		digits := old.send(t)
		assert.Equal(t, digits, new.send(t), "sent again")
		require.ErrorIs(t, submit(t, new.Service, "BCDFGH"), otp.ErrMalformed)
		require.NoError(t, submit(t, new.Service, digits))

		letters := new.send(t)
		require.NotEqual(t, digits, letters)
		require.NoError(t, submit(t, old.Service, letters))
	}
}

// A code keeps the attempts that it was issued with, and places are counted by each policy.
func TestAttemptsDuringARollOut(t *testing.T) {
	before, after := policies(otp.Policy{}, otp.Policy{MaxAttempts: 2, MaxLiveCodes: 1})
	old, new := rollOut(t, newTable(), before, after)

	code := old.send(t)
	for i := range 2 {
		require.ErrorIs(t, submit(t, new.Service, wrong(code, i)), otp.ErrMismatch)
	}
	require.NoError(t, new.Revoke(t.Context(), ada, ""))
	require.ErrorIs(t, submit(t, old.Service, code), otp.ErrNoCode)

	for range 4 {
		fresh := new.send(t)
		exhaust(t, old.Service, otp.Submission{To: ada, Code: fresh})
	}
	require.NoError(t, submit(t, new.Service, new.send(t)))
}

// Rule 8: an instance with shorter windows does not make another forget sends.
func TestWindowsDuringARollOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := func(w time.Duration) otp.Policy {
			return otp.Policy{SendLimits: []otp.Limit{{Count: 3, Window: w}}}
		}
		before, after := policies(limit(time.Minute), limit(time.Hour))
		old, new := rollOut(t, memstore.New(nil), before, after)

		new.send(t)
		new.send(t)
		time.Sleep(2 * time.Minute)
		old.send(t) // the first two do not count here
		_, err := new.Send(t.Context(), otp.Request{To: ada})
		require.ErrorIs(t, err, otp.ErrLimited)

		for range 80 { // what is kept never gets in the way
			time.Sleep(time.Minute)
			old.send(t)
		}
	})
}

// Failures that one instance has counted are neither forgotten nor shortened by another whose
// window is shorter, also over a store that drops what it may.
func TestFailuresDuringARollOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		locks := otp.Policy{MaxFailures: 20, Lock: true}
		short := locks
		short.FailureWindow = time.Hour
		before, after := policies(locks, short)
		old, new := rollOut(t, memstore.New(nil), before, after)

		for range 4 {
			code := old.send(t)
			exhaust(t, old.Service, otp.Submission{To: ada, Code: code})
			time.Sleep(time.Second)
		}

		// The new version writes with its shorter windows.
		require.NoError(t, new.Unlock(t.Context(), "grace@example.com"))
		_, err := new.Send(t.Context(), otp.Request{To: ada})
		require.ErrorIs(t, err, otp.ErrLocked)
		time.Sleep(29 * day)
		_, err = old.Send(t.Context(), otp.Request{To: ada})
		require.ErrorIs(t, err, otp.ErrLocked)
		time.Sleep(day)
		old.send(t)
	})
}

// A write of an instance with shorter windows does not make a store that drops values forget what
// another instance needs: sends, or failures.
func TestRetentionDuringARollOut(t *testing.T) {
	short := otp.Policy{
		Lifetime: time.Second, FailureWindow: time.Hour,
		SendLimits: []otp.Limit{{Count: 60, Window: time.Second}},
	}

	t.Run("sends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			before, after := policies(
				otp.Policy{SendLimits: []otp.Limit{{Count: 3, Window: day}}}, short)
			old, new := rollOut(t, memstore.New(nil), before, after)

			for range 3 {
				old.send(t)
			}
			time.Sleep(time.Hour)
			new.send(t)
			time.Sleep(time.Hour)
			for i := range 1000 { // the store drops what it may where others come
				send(t, new.Service, new.in, otp.Request{To: fmt.Sprint("other ", i)})
			}

			_, err := old.Send(t.Context(), otp.Request{To: ada})
			require.ErrorIs(t, err, otp.ErrLimited)
		})
	})

	t.Run("failures", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			before, after := policies(otp.Policy{MaxFailures: 10}, short)
			old, new := rollOut(t, memstore.New(nil), before, after)

			for range 2 {
				code := old.send(t)
				exhaust(t, old.Service, otp.Submission{To: ada, Code: code})
			}
			require.NoError(t, submit(t, new.Service, new.send(t)))

			time.Sleep(29 * day)
			assert.Len(t, old.send(t), 10)
			time.Sleep(2 * day)
			assert.Len(t, old.send(t), 6)
		})
	})
}

// A clock that is ahead makes times in the state lie in the future. They count as now.
func TestAClockThatIsAhead(t *testing.T) {
	values := newTable()
	run := func(test func(t *testing.T, s *otp.Service, in *otptest.Inbox)) {
		synctest.Test(t, func(t *testing.T) {
			s, in := otptest.New(t, otp.Config{Secret: testSecret, Store: values})
			test(t, s, in)
		})
	}

	run(func(t *testing.T, s *otp.Service, in *otptest.Inbox) {
		time.Sleep(10 * time.Second) // this instance is ten seconds ahead
		code, _ := send(t, s, in, otp.Request{To: ada})
		require.Error(t, submit(t, s, wrong(code, 0)))
	})
	run(func(t *testing.T, s *otp.Service, _ *otptest.Inbox) {
		status, err := s.Send(t.Context(), otp.Request{To: ada})
		require.ErrorIs(t, err, otp.ErrLimited)
		assert.True(t, status.Live)
		assert.Equal(t, 4, status.AttemptsLeft)
		assert.Equal(t, 70*time.Second, time.Until(status.RetryAt))
	})
}

// A retention is a store that notes until when it was told to keep a value.
type retention struct {
	*table
	until time.Time
}

func (s *retention) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	swapped, err := s.table.CompareAndSwap(ctx, key, old, new, expires)
	if swapped {
		s.until = expires
	}
	return swapped, err
}

// A typo keeps a record as long as it counts. The right code takes it back, and the record is kept
// as long as its sends, unless an instance with longer windows needs it.
func TestATypoDoesNotKeepARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &retention{table: newTable()}
		s, in := otptest.New(t, otp.Config{Store: store, Secret: testSecret})
		code, _ := send(t, s, in, otp.Request{To: ada})
		assert.Equal(t, day, time.Until(store.until))
		size := len(slices.Collect(maps.Values(store.values))[0])

		require.ErrorIs(t, submit(t, s, wrong(code, 0)), otp.ErrMismatch)
		assert.Equal(t, 30*day, time.Until(store.until))
		require.NoError(t, submit(t, s, code))
		assert.Equal(t, day, time.Until(store.until))
		assert.Len(t, slices.Collect(maps.Values(store.values))[0], size, "used and unused")

		// Another instance, whose windows are longer: its sends stay, whoever writes next.
		long, longIn := otptest.New(t, otp.Config{
			Store: store, Secret: testSecret,
			Policy: otp.Policy{SendLimits: []otp.Limit{{Count: 10, Window: 7 * day}}},
		})
		code, _ = send(t, long, longIn, otp.Request{To: ada})
		assert.Equal(t, 7*day, time.Until(store.until))
		require.ErrorIs(t, submit(t, s, wrong(code, 0)), otp.ErrMismatch)
		require.NoError(t, submit(t, s, code))
		assert.Equal(t, 7*day, time.Until(store.until))
	})
}

// A lateInsert is a store whose first insert ends in an error, and happens when it lands. It drops
// a value the moment it expires.
type lateInsert struct {
	retention
	insert func() (bool, error)
}

func (s *lateInsert) drop() {
	if !s.until.IsZero() && !time.Now().Before(s.until) {
		clear(s.values)
	}
}

func (s *lateInsert) Load(ctx context.Context, key string) ([]byte, error) {
	s.drop()
	return s.retention.Load(ctx, key)
}

func (s *lateInsert) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	s.drop()
	if s.insert != nil || len(old) > 0 {
		return s.retention.CompareAndSwap(ctx, key, old, new, expires)
	}

	new = slices.Clone(new)
	s.insert = func() (bool, error) {
		s.drop()
		return s.retention.CompareAndSwap(context.Background(), key, nil, new, expires)
	}
	return false, otptest.ErrInjected
}

// The first insert of a code that was voided, used or left alone lands late, at any moment, where
// limits and failures are forgotten before the code expires: it brings no code to life.
func TestALateInsertRevivesNothing(t *testing.T) {
	for name, void := range map[string]func(t *testing.T, s *otp.Service, code string) error{
		"Revoke": func(t *testing.T, s *otp.Service, _ string) error {
			return s.Revoke(t.Context(), ada, "")
		},
		"RevokeAll": func(t *testing.T, s *otp.Service, _ string) error {
			return s.RevokeAll(t.Context(), ada)
		},
		"Unlock, Revoke": func(t *testing.T, s *otp.Service, _ string) error {
			require.NoError(t, s.Unlock(t.Context(), ada))
			return s.Revoke(t.Context(), ada, "")
		},
		"Revoke, Unlock": func(t *testing.T, s *otp.Service, _ string) error {
			require.NoError(t, s.Revoke(t.Context(), ada, ""))
			return s.Unlock(t.Context(), ada)
		},
		"success": useUp,
	} {
		for _, after := range []time.Duration{0, time.Second, time.Minute, 10*time.Minute - 1} {
			t.Run(fmt.Sprint(name, ", ", after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := &lateInsert{retention: retention{table: newTable()}}
					s, in := otptest.New(t, otp.Config{Store: store, Policy: otp.Policy{
						SendLimits: []otp.Limit{{Count: 60, Window: time.Second}}}})
					code, status := send(t, s, in, otp.Request{To: ada})
					require.NotNil(t, store.insert)

					require.NoError(t, void(t, s, code))
					time.Sleep(after)
					swapped, err := store.insert()
					require.NoError(t, err)
					if time.Now().Before(status.ExpiresAt) {
						require.False(t, swapped)
					}
					require.ErrorIs(t, submit(t, s, code), otp.ErrRejected)
				})
			})
		}
	}
}

func useUp(t *testing.T, s *otp.Service, code string) error { return submit(t, s, code) }
