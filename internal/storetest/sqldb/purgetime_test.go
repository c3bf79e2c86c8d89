package sqldb

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// BenchmarkPurgeBesideSends is about how long the statements of a Purge take, alone, since writers
// of SQLite wait for each other, and how long a Send takes meanwhile. The longest of thousands is
// also the worst moment of the machine.
func BenchmarkPurgeBesideSends(b *testing.B) {
	const rows = 20_000
	for _, name := range oneOfEach {
		b.Run(name, func(b *testing.B) {
			db := newDatabase(b, name)
			sqlDB, watch := openWatched(b, name, db.Source)
			store, err := sqlstore.New(sqlDB, setups[name].dialect, nil)
			require.NoError(b, err)
			purge := func() {
				fill(b, db, rows)
				watch.take()
				purged, err := store.Purge(b.Context())
				require.NoError(b, err)
				require.EqualValues(b, rows, purged)
			}

			purge()
			statements, _ := watch.take()
			reportTimes(b, "statement", statements)
			reportTimes(b, "Send", sendDuring(b, db.Open(b), purge))
			b.ReportMetric(0, "ns/op")
		})
	}
}

// reportTimes reports the median and the longest.
func reportTimes(b *testing.B, what string, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), what+"-p50-ns")
	b.ReportMetric(float64(took[len(took)-1]), what+"-max-ns")
}

// sendDuring sends code after code while f runs, and returns how long each took.
func sendDuring(t testing.TB, store otp.Store, f func()) (sends []time.Duration) {
	t.Helper()

	service, _ := otptest.New(t, otp.Config{Store: store})
	ctx, end := context.WithCancel(t.Context())
	var sender sync.WaitGroup
	sender.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()

		for ctx.Err() == nil {
			start := time.Now()
			_, err := service.Send(t.Context(), otp.Request{To: rand.Text() + "@example.com"})
			assert.NoError(t, err)
			sends = append(sends, time.Since(start))
			<-tick.C
		}
	})

	f()
	end()
	sender.Wait()
	return sends
}

// fill inserts rows that expired long ago, with keys and values of the sizes of a Service.
func fill(t testing.TB, db harness.Database, rows int) {
	t.Helper()

	sqlDB := openDB(t, db.Opener, db.Source)
	tx, err := sqlDB.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()

	const batch = 500
	value := strings.Repeat("v", 133)
	for i := range rows / batch {
		var tuples []string
		for j := range batch {
			tuple := fmt.Sprintf("('%022d', '%s', %d)", i*batch+j, value, 1_000_000+i*batch+j)
			if setups[db.Opener].dialect == sqlstore.SQLite {
				tuple = fmt.Sprintf("(CAST('%022d' AS BLOB), CAST('%s' AS BLOB), %d)",
					i*batch+j, value, 1_000_000+i*batch+j)
			}
			tuples = append(tuples, tuple)
		}

		_, err := tx.ExecContext(t.Context(),
			"INSERT INTO otp_records (id, value, expires) VALUES "+strings.Join(tuples, ", "))
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())

	if setups[db.Opener].dialect == sqlstore.SQLite { // or the next commit copies all of it
		_, err := sqlDB.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
		require.NoError(t, err)
	}
}
