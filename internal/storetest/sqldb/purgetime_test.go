package sqldb

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
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

// fillings insert so many rows that expired long ago, one after the other, with keys as a Service has
// them, in no order, and values of its sizes. Keys of other letters would leave a gap in the index,
// and most of the Service's keys would meet there.
var fillings = map[sqlstore.Dialect]string{
	sqlstore.PostgreSQL: `INSERT INTO otp_records
		SELECT CAST(left(encode(decode(md5(CAST(i AS TEXT)), 'hex'), 'base64'), 22) AS BYTEA),
			CAST(repeat('v', 133) AS BYTEA), 999999 + i FROM generate_series(1, %d) i`,
	sqlstore.MySQL: `INSERT INTO otp_records (id, value, expires)
		SELECT LEFT(TO_BASE64(UNHEX(MD5(seq))), 22), REPEAT('v', 133), 999999 + seq
			FROM seq_1_to_%d`,
	sqlstore.SQLite: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d)
		INSERT INTO otp_records SELECT CAST(` + harness.SQLiteKey + ` AS BLOB), randomblob(133),
			999999 + i FROM n`,
}

func fill(tb testing.TB, db harness.Database, rows int) {
	tb.Helper()
	conn, dialect := openDB(tb, db.Opener, db.Source), setups[db.Opener].dialect
	_, err := conn.ExecContext(tb.Context(), fmt.Sprintf(fillings[dialect], rows))
	require.NoError(tb, err)

	if dialect == sqlstore.SQLite { // or the next commit copies all of it
		_, err := conn.ExecContext(tb.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
		require.NoError(tb, err)
	}
}
