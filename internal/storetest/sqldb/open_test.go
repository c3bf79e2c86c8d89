// Package sqldb tests package sqlstore on real databases.
package sqldb

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// A setup is a way to reach a database: a dialect, a driver and its settings.
type setup struct {
	dialect sqlstore.Dialect
	source  func(testing.TB) string // of an empty database
	open    func(source string) (*sql.DB, error)
}

var setups = map[string]setup{
	"PostgreSQL, pgx":      {sqlstore.PostgreSQL, servers.Postgres, opener("pgx")},
	"PostgreSQL, pgx pool": {sqlstore.PostgreSQL, servers.Postgres, openPool},
	"PostgreSQL, lib/pq":   {sqlstore.PostgreSQL, servers.Postgres, opener("postgres")},
	"MariaDB":              {sqlstore.MySQL, servers.MariaDB, opener("mysql")},
	"MariaDB, clientFoundRows": {sqlstore.MySQL, servers.MariaDB,
		func(source string) (*sql.DB, error) {
			return openMySQL(source, func(c *mysql.Config) { c.ClientFoundRows = true })
		}},
	"SQLite": {sqlstore.SQLite, sqliteFile, opener("sqlite")},
}

// oneOfEach are the setups for what the driver makes no difference to.
var oneOfEach = []string{"PostgreSQL, pgx", "MariaDB", "SQLite"}

// connections bounds those of one handle.
const connections = 16

func opener(driver string) func(string) (*sql.DB, error) {
	return func(source string) (*sql.DB, error) {
		db, err := sql.Open(driver, source)
		if err != nil {
			return nil, err
		}
		return limited(db), nil
	}
}

func limited(db *sql.DB) *sql.DB {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

func openPool(source string) (*sql.DB, error) {
	config, err := pgxpool.ParseConfig(source)
	if err != nil {
		return nil, err
	}
	config.MaxConns = connections

	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDBFromPool(pool), nil
}

func openMySQL(source string, configure func(*mysql.Config)) (*sql.DB, error) {
	config, err := mysql.ParseDSN(source)
	if err != nil {
		return nil, err
	}
	configure(config)

	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return limited(sql.OpenDB(connector)), nil
}

// sqliteFile returns the source of a new file, with the settings that the package comment asks for,
// but for the busy timeout: on a machine with much else to do, a writer waits longer for its turn.
func sqliteFile(tb testing.TB) string {
	return "file:" + filepath.Join(tb.TempDir(), "codes.db") +
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(60000)"
}

// openStore opens a handle on the default table.
func (s setup) openStore(source string) (otp.Store, func(), error) {
	db, err := s.open(source)
	if err != nil {
		return nil, nil, err
	}

	store, err := sqlstore.New(db, s.dialect, nil)
	return store, func() { db.Close() }, err
}

// newDatabase returns an empty database with the default table.
func newDatabase(tb testing.TB, name string) harness.Database {
	tb.Helper()

	source := setups[name].source(tb)
	createTable(tb, openDB(tb, name, source), setups[name].dialect)
	return harness.Database{Opener: name, Source: source}
}

func openDB(tb testing.TB, name, source string) *sql.DB {
	tb.Helper()

	db, err := setups[name].open(source)
	require.NoError(tb, err)
	tb.Cleanup(func() { db.Close() })
	return db
}

func createTable(tb testing.TB, db *sql.DB, dialect sqlstore.Dialect) {
	tb.Helper()

	for range 2 { // done twice is fine
		_, err := db.ExecContext(tb.Context(), sqlstore.Schema(dialect, nil))
		require.NoError(tb, err)
	}
}

func TestMain(m *testing.M) {
	mysql.SetLogger(&mysql.NopLogger{}) // connections break here on purpose

	openers := map[string]harness.Opener{}
	for name, s := range setups {
		openers[name] = s.openStore
	}
	for name, fault := range faultyStores {
		openers[name] = fault.open
	}
	harness.Main(m, openers)
}

// hostPort returns the address in a source of PostgreSQL or MariaDB.
func hostPort(tb testing.TB, source string) string {
	tb.Helper()

	_, rest, found := strings.Cut(source, "127.0.0.1:")
	require.True(tb, found, source)
	return "127.0.0.1:" + rest[:strings.IndexAny(rest, "/)")]
}
