package sqldb

import (
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// logBytes returns how much the database has written to its log so far.
func logBytes(t testing.TB, db harness.Database, conn *sql.DB) (n int64) {
	t.Helper()
	if setups[db.Opener].dialect == sqlstore.SQLite {
		file, _, _ := strings.Cut(strings.TrimPrefix(db.Source, "file:"), "?")
		info, err := os.Stat(file + "-wal")
		require.NoError(t, err)
		return info.Size()
	}

	query := "SELECT CAST(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS BIGINT)"
	if setups[db.Opener].dialect == sqlstore.MySQL {
		query = `SELECT variable_value FROM information_schema.global_status
			WHERE variable_name = 'Innodb_os_log_written'`
	}
	require.NoError(t, conn.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

// An insert that is refused writes nothing: a Send assumes that the store holds nothing yet. What a
// server does on its own is written to the same log, so one of five runs must be free of it.
func TestRefusedInsertsWriteNothing(t *testing.T) {
	const inserts, bound = 100, 2_000 // bytes; an update of each would write ten times that

	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		store, conn := db.Open(t), openDB(t, db.Opener, db.Source)
		put(t, store, "key", "value")

		least := int64(1 << 62)
		for range 5 {
			before := logBytes(t, db, conn)
			for range inserts {
				require.False(t, swapped(t, store, "key", "", "new", time.Now().Add(time.Hour)))
			}
			least = min(least, logBytes(t, db, conn)-before)
		}
		require.LessOrEqual(t, least, int64(bound))
	})
}

// A swap that leaves the time of expiry as it is leaves the index on it alone: SQLite writes one
// page of the table, in place of one of each.
func TestSameExpiryWritesOnePage(t *testing.T) {
	const page = 4096 + 24 // with the head of its frame
	db := newDatabase(t, "SQLite")
	store := db.Open(t)
	now := time.Now()
	pages := func(old, new string, expires time.Time) int64 {
		before := logBytes(t, db, nil)
		require.True(t, swapped(t, store, "key", old, new, expires))
		return (logBytes(t, db, nil) - before) / page
	}

	pages("", "1", now)
	require.EqualValues(t, 1, pages("1", "2", now))
	require.EqualValues(t, 2, pages("2", "3", now.Add(time.Hour)))
	require.EqualValues(t, 2, pages("3", "4", time.Time{}))
	require.EqualValues(t, 1, pages("4", "5", time.Time{}))
}
