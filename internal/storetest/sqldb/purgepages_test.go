package sqldb

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"testing"

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

// BenchmarkPurge compares batches that begin where the one before has ended, as those of Purge do,
// with batches that each begin at the first index entry, as those of commit 6eced80 did: by the
// pages that are looked at, while an old snapshot keeps what is deleted in the index.
func BenchmarkPurge(b *testing.B) {
	const rows = 300_000
	for _, c := range []struct {
		name                  string
		maxSearches, maxPages float64 // as a share of those from the start
	}{
		{"PostgreSQL, pgx", 0.2, 0.2},
		{"MariaDB", 0.55, 1}, // where a DELETE looks at many more pages than a search
	} {
		b.Run(c.name, func(b *testing.B) {
			forward := purgeByHand(b, c.name, rows, true)
			fromStart := purgeByHand(b, c.name, rows, false)
			searches := float64(forward.searches) / float64(fromStart.searches)
			pages := float64(forward.pages) / float64(fromStart.pages)

			b.ReportMetric(float64(forward.pages)/rows, "pages/row")
			b.ReportMetric(searches, "search-pages-ratio")
			b.ReportMetric(pages, "pages-ratio")
			b.ReportMetric(0, "ns/op")
			assert.LessOrEqual(b, searches, c.maxSearches)
			assert.LessOrEqual(b, pages, c.maxPages)
		})
	}
}

// A purgeWork is what a purge takes: the pages that it looks at, those of its searches among them.
type purgeWork struct{ pages, searches int }

// purgeByHand fills a table and deletes all rows by the statements of sqlstore, in batches of a
// hundred, and looks for each batch forward of the one before or from the start. One connection
// does all the work.
func purgeByHand(tb testing.TB, name string, rows int, forward bool) (w purgeWork) {
	tb.Helper()
	db := newDatabase(tb, name)
	fill(tb, db, rows)
	oldSnapshot(tb, db)
	conn, dialect := openDB(tb, db.Opener, db.Source), setups[name].dialect
	conn.SetMaxOpenConns(1)
	find, remove := "expires < ? AND expires >= ?", "expires + 0 < ?"
	if dialect == sqlstore.PostgreSQL {
		find, remove = "expires < $1 AND expires >= $2", "expires < $1"
	}
	measure := func(f func() error) int {
		return pages(tb, conn, dialect, func() { require.NoError(tb, f()) })
	}

	for from := int64(math.MinInt64); ; {
		var keys []string
		var last int64
		looked := measure(func() (err error) {
			keys, last, err = batchByHand(tb.Context(), conn, "SELECT id, expires FROM "+
				"otp_records WHERE "+find+" ORDER BY expires LIMIT 100", math.MaxInt32, from)
			return err
		})
		w.searches, w.pages = w.searches+looked, w.pages+looked
		if len(keys) == 0 {
			return w
		}
		if forward {
			from = last
		}

		w.pages += measure(func() error {
			_, err := conn.ExecContext(tb.Context(), "DELETE FROM otp_records WHERE "+remove+
				" AND id IN ('"+strings.Join(keys, "', '")+"')", math.MaxInt32)
			return err
		})
	}
}

// batchByHand returns the keys that a query finds, and the time of the last one.
func batchByHand(ctx context.Context, db *sql.DB, search string, args ...any) (
	keys []string, last int64, err error,
) {
	rows, err := db.QueryContext(ctx, search, args...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()

	for rows.Next() {
		var key string
		if err := rows.Scan(&key, &last); err != nil {
			return nil, 0, err
		}
		keys = append(keys, key)
	}
	return keys, last, rows.Err()
}
