package sqldb

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// Send + Verify are three statements, each prepared at most once.
func TestStatements(t *testing.T) {
	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		sqlDB, watch := openWatched(t, db.Opener, db.Source)
		sqlDB.SetMaxOpenConns(1)
		store, err := sqlstore.New(sqlDB, setups[db.Opener].dialect, nil)
		require.NoError(t, err)
		service, inbox := otptest.New(t, otp.Config{Store: store})

		for pair := range 5 {
			watch.take()
			to := fmt.Sprintf("ada%d@example.com", pair)
			_, err := service.Send(t.Context(), otp.Request{To: to})
			require.NoError(t, err)
			err = service.Verify(t.Context(), otp.Submission{To: to, Code: inbox.Code(t, to)})
			require.NoError(t, err)

			executed, prepared := watch.take()
			assert.Len(t, executed, 3)
			if pair > 0 {
				assert.Zero(t, prepared)
			}
		}
	})
}

// Purge deletes what expired more than an hour ago, and nothing else.
func TestPurge(t *testing.T) {
	each(t, all(), func(t *testing.T, db harness.Database) {
		store := db.Open(t).(*sqlstore.Store)
		now := time.Now()

		for key, expires := range map[string]time.Time{
			"past":     now.Add(-time.Hour - 2*time.Second),
			"recent":   now.Add(-time.Hour + 10*time.Minute),
			"future":   now.Add(time.Second),
			"for-good": {},
		} {
			require.True(t, swapped(t, store, key, "", key, expires))
		}

		purged, err := store.Purge(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, purged)

		for key, want := range map[string]string{
			"past": "", "recent": "recent", "future": "future", "for-good": "for-good",
		} {
			holds(t, store, key, want)
		}

		ended, end := context.WithCancel(t.Context())
		end()
		_, err = store.Purge(ended)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// A Purge takes a hundred rows at a time, and then leaves the database to others for four times as
// long as that took. Each search for expired rows begins where the one before has ended: what was
// deleted may stay in the index for hours, while an old snapshot is open, and would be walked over
// each time.
func TestPurgeGoesForward(t *testing.T) {
	const rows = 1000

	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		fill(t, db, rows)
		sqlDB, watch := openWatched(t, db.Opener, db.Source)
		store, err := sqlstore.New(sqlDB, setups[db.Opener].dialect, nil)
		require.NoError(t, err)
		purged, err := store.Purge(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, rows, purged)

		require.Len(t, watch.queries, rows/100+1)
		for i, args := range watch.queries[1:] {
			require.EqualValues(t, 1_000_000+100*(i+1)-1, args[1].Value, "the last that was found")

			took := watch.executed[2*i] + watch.executed[2*i+1]
			require.GreaterOrEqual(t, watch.began[i+1].Sub(watch.began[i]), 5*took)
		}
	})
}

// A row that is renewed while it is being purged stays.
func TestPurgeSparesRenewedRows(t *testing.T) {
	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		a, b := db.Open(t).(*sqlstore.Store), db.Open(t).(*sqlstore.Store)
		long := time.Now().Add(-2 * time.Hour)

		for i := range 200 {
			key := fmt.Sprintf("key-%d", i)
			require.True(t, swapped(t, a, key, "", "old", long))
			purge := make(chan error)
			go func() {
				_, err := b.Purge(t.Context())
				purge <- err
			}()
			renewed := swapped(t, a, key, "old", "new", time.Now().Add(time.Hour))
			require.NoError(t, <-purge)
			if renewed {
				holds(t, a, key, "new")
			} else {
				holds(t, a, key, "")
			}
		}
	})
}

// Several processes may purge at a time, while others renew what they purge.
func TestPurgeByTwo(t *testing.T) {
	const rows = 2000

	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		store := db.Open(t)
		long := time.Now().Add(-2 * time.Hour)
		for i := range rows {
			require.True(t, swapped(t, store, fmt.Sprint(i), "", "old", long))
		}

		var all sync.WaitGroup
		var gone atomic.Int64
		for range 2 {
			all.Go(func() {
				purged, err := db.Open(t).(*sqlstore.Store).Purge(t.Context())
				assert.NoError(t, err)
				gone.Add(purged)
			})
		}
		for i := range rows / 2 {
			if swapped(t, store, fmt.Sprint(2*i), "old", "new", time.Now().Add(time.Hour)) {
				gone.Add(1)
			}
		}
		all.Wait()

		require.EqualValues(t, rows, gone.Load(), "each row is purged or renewed, once")
	})
}
