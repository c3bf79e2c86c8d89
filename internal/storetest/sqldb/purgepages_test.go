package sqldb

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// pageCounts are queries for the pages that a database has looked at, in memory or on disk: a
// measure of work that does not depend on the machine.
var pageCounts = map[sqlstore.Dialect]string{
	sqlstore.PostgreSQL: `SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read
		FROM pg_statio_user_tables WHERE relname = 'otp_records'`,
	sqlstore.MySQL: `SELECT variable_value FROM information_schema.global_status
		WHERE variable_name = 'Innodb_buffer_pool_read_requests'`,
}

// pages returns how many pages the table's database looks at during f.
func pages(tb testing.TB, db *sql.DB, dialect sqlstore.Dialect, f func()) int {
	tb.Helper()
	count := func() (n int) {
		require.NoError(tb, db.QueryRowContext(tb.Context(), pageCounts[dialect]).Scan(&n))
		return n
	}
	flush := func() { // PostgreSQL's connections tell of their work from time to time
		if dialect == sqlstore.PostgreSQL {
			_, err := db.ExecContext(tb.Context(), "SELECT pg_stat_force_next_flush()")
			require.NoError(tb, err)
		}
	}

	flush()
	before := count()
	f()
	flush()
	return count() - before
}

// oldSnapshot has a transaction see the database as it is now until the test ends, as a backup, a
// report or a replication slot does.
func oldSnapshot(tb testing.TB, db harness.Database) {
	tb.Helper()
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead}
	tx, err := openDB(tb, db.Opener, db.Source).BeginTx(tb.Context(), opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { tx.Rollback() })

	var n int
	err = tx.QueryRowContext(tb.Context(), "SELECT count(*) FROM otp_records").Scan(&n)
	require.NoError(tb, err)
}

// purgePages returns how many pages a purge of so many rows looks at, for each row, while an old
// snapshot keeps what is deleted in the index. The connection does all the work.
func purgePages(tb testing.TB, name string, rows int, purge func(*sql.DB) error) float64 {
	tb.Helper()
	db := newDatabase(tb, name)
	fill(tb, db, rows)
	oldSnapshot(tb, db)
	conn := openDB(tb, db.Opener, db.Source)
	conn.SetMaxOpenConns(1)

	n := pages(tb, conn, setups[name].dialect, func() { require.NoError(tb, purge(conn)) })
	return float64(n) / float64(rows)
}

// BenchmarkPurge compares batches that begin where the one before has ended, as those of Purge do,
// with batches that each begin at the first index entry: by pages and by time, without pauses.
func BenchmarkPurge(b *testing.B) {
	const rows = 200_000
	for _, c := range []struct {
		name               string
		maxPages, maxTimes float64 // as a share of those from the start
	}{
		{"PostgreSQL, pgx", 0.2, 0.2},
		{"MariaDB", 1, 0.55}, // its pages do not show the entries that it walks over
	} {
		b.Run(c.name, func(b *testing.B) {
			measure := func(forward bool) (pages, seconds float64) {
				pages = purgePages(b, c.name, rows, func(db *sql.DB) error {
					start := time.Now()
					err := purgeByHand(b.Context(), db, setups[c.name].dialect, forward)
					seconds = time.Since(start).Seconds()
					return err
				})
				return pages, seconds
			}
			pages, seconds := measure(true)
			pagesFromStart, secondsFromStart := measure(false)

			b.ReportMetric(pages, "pages/row")
			b.ReportMetric(pages/pagesFromStart, "pages-ratio")
			b.ReportMetric(seconds/secondsFromStart, "time-ratio")
			b.ReportMetric(0, "ns/op")
			assert.LessOrEqual(b, pages/pagesFromStart, c.maxPages)
			assert.LessOrEqual(b, seconds/secondsFromStart, c.maxTimes)
		})
	}
}

// purgeByHand deletes all rows by the statements of sqlstore, in batches of a hundred, and looks
// for each batch forward of the one before or from the start.
func purgeByHand(ctx context.Context, db *sql.DB, dialect sqlstore.Dialect, forward bool) error {
	find, remove := "expires < ? AND expires >= ?", "expires + 0 < ?"
	if dialect == sqlstore.PostgreSQL {
		find, remove = "expires < $1 AND expires >= $2", "expires < $1"
	}

	for from := int64(math.MinInt64); ; {
		keys, last, err := batchByHand(ctx, db, "SELECT id, expires FROM otp_records WHERE "+find+
			" ORDER BY expires LIMIT 100", from)
		if err != nil || len(keys) == 0 {
			return err
		}
		if forward {
			from = last
		}

		_, err = db.ExecContext(ctx, "DELETE FROM otp_records WHERE "+remove+
			" AND id IN ("+strings.Join(keys, ", ")+")", math.MaxInt32)
		if err != nil {
			return err
		}
	}
}

func batchByHand(ctx context.Context, db *sql.DB, search string, from int64) (
	keys []string, last int64, err error,
) {
	rows, err := db.QueryContext(ctx, search, math.MaxInt32, from)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()

	for rows.Next() {
		var key string
		if err := rows.Scan(&key, &last); err != nil {
			return nil, 0, err
		}
		keys = append(keys, "'"+key+"'")
	}
	return keys, last, rows.Err()
}
