package sendlimit

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/lease"
	"github.com/seed-5978b5f1/otp/memstore"
)

// Groups that nobody sends to are forgotten in memory as others come.
func TestAccountsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := newShared(&Options{
			PerGroup: []otp.Limit{{Count: 10, Window: 16 * time.Minute}},
			Store:    memstore.New(nil), Secret: make([]byte, 32), Name: "sms",
		})
		require.NoError(t, err)

		for i := range 5000 { // a slot is a minute, in which 60 groups come
			require.NoError(t, s.take(t.Context(), fmt.Sprint(i)))
			time.Sleep(time.Second)
		}
		require.Less(t, len(s.accounts), 200)
	})
}

// A lease ends by either clock: the monotonic one may stand still while a machine sleeps, and the
// wall clock may be set back.
func TestLeasesEnd(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		until, end time.Duration
		want       bool
	}{
		"holds":                  {time.Second, time.Second, true},
		"ended":                  {-time.Second, -time.Second, false},
		"slept":                  {time.Second, -time.Second, false},
		"the clock was set back": {-time.Second, time.Hour, false},
	} {
		l := &localLease{until: now.Add(test.until), end: now.Add(test.end).Round(0)}
		require.Equal(t, test.want, l.holds(now), name)
	}
}

// A lease of a slot to come, by the clock of another instance, ends a slot after it was taken.
func TestLeaseOfASlotToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount("key", otp.Limit{Count: 1, Window: 16 * time.Minute})
		now := time.Now()
		a.begin(lease.Lease{Slot: lease.SlotOf(now, a.limit.Window) + 9, Size: 1}, now)

		time.Sleep(time.Minute - time.Nanosecond)
		require.True(t, a.lease.holds(time.Now()))
		time.Sleep(time.Nanosecond)
		require.False(t, a.lease.holds(time.Now()))
	})
}
