package sqldb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// BenchmarkPair compares with the statements of sqlstore made by hand, on the same connections.
func BenchmarkPair(b *testing.B) {
	for name, s := range setups {
		b.Run(name, func(b *testing.B) {
			db := openDB(b, name, newDatabase(b, name).Source)
			store, err := sqlstore.New(db, s.dialect, nil)
			require.NoError(b, err)

			harness.Latency(b, store, 1.15, bareStatements(b, db, s.dialect))
		})
	}
}

func BenchmarkThroughput(b *testing.B) {
	for _, name := range oneOfEach {
		b.Run(name, func(b *testing.B) {
			source := newDatabase(b, name).Source

			harness.Throughput(b, func(b *testing.B, connections int) otp.Store {
				db := openDB(b, name, source)
				db.SetMaxOpenConns(connections)
				db.SetMaxIdleConns(connections)

				store, err := sqlstore.New(db, setups[name].dialect, nil)
				require.NoError(b, err)
				return store
			})
		})
	}
}

// bareStatements makes the statements that a store makes, prepared the same way.
func bareStatements(b *testing.B, db *sql.DB, dialect sqlstore.Dialect) harness.Bare {
	b.Helper()
	load := "SELECT value FROM otp_records WHERE id = ?"
	insert := "INSERT INTO otp_records (id, value, expires) VALUES (?, ?, ?)"
	update := "UPDATE otp_records SET value = ?, expires = ? WHERE id = ? AND value = ?"
	if dialect == sqlstore.PostgreSQL {
		load = "SELECT value FROM otp_records WHERE id = $1"
		insert = "INSERT INTO otp_records (id, value, expires) VALUES ($1, $2, $3)"
		update = "UPDATE otp_records SET value = $1, expires = $2 WHERE id = $3 AND value = $4"
	}

	query := func(ctx context.Context, args ...any) *sql.Row {
		return db.QueryRowContext(ctx, load, args...)
	}
	exec := func(text string) func(context.Context, ...any) (sql.Result, error) {
		return func(ctx context.Context, args ...any) (sql.Result, error) {
			return db.ExecContext(ctx, text, args...)
		}
	}
	inserting, updating := exec(insert), exec(update)
	if dialect != sqlstore.PostgreSQL { // prepared as in package sqlstore
		prepare := func(text string) *sql.Stmt {
			stmt, err := db.PrepareContext(b.Context(), text)
			require.NoError(b, err)
			return stmt
		}
		query = prepare(load).QueryRowContext
		inserting, updating = prepare(insert).ExecContext, prepare(update).ExecContext
	}
	return func(ctx context.Context, key string, sent, used []byte) error {
		id, expires := []byte(key), time.Now().Add(24*time.Hour).Unix()

		if _, err := inserting(ctx, id, sent, expires); err != nil {
			return err
		}

		var value []byte
		if err := query(ctx, id).Scan(&value); err != nil {
			return err
		}
		if !bytes.Equal(value, sent) {
			return errors.New("a record that somebody has changed")
		}
		_, err := updating(ctx, used, expires, id, sent)
		return err
	}
}
