// Package mattn tests package sqlstore by another driver of SQLite. Each has a package of its own,
// since both are registered as "sqlite3".
package mattn

import (
	"testing"

	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/storetest/engines/sqltest"
)

// The settings are those of the package comment of sqlstore, and more patience, since waiting
// writers of SQLite are not served in turn.
func TestStore(t *testing.T) {
	sqltest.SQLite(t, "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=60000").Test(t)
}

// The settings of another driver are ignored without an error. Check tells.
func TestSettingsOfAnotherDriver(t *testing.T) {
	unsafe, _ := sqltest.SQLite(t, "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"+
		"&_pragma=busy_timeout(5000)").Check(t)
	require.Len(t, unsafe, 2)
	require.ErrorContains(t, unsafe[0], `synchronous is "1"`)
	require.ErrorContains(t, unsafe[1], `journal_mode is "delete"`)
}
