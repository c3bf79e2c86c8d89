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

	"the swap is part of a transaction that rolls back": wrapped("PostgreSQL, pgx",
		func(store otp.Store, db *sql.DB) otp.Store { return rollsBack{store, db} }),

	"INSERT … ON DUPLICATE KEY UPDATE": wrapped("MariaDB",
		func(store otp.Store, db *sql.DB) otp.Store { return upsert{store, db} }),

	"SELECT, then UPDATE": wrapped("PostgreSQL, pgx",
		func(store otp.Store, db *sql.DB) otp.Store { return unguarded{store, db} }),
}

func wrapped(name string, wrap func(otp.Store, *sql.DB) otp.Store) faultyStore {
	return faultyStore{name, func(source string) (otp.Store, func(), error) {
		db, err := setups[name].open(source)
		if err != nil {
			return nil, nil, err
		}

		store, err := sqlstore.New(db, setups[name].dialect, nil)
		return wrap(store, db), func() { db.Close() }, err
	}}
}

// rollsBack reports a swap as done and then rolls it back.
type rollsBack struct {
	otp.Store
	db *sql.DB
}

func (s rollsBack) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	if len(old) == 0 {
		return s.Store.CompareAndSwap(ctx, key, old, new, expires)
	}

	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()

	result, err := tx.ExecContext(ctx,
		`UPDATE otp_records SET value = $1 WHERE id = $2 AND value = $3`, new, []byte(key), old)
	if err != nil {
		return false, err
	}
	affected, err := result.RowsAffected()
	return affected == 1, err
}

// upsert replaces what another process has inserted meanwhile.
type upsert struct {
	otp.Store
	db *sql.DB
}

func (s upsert) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	if len(old) > 0 {
		return s.Store.CompareAndSwap(ctx, key, old, new, expires)
	}

	_, err := s.db.ExecContext(ctx, `INSERT INTO otp_records (id, value, expires) VALUES (?, ?, ?)
		ON DUPLICATE KEY UPDATE value = VALUES(value), expires = VALUES(expires)`,
		[]byte(key), new, expires.Unix())
	return err == nil, err
}

// unguarded compares in one statement and writes in the next.
type unguarded struct {
	otp.Store
	db *sql.DB
}

func (s unguarded) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	if len(old) == 0 {
		return s.Store.CompareAndSwap(ctx, key, old, new, expires)
	}

	value, err := s.Load(ctx, key)
	if err != nil || string(value) != string(old) {
		return false, err
	}
	_, err = s.db.ExecContext(ctx, `UPDATE otp_records SET value = $1 WHERE id = $2`,
		new, []byte(key))
	return err == nil, err
}

// What the tests are for must make them fail.
func TestFaultyStoresAreCaught(t *testing.T) {
	for name, fault := range faultyStores {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t, fault.setup)
			db.Opener = name

			err := harness.Crowd(t.Context(), db)
			a, b := db.Open(t), db.Open(t)
			for range 50 {
				if err == nil {
					_, err = harness.Linearizable(t.Context(), a, b, a, false)
				}
			}
			require.Error(t, err)
			t.Log(err)
			caught := `Failed:0 Failure:\}, want|the right code after|not linearizable`
			require.Regexp(t, caught, err.Error(), "not for a call that has failed")
		})
	}
}
