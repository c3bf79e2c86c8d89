// Package ncruces tests package sqlstore by another driver of SQLite. Each has a package of its
// own, since both are registered as "sqlite3".
package ncruces

import (
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"

	"github.com/seed-5978b5f1/otp/internal/storetest/engines/sqltest"
)

// The settings are those of the package comment of sqlstore, and more patience, since waiting
// writers of SQLite are not served in turn.
func TestStore(t *testing.T) {
	sqltest.SQLite(t, "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"+
		"&_pragma=busy_timeout(60000)").Test(t)
}
