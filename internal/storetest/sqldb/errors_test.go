package sqldb

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// lock holds the row of a key, or all of SQLite, in a transaction of the connection that it
// returns. The transaction lasts until the test ends, or is ended there.
func lock(t *testing.T, db harness.Database, key string) *sql.Conn {
	t.Helper()

	conn, err := openDB(t, db.Opener, db.Source).Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })

	begin := "BEGIN"
	if setups[db.Opener].dialect == sqlstore.SQLite {
		begin = "BEGIN IMMEDIATE"
	}
	for _, statement := range []string{
		begin, "UPDATE otp_records SET expires = 1 WHERE id = '" + key + "'",
	} {
		_, err := conn.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	return conn
}

// swapped swaps values, and reports whether it has won.
func swapped(t *testing.T, store otp.Store, key, old, new string, expires time.Time) bool {
	t.Helper()
	won, err := store.CompareAndSwap(t.Context(), key, []byte(old), []byte(new), expires)
	require.NoError(t, err)
	return won
}

// put stores a value for good.
func put(t *testing.T, store otp.Store, key, value string) {
	t.Helper()
	require.True(t, swapped(t, store, key, "", value, time.Time{}))
}

// holds loads a value.
func holds(t *testing.T, store otp.Store, key, want string) {
	t.Helper()
	value, err := store.Load(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, want, string(value), key)
}

// A call that waits for a lock ends with its context, and says so.
func TestContextEnds(t *testing.T) {
	each(t, all(), func(t *testing.T, db harness.Database) {
		store := db.Open(t)
		put(t, store, "key", "value")
		lock(t, db, "key")

		for name, old := range map[string]string{"insert": "", "update": "value"} {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			swapped, err := store.CompareAndSwap(ctx, "key", []byte(old), []byte("new"),
				time.Time{})
			cancel()
			assert.False(t, swapped, name)
			if name == "insert" && err == nil {
				continue // PostgreSQL sees that the key is there without a lock
			}
			assert.ErrorIs(t, err, context.DeadlineExceeded, name)
		}
	})
}

// What the database refuses is an error and no lost race.
func TestRefusalsAreErrors(t *testing.T) {
	for _, c := range []struct {
		name, setup string
		settings    func(source string) string
		message     string
	}{
		{"lock_timeout", "PostgreSQL, pgx", func(source string) string {
			return source + "&lock_timeout=20"
		}, "SQLSTATE 55P03"},
		{"innodb_lock_wait_timeout", "MariaDB", func(source string) string {
			return source + "?innodb_lock_wait_timeout=1"
		}, "Error 1205"},
		{"busy", "SQLite", func(source string) string {
			return strings.Replace(source, "busy_timeout(60000)", "busy_timeout(0)", 1)
		}, "SQLITE_BUSY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := newDatabase(t, c.setup)
			patient := db.Open(t)
			put(t, patient, "key", "value")

			db.Source = c.settings(db.Source)
			store := db.Open(t)
			put(t, store, "other", "value") // prepares what it needs
			lock(t, db, "key")

			swapped, err := store.CompareAndSwap(t.Context(), "key", []byte("value"), []byte("new"),
				time.Time{})
			assert.False(t, swapped)
			assert.ErrorContains(t, err, c.message)
		})
	}
}

// A serialization failure is an error and no lost race.
func TestSerializationFailure(t *testing.T) {
	db := newDatabase(t, "PostgreSQL, pgx")
	db.Source += "&default_transaction_isolation=serializable"
	store, observer := db.Open(t), openDB(t, db.Opener, db.Source)
	put(t, store, "key", "value")
	other := lock(t, db, "key")

	failure := make(chan error, 1)
	go func() {
		swapped, err := store.CompareAndSwap(t.Context(), "key", []byte("value"), []byte("new"),
			time.Time{})
		assert.False(t, swapped)
		failure <- err
	}()
	require.Eventually(t, func() bool { return waitsForLock(t, observer) }, 10*time.Second,
		time.Millisecond)
	_, err := other.ExecContext(t.Context(), "COMMIT")
	require.NoError(t, err)

	require.ErrorContains(t, <-failure, "SQLSTATE 40001")
}

// waitsForLock reports whether a statement on the database waits for another transaction.
func waitsForLock(t *testing.T, db *sql.DB) bool {
	var waits bool
	err := db.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits)
	return assert.NoError(t, err) && waits
}

// A table that is not there is an error.
func TestMissingTable(t *testing.T) {
	for name, s := range setups {
		t.Run(name, func(t *testing.T) {
			store, err := sqlstore.New(openDB(t, name, s.source(t)), s.dialect,
				&sqlstore.Options{Table: "no_such_table"})
			require.NoError(t, err)

			_, err = store.Load(t.Context(), "key")
			assert.ErrorContains(t, err, "no_such_table")
			swapped, err := store.CompareAndSwap(t.Context(), "key", nil, []byte("new"),
				time.Time{})
			assert.ErrorContains(t, err, "no_such_table")
			assert.False(t, swapped)
			_, err = store.Purge(t.Context())
			assert.ErrorContains(t, err, "no_such_table")
		})
	}
}

// Values that no Service writes are refused before MySQL could shorten them.
func TestSizes(t *testing.T) {
	db := newDatabase(t, "MariaDB")
	store := db.Open(t)

	for name, c := range map[string]struct{ key, value int }{
		"a long key": {44, 1}, "a long value": {43, 1025},
	} {
		swapped, err := store.CompareAndSwap(t.Context(), strings.Repeat("k", c.key), nil,
			make([]byte, c.value), time.Time{})
		assert.ErrorContains(t, err, "at most 43 and 1024", name)
		assert.False(t, swapped, name)
	}
}

// A row without a value is not taken for none.
func TestEmptyValue(t *testing.T) {
	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		_, err := openDB(t, db.Opener, db.Source).ExecContext(t.Context(),
			"INSERT INTO otp_records (id, value) VALUES ('key', '')")
		require.NoError(t, err)
		if setups[db.Opener].dialect == sqlstore.SQLite {
			_, err := openDB(t, db.Opener, db.Source).ExecContext(t.Context(),
				"UPDATE otp_records SET id = CAST('key' AS BLOB)")
			require.NoError(t, err)
		}

		_, err = db.Open(t).Load(t.Context(), "key")
		require.ErrorContains(t, err, "something else writes to the table")
	})
}

// The table may have another name, in a schema that is not the default.
func TestTableInSchema(t *testing.T) {
	for name, schema := range map[string]string{
		"PostgreSQL, pgx": "CREATE SCHEMA app",
		"MariaDB":         "",
		"SQLite":          "ATTACH ':memory:' AS app",
	} {
		t.Run(name, func(t *testing.T) {
			s := setups[name]
			source := s.source(t)
			db := openDB(t, name, source)
			db.SetMaxOpenConns(1) // for the database in memory

			table := "app.codes"
			if schema != "" {
				_, err := db.ExecContext(t.Context(), schema)
				require.NoError(t, err)
			} else {
				table = source[strings.LastIndex(source, "/")+1:] + ".codes"
			}

			opts := &sqlstore.Options{Table: table}
			for range 2 {
				_, err := db.ExecContext(t.Context(), sqlstore.Schema(s.dialect, opts))
				require.NoError(t, err)
			}
			store, err := sqlstore.New(db, s.dialect, opts)
			require.NoError(t, err)
			put(t, store, "key", "value")

			var rows int
			err = db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows)
			require.NoError(t, err)
			require.Equal(t, 1, rows)
		})
	}
}
