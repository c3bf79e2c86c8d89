package sqldb

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// A faultyStore does what many a store has done.
type faultyStore struct {
	setup string // of the database
	open  harness.Opener
}

var faultyStores = map[string]faultyStore{
	"autocommit is off": {"MariaDB", setup{
		dialect: sqlstore.MySQL,
		open: func(source string) (*sql.DB, error) {
			return openMySQL(source, func(c *mysql.Config) {
				c.Params = map[string]string{"autocommit": "0"}
			})
		},
	}.openStore},

	"a transaction that rolls back":    swapping("PostgreSQL, pgx", false, rollBack),
	"SELECT, then UPDATE":              swapping("PostgreSQL, pgx", false, unguarded),
	"INSERT … ON DUPLICATE KEY UPDATE": swapping("MariaDB", true, upsert),
}

// A swap takes the place of CompareAndSwap.
type swap func(
	ctx context.Context, db *sql.DB, key, old, new []byte, expires time.Time,
) (bool, error)

// swapping stores as package sqlstore does, but for swaps against nothing or all others.
func swapping(name string, againstNothing bool, swap swap) faultyStore {
	return faultyStore{name, func(source string) (otp.Store, func(), error) {
		db, err := setups[name].open(source)
		if err != nil {
			return nil, nil, err
		}

		store, err := sqlstore.New(db, setups[name].dialect, nil)
		return swapper{store, db, againstNothing, swap}, func() { db.Close() }, err
	}}
}

type swapper struct {
	otp.Store
	db             *sql.DB
	againstNothing bool
	swap           swap
}

func (s swapper) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	if (len(old) == 0) != s.againstNothing {
		return s.Store.CompareAndSwap(ctx, key, old, new, expires)
	}
	return s.swap(ctx, s.db, []byte(key), old, new, expires)
}

// rollBack reports a swap as done and then rolls it back.
func rollBack(ctx context.Context, db *sql.DB, key, old, new []byte, _ time.Time) (bool, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()

	result, err := tx.ExecContext(ctx,
		`UPDATE otp_records SET value = $1 WHERE id = $2 AND value = $3`, new, key, old)
	if err != nil {
		return false, err
	}
	affected, err := result.RowsAffected()
	return affected == 1, err
}

// upsert replaces what another process has inserted meanwhile.
func upsert(ctx context.Context, db *sql.DB, key, _, new []byte, expires time.Time) (bool, error) {
	_, err := db.ExecContext(ctx, `INSERT INTO otp_records (id, value, expires) VALUES (?, ?, ?)
		ON DUPLICATE KEY UPDATE value = VALUES(value), expires = VALUES(expires)`,
		key, new, expires.Unix())
	return err == nil, err
}

// unguarded compares in one statement and writes in the next.
func unguarded(ctx context.Context, db *sql.DB, key, old, new []byte, _ time.Time) (bool, error) {
	var value []byte
	err := db.QueryRowContext(ctx, `SELECT value FROM otp_records WHERE id = $1`, key).Scan(&value)
	if err != nil || string(value) != string(old) {
		return false, err
	}
	_, err = db.ExecContext(ctx, `UPDATE otp_records SET value = $1 WHERE id = $2`, new, key)
	return err == nil, err
}

// What the tests are for must make them fail.
func TestFaultyStoresAreCaught(t *testing.T) {
	for name, fault := range faultyStores {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t, fault.setup)
			db.Opener = name

			err := harness.Crowd(t, db)
			if err == nil {
				err = harness.LinearizableOften(t, db, 50)
			}
			require.Error(t, err)
			t.Log(err)
			caught := `Failed:0 Failure:\}, want|the right code after|not linearizable`
			require.Regexp(t, caught, err.Error(), "not for a call that has failed")
		})
	}
}
