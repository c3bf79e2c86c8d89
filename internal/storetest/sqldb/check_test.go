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

// Each unsafe setting is named, whoever has made it: the server, the source name or a table. A
// table without room for a value would shorten it.
func TestCheckOfUnsafeSettings(t *testing.T) {
	const postgres, mariaDB, sqlite = "PostgreSQL, pgx", "MariaDB", "SQLite"
	for name, c := range map[string]struct {
		setup     string
		start     func() (*servers.Server, error)
		replace   [2]string // in the source name
		add       string    // to the source name
		statement string
		names     []string
	}{
		"PostgreSQL": {setup: postgres, start: func() (*servers.Server, error) {
			return servers.StartPostgres("--fsync=off", "--full-page-writes=off")
		}, names: []string{`fsync is "off"`, `full_page_writes is "off"`}},
		"PostgreSQL, by the source name": {setup: postgres, add: "&synchronous_commit=off",
			names: []string{`synchronous_commit is "off": set it to on`}},
		"PostgreSQL, without replicas": {setup: "PostgreSQL, lib/pq",
			add:   "&synchronous_commit=local",
			names: []string{`synchronous_commit is "local": set it to on`}},

		"MariaDB": {setup: mariaDB, start: func() (*servers.Server, error) {
			return servers.StartMariaDB("--innodb-flush-log-at-trx-commit=2", "--log-bin=log",
				"--innodb-doublewrite=0", "--transaction-isolation=READ-UNCOMMITTED")
		}, names: []string{`innodb_flush_log_at_trx_commit is "2": set it to 1`,
			`sync_binlog is "0"`, `innodb_doublewrite is "OFF"`,
			`tx_isolation is "READ-UNCOMMITTED"`}},
		"MariaDB, by the source name": {setup: mariaDB, add: "?autocommit=0",
			names: []string{`autocommit is "OFF": set it to ON`}},
		"MariaDB, another engine": {setup: mariaDB,
			statement: "ALTER TABLE otp_records ENGINE = MyISAM",
			names:     []string{`the engine of otp_records is "MyISAM"`}},
		"MariaDB, a narrow table": {setup: mariaDB,
			statement: "ALTER TABLE otp_records MODIFY value VARBINARY(20) NOT NULL",
			names:     []string{`the width of otp_records.value is "20": make it 1024 bytes`}},

		"SQLite, synchronous": {setup: sqlite, replace: [2]string{"FULL", "NORMAL"},
			names: []string{`synchronous is "1": set it to FULL`}},
		"SQLite, journal": {setup: sqlite,
			replace: [2]string{"journal_mode(WAL)", "journal_mode(DELETE)"},
			names:   []string{`journal_mode is "delete": set it to WAL`}},
		"SQLite, busy": {setup: sqlite,
			replace: [2]string{"busy_timeout(60000)", "busy_timeout(0)"},
			names:   []string{`busy_timeout is "0"`}},
	} {
		t.Run(name, func(t *testing.T) {
			db := harness.Database{Opener: c.setup}
			if c.start != nil {
				_, db = startDatabase(t, c.setup, c.start)
			} else if c.setup == sqlite { // no table is looked at
				db.Source = sqliteFile(t)
			} else {
				db = newDatabase(t, c.setup)
			}
			if c.statement != "" {
				_, err := openDB(t, c.setup, db.Source).ExecContext(t.Context(), c.statement)
				require.NoError(t, err)
			}
			db.Source = strings.Replace(db.Source, c.replace[0], c.replace[1], 1) + c.add

			requireUnsafe(t, db, c.names)
		})
	}
	requireUnsafe(t, harness.Database{Opener: sqlite, Source: ":memory:"},
		[]string{`the file of the database is "": use one`, `journal_mode is "memory"`,
			`busy_timeout is "0"`})
}

// requireUnsafe fails the test unless Check finds these settings and no other.
func requireUnsafe(t *testing.T, db harness.Database, names []string) {
	t.Helper()
	unsafe, unknown := check(t, db)
	for _, want := range names {
		assert.Contains(t, unsafe, want)
	}
	assert.Equal(t, len(names), strings.Count(unsafe+"\n", "\n"), unsafe)
	assert.Empty(t, unknown)
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
