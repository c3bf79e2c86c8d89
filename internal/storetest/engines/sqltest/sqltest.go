// Package sqltest tests package sqlstore by a driver and an engine of SQL.
package sqltest

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// An Engine is an empty database, and the driver to reach it by.
type Engine struct {
	Driver, Source string
	Dialect        sqlstore.Dialect
}

// SQLite is an engine of SQLite with a new file.
func SQLite(tb testing.TB, settings string) Engine {
	source := "file:" + filepath.Join(tb.TempDir(), "codes.db") + settings
	return Engine{"sqlite3", source, sqlstore.SQLite}
}

// Store opens a handle of its own, as each process has.
func (e Engine) Store() (otp.Store, func(), error) {
	db, err := e.open()
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlstore.New(db, e.Dialect, nil)
	return store, func() { db.Close() }, err
}

func (e Engine) open() (*sql.DB, error) {
	db, err := sql.Open(e.Driver, e.Source)
	if err == nil {
		db.SetMaxOpenConns(16)
	}
	return db, err
}

// Check returns what Check of a Store finds.
func (e Engine) Check(t *testing.T) (unsafe, unknown []error) {
	t.Helper()
	return e.handle(t).(*sqlstore.Store).Check(t.Context())
}

func (e Engine) handle(tb testing.TB) otp.Store {
	tb.Helper()
	store, end, err := e.Store()
	require.NoError(tb, err)
	tb.Cleanup(end)
	return store
}

// Test has sixty replicas create the table at the same time, finds all settings safe, and runs the
// conformance suite.
func (e Engine) Test(t *testing.T) {
	t.Helper()
	require.NoError(t,
		harness.SchemaByMany(t.Context(), sqlstore.Schema(e.Dialect, nil), e.open))

	unsafe, unknown := e.Check(t)
	require.Empty(t, unsafe)
	require.Empty(t, unknown)
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) { return e.handle(tb), e.handle(tb) })
}
