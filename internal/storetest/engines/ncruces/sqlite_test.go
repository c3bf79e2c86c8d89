// Package ncruces tests package sqlstore by another driver of SQLite. Each has a package of its
// own, since both are registered as "sqlite3".
package ncruces

import (
	"database/sql"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// settings are those of the package comment of sqlstore, for this driver, and more patience, since
// waiting writers of SQLite are not served in turn.
const settings = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(60000)"

func open(tb testing.TB, source string) (*sql.DB, *sqlstore.Store) {
	tb.Helper()
	db, err := sql.Open("sqlite3", source)
	require.NoError(tb, err)
	tb.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(16)

	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
	require.NoError(tb, err)
	return db, store
}

func TestStore(t *testing.T) {
	source := "file:" + filepath.Join(t.TempDir(), "codes.db") + settings
	start := make(chan struct{})
	var all sync.WaitGroup
	for range 60 { // replicas that start together
		db, _ := open(t, source)
		require.NoError(t, db.PingContext(t.Context()))
		all.Go(func() {
			<-start
			_, err := db.ExecContext(t.Context(), sqlstore.Schema(sqlstore.SQLite, nil))
			assert.NoError(t, err)
		})
	}
	close(start)
	all.Wait()

	_, store := open(t, source)
	unsafe, unknown := store.Check(t.Context())
	require.Empty(t, unsafe)
	require.Empty(t, unknown)
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) {
		_, a1 := open(tb, source)
		_, b1 := open(tb, source)
		return a1, b1
	})
}
