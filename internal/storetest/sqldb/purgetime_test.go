package sqldb

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"strings"
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
			service, _ := otptest.New(b, otp.Config{Store: db.Open(b)})
			send := func() time.Duration {
				start := time.Now()
				_, err := service.Send(b.Context(), otp.Request{To: rand.Text() + "@example.com"})
				assert.NoError(b, err)
				return time.Since(start)
			}
			reportTimes(b, "Send", meanwhile(2*time.Millisecond, send, purge))
			b.ReportMetric(0, "ns/op")
		})
	}
}

// reportTimes reports the median, the 99th percentile and the longest.
func reportTimes(b *testing.B, what string, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), what+"-p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100]), what+"-p99-ns")
	b.ReportMetric(float64(took[len(took)-1]), what+"-max-ns")
}

// meanwhile makes a call at each tick while f runs, and returns how long each took.
func meanwhile(tick time.Duration, call func() time.Duration, f func()) (took []time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()

	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		took = append(took, call())
		select {
		case <-ticker.C:
		case <-done:
			return took
		}
	}
}

// pairs returns a function that sends a code and verifies it, and returns how long both took.
func pairs(b *testing.B, store otp.Store) func() time.Duration {
	service, inbox := otptest.New(b, otp.Config{Store: store})
	return func() time.Duration {
		to, start := rand.Text()+"@example.com", time.Now()
		_, err := service.Send(b.Context(), otp.Request{To: to})
		assert.NoError(b, err)
		assert.NoError(b, service.Verify(b.Context(),
			otp.Submission{To: to, Code: inbox.Code(b, to)}))
		return time.Since(start)
	}
}

// sqliteKey is SQLite's expression for a key such as a Service has, in base64. Only its first four
// letters are of all 64: no table here has 64⁴ pages.
var sqliteKey = strings.Repeat("substr('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"+
	"0123456789-_', 1 + (random() & 63), 1) || ", 4) + "hex(randomblob(9))"

// fillings insert the records $from to $to, with keys as a Service has them, in no order, and
// values of its sizes, each of which expires at $expires, an expression of its number i. Keys of
// other letters would leave a gap in the index, and most of the Service's keys would meet there.
var fillings = map[sqlstore.Dialect]string{
	sqlstore.PostgreSQL: `INSERT INTO otp_records
		SELECT CAST(left(encode(decode(md5(CAST(i AS TEXT)), 'hex'), 'base64'), 22) AS BYTEA),
			CAST(repeat('v', 133) AS BYTEA), $expires
			FROM generate_series(CAST($from AS BIGINT), $to) i`,
	sqlstore.MySQL: `INSERT INTO otp_records (id, value, expires)
		SELECT LEFT(TO_BASE64(UNHEX(MD5(i))), 22), REPEAT('v', 133), $expires
			FROM (SELECT seq AS i FROM seq_$from_to_$to) n`,
	sqlstore.SQLite: `WITH RECURSIVE n(i) AS (SELECT $from UNION ALL SELECT i + 1 FROM n
			WHERE i < $to)
		INSERT INTO otp_records SELECT CAST(` + sqliteKey + ` AS BLOB), randomblob(133),
			$expires FROM n`,
}

func insert(tb testing.TB, conn *sql.DB, filling string, from, to int, expires string) {
	tb.Helper()
	_, err := conn.ExecContext(tb.Context(), strings.NewReplacer("$from", fmt.Sprint(from),
		"$to", fmt.Sprint(to), "$expires", expires).Replace(filling))
	require.NoError(tb, err)
}

// fill inserts rows that expired long ago, one after the other.
func fill(tb testing.TB, db harness.Database, rows int) {
	tb.Helper()
	conn, dialect := openDB(tb, db.Opener, db.Source), setups[db.Opener].dialect
	insert(tb, conn, fillings[dialect], 1, rows, "999999 + i")
	emptyLog(tb, conn, dialect)
}

// emptyLog empties the log of SQLite: or the next commit copies all of it.
func emptyLog(tb testing.TB, conn *sql.DB, dialect sqlstore.Dialect) {
	tb.Helper()
	if dialect == sqlstore.SQLite {
		_, err := conn.ExecContext(tb.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
		require.NoError(tb, err)
	}
}
