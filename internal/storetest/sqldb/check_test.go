package sqldb

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// check returns what Check finds, as text.
func check(t *testing.T, db harness.Database) (unsafe, unknown string) {
	t.Helper()
	a, b := db.Open(t).(*sqlstore.Store).Check(t.Context())
	return join(a), join(b)
}

func join(errs []error) string {
	var lines []string
	for _, err := range errs {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

// The settings that the package comment asks for are safe, and can all be known.
func TestCheckOfSafeSettings(t *testing.T) {
	each(t, all(), func(t *testing.T, db harness.Database) {
		unsafe, unknown := check(t, db)
		require.Empty(t, unsafe)
		require.Empty(t, unknown)
	})
}

// Each unsafe setting is named, whoever has made it: the server, the source name or a table.
func TestCheckOfUnsafeSettings(t *testing.T) {
	type database = func(*testing.T) harness.Database
	started := func(name string, start func() (*servers.Server, error)) database {
		return func(t *testing.T) harness.Database {
			_, db := startDatabase(t, name, start)
			return db
		}
	}
	source := func(name string, change func(string) string) database {
		return func(t *testing.T) harness.Database {
			db := harness.Database{Opener: name, Source: change(setups[name].source(t))}
			if setups[name].dialect != sqlstore.SQLite { // which has no table to look at
				createTable(t, openDB(t, name, db.Source), setups[name].dialect)
			}
			return db
		}
	}
	add := func(s string) func(string) string {
		return func(source string) string { return source + s }
	}
	replace := func(old, new string) func(string) string {
		return func(source string) string { return strings.Replace(source, old, new, 1) }
	}
	after := func(name, statement string) database {
		return func(t *testing.T) harness.Database {
			db := newDatabase(t, name)
			_, err := openDB(t, name, db.Source).ExecContext(t.Context(), statement)
			require.NoError(t, err)
			return db
		}
	}

	for name, c := range map[string]struct {
		database database
		names    []string
	}{
		"PostgreSQL": {started("PostgreSQL, pgx", func() (*servers.Server, error) {
			return servers.StartPostgres("--fsync=off", "--full-page-writes=off")
		}), []string{`fsync is "off"`, `full_page_writes is "off"`}},
		"PostgreSQL, by the source name": {
			source("PostgreSQL, pgx", add("&synchronous_commit=off")),
			[]string{`synchronous_commit is "off": set it to on`}},
		"PostgreSQL, without replicas": {
			source("PostgreSQL, lib/pq", add("&synchronous_commit=local")),
			[]string{`synchronous_commit is "local": set it to on`}},

		"MariaDB": {started("MariaDB", func() (*servers.Server, error) {
			return servers.StartMariaDB("--innodb-flush-log-at-trx-commit=2", "--log-bin=log",
				"--innodb-doublewrite=0", "--transaction-isolation=READ-UNCOMMITTED")
		}), []string{`innodb_flush_log_at_trx_commit is "2": set it to 1`, `sync_binlog is "0"`,
			`innodb_doublewrite is "OFF"`, `tx_isolation is "READ-UNCOMMITTED"`}},
		"MariaDB, by the source name": {source("MariaDB", add("?autocommit=0")),
			[]string{`autocommit is "OFF": set it to ON`}},
		"MariaDB, another engine": {after("MariaDB", "ALTER TABLE otp_records ENGINE = MyISAM"),
			[]string{`the engine of otp_records is "MyISAM"`}},

		"SQLite, synchronous": {source("SQLite", replace("FULL", "NORMAL")),
			[]string{`synchronous is "1": set it to FULL`}},
		"SQLite, journal": {source("SQLite", replace("journal_mode(WAL)", "journal_mode(DELETE)")),
			[]string{`journal_mode is "delete": set it to WAL`}},
		"SQLite, busy": {source("SQLite", replace("busy_timeout(60000)", "busy_timeout(0)")),
			[]string{`busy_timeout is "0"`}},
		"SQLite, in memory": {
			func(*testing.T) harness.Database {
				return harness.Database{Opener: "SQLite", Source: ":memory:"}
			}, []string{`the file of the database is "": use one`,
				`journal_mode is "memory"`, `busy_timeout is "0"`}},
	} {
		t.Run(name, func(t *testing.T) {
			unsafe, unknown := check(t, c.database(t))
			for _, want := range c.names {
				assert.Contains(t, unsafe, want)
			}
			assert.Equal(t, len(c.names), strings.Count(unsafe+"\n", "\n"), unsafe)
			assert.Empty(t, unknown)
		})
	}
}

// A value that the table has no room for would be shortened: Check finds such a table.
func TestNarrowTable(t *testing.T) {
	db := newDatabase(t, "MariaDB")
	_, err := openDB(t, db.Opener, db.Source).ExecContext(t.Context(),
		"ALTER TABLE otp_records MODIFY value VARBINARY(20) NOT NULL")
	require.NoError(t, err)

	unsafe, _ := check(t, db)
	require.Contains(t, unsafe, `the width of otp_records.value is "20": make it 1024 bytes`)
}

// A setting that was made by Exec holds for one connection of the pool.
func TestCheckOfTwoConnections(t *testing.T) {
	db := newDatabase(t, "SQLite")
	source := strings.Replace(db.Source, "FULL", "NORMAL", 1)
	sqlDB := openDB(t, "SQLite", source)
	_, err := sqlDB.ExecContext(t.Context(), "PRAGMA synchronous = FULL")
	require.NoError(t, err)
	store, err := sqlstore.New(sqlDB, sqlstore.SQLite, nil)
	require.NoError(t, err)

	unsafe, _ := store.Check(t.Context())
	require.Contains(t, join(unsafe), `synchronous is "1"`)

	sqlDB.SetMaxOpenConns(1) // a second one would be waited for in vain
	_, unknown := store.Check(t.Context())
	require.Empty(t, unknown)
}

// What cannot be known is told with the reason.
func TestCheckOfNothing(t *testing.T) {
	unsafe, unknown := check(t, harness.Database{Opener: "MariaDB", Source: servers.MariaDB(t)})
	require.Empty(t, unsafe)
	require.Contains(t, unknown, "the table otp_records cannot be known: sql: no rows")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	store := newDatabase(t, "PostgreSQL, pgx").Open(t).(*sqlstore.Store)
	_, causes := store.Check(ctx)
	require.Len(t, causes, 1)
	require.ErrorIs(t, causes[0], context.Canceled)
}
