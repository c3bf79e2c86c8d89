package ruletest

import (
	"bytes"
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

// Instances of two versions of a service work on the same records while one replaces the other.

// rollOut returns instances of two policies or sets of keys on one store.
func rollOut(t *testing.T, store otp.Store, before, after otp.Config) (old, new *fixture) {
	before.Secret, before.Store = testSecret, store
	after.Secret, after.Store = testSecret, store
	return start(t, before), start(t, after)
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

					code := issuer.send("")
					assert.Equal(t, code, other.send(""), "sent again by the other version")
					other.miss("", code, 1)
					other.submit("", code, nil)
				})
		}
	}
}

// A code whose key is unknown is neither right nor wrong, and does not keep the person from getting
// another one.
func TestUnknownCodeKey(t *testing.T) {
	issuer, other := rollOut(t, newTable(),
		otp.Config{CodeKeys: otp.Keys{bytes.Repeat([]byte{'a'}, 32)}},
		otp.Config{CodeKeys: otp.Keys{bytes.Repeat([]byte{'b'}, 32)}})

	code := issuer.send("")
	wantNotJudged(t, submit(t, other.Service, code))
	fresh := other.send("")
	wantNotJudged(t, submit(t, other.Service, code))
	other.submit("", fresh, nil)
}

// A write of an instance with shorter windows does not make a store that drops values forget what
// another instance needs: sends, or failures.
func TestRetentionDuringARollOut(t *testing.T) {
	short := otp.Config{Policy: otp.Policy{
		Lifetime: time.Second, FailureWindow: time.Hour, SendLimits: often,
	}}

	t.Run("sends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			long := otp.Config{Policy: otp.Policy{
				SendLimits: []otp.Limit{{Count: 3, Window: day}}}}
			old, new := rollOut(t, memstore.New(nil), long, short)

			for range 3 {
				old.send("")
			}
			time.Sleep(time.Hour)
			new.send("")
			time.Sleep(time.Hour)
			for i := range 1000 { // the store drops what it may where others come
				new.sent(otp.Request{To: fmt.Sprint("other ", i)})
			}
			old.refused("", otp.ErrLimited)
		})
	})

	t.Run("failures", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			long := otp.Config{Policy: otp.Policy{MaxFailures: 10}}
			old, new := rollOut(t, memstore.New(nil), long, short)

			for range 2 {
				old.exhaust(otp.Submission{To: ada, Code: old.send("")})
			}
			new.submit("", new.send(""), nil)

			time.Sleep(29 * day)
			assert.Len(t, old.send(""), 10)
			time.Sleep(2 * day)
			assert.Len(t, old.send(""), 6)
		})
	})
}

// A typo keeps a record as long as it counts. The right code takes it back, and the record is kept
// as long as its sends, unless an instance with longer windows needs it.
func TestATypoDoesNotKeepARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTable()
		keeps := func(want time.Duration) (size int) {
			t.Helper()
			assert.Equal(t, want, time.Until(store.until))
			for _, value := range store.values {
				size = len(value)
			}
			return size
		}
		s := start(t, otp.Config{
			Store: store, Secret: testSecret,
			Policy: otp.Policy{SendLimits: []otp.Limit{{Count: 10, Window: day}}},
		})
		code := s.send("")
		size := keeps(day)

		s.miss("", code, 1)
		keeps(30 * day)
		s.submit("", code, nil)
		assert.Equal(t, size, keeps(day), "used and unused")

		// Another instance, whose windows are longer: its sends stay, whoever writes next.
		long := start(t, otp.Config{
			Store: store, Secret: testSecret,
			Policy: otp.Policy{SendLimits: []otp.Limit{{Count: 10, Window: 7 * day}}},
		})
		code = long.send("")
		keeps(7 * day)
		s.miss("", code, 1)
		s.submit("", code, nil)
		keeps(7 * day)
	})
}

// A lateInsert is a store whose first insert ends in an error, and happens when it lands. It drops
// a value the moment it expires.
type lateInsert struct {
	*table
	insert func() (bool, error)
}

func (s *lateInsert) drop() {
	if !s.until.IsZero() && !time.Now().Before(s.until) {
		clear(s.values)
	}
}

func (s *lateInsert) Load(ctx context.Context, key string) ([]byte, error) {
	s.drop()
	return s.table.Load(ctx, key)
}

func (s *lateInsert) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	s.drop()
	if s.insert != nil || len(old) > 0 {
		return s.table.CompareAndSwap(ctx, key, old, new, expires)
	}

	new = slices.Clone(new)
	s.insert = func() (bool, error) {
		s.drop()
		return s.table.CompareAndSwap(context.Background(), key, nil, new, expires)
	}
	return false, otptest.ErrInjected
}

// The first insert of a code that was voided, used or left alone lands late, at any moment, where
// limits and failures are forgotten before the code expires: it brings no code to life.
func TestALateInsertRevivesNothing(t *testing.T) {
	revoke := func(s *fixture, _ string) error { return s.Revoke(s.t.Context(), ada, "") }
	unlock := func(s *fixture, _ string) error { return s.Unlock(s.t.Context(), ada) }

	for name, void := range map[string]func(s *fixture, code string) error{
		"Revoke": revoke,
		"RevokeAll": func(s *fixture, _ string) error {
			return s.RevokeAll(s.t.Context(), ada)
		},
		"Unlock, Revoke": func(s *fixture, _ string) error {
			return errors.Join(unlock(s, ""), revoke(s, ""))
		},
		"Revoke, Unlock": func(s *fixture, _ string) error {
			return errors.Join(revoke(s, ""), unlock(s, ""))
		},
		"success": func(s *fixture, code string) error { return submit(s.t, s.Service, code) },
	} {
		for _, after := range []time.Duration{0, time.Second, time.Minute, 10*time.Minute - 1} {
			t.Run(fmt.Sprint(name, ", ", after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := &lateInsert{table: newTable()}
					s := start(t, otp.Config{Store: store})
					code, status := s.sent(otp.Request{})
					require.NotNil(t, store.insert)

					require.NoError(t, void(s, code))
					time.Sleep(after)
					swapped, err := store.insert()
					require.NoError(t, err)
					if time.Now().Before(status.ExpiresAt) {
						require.False(t, swapped)
					}
					s.submit("", code, otp.ErrRejected)
				})
			})
		}
	}
}
