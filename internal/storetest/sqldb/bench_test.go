package sqldb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
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

// BenchmarkThroughput compares with the two statements that people write by hand.
func BenchmarkThroughput(b *testing.B) {
	for _, name := range oneOfEach {
		b.Run(name, func(b *testing.B) {
			source := newDatabase(b, name).Source

			harness.Throughput(b, func(b *testing.B, connections int) (otp.Store, harness.ByHand) {
				db := openDB(b, name, source)
				db.SetMaxOpenConns(connections)
				db.SetMaxIdleConns(connections)

				store, err := sqlstore.New(db, setups[name].dialect, nil)
				require.NoError(b, err)
				return store, twoStatements(b, db, setups[name].dialect)
			})
		})
	}
}

// twoStatements returns a function that inserts the hash of a code and takes it back.
func twoStatements(b *testing.B, db *sql.DB, dialect sqlstore.Dialect) harness.ByHand {
	b.Helper()
	_, err := db.ExecContext(b.Context(), "CREATE TABLE IF NOT EXISTS codes "+
		"(id VARCHAR(43) PRIMARY KEY, hash VARCHAR(43), expires BIGINT)")
	require.NoError(b, err)
	insert, _ := prepared(b, db, dialect, "INSERT INTO codes VALUES (?, ?, ?)")
	_, remove := prepared(b, db, dialect,
		"DELETE FROM codes WHERE id = ? AND expires > ? RETURNING hash")
	return func(ctx context.Context, key string) error {
		hash, now := harness.HashedCode(), time.Now()
		if _, err := insert(ctx, key, hash, now.Add(time.Hour).Unix()); err != nil {
			return err
		}
		return remove(ctx, key, now.Unix()).Scan(&hash)
	}
}

// prepared returns functions that run a statement, prepared as in package sqlstore.
func prepared(b *testing.B, db *sql.DB, dialect sqlstore.Dialect, text string) (
	exec func(context.Context, ...any) (sql.Result, error),
	query func(context.Context, ...any) *sql.Row,
) {
	b.Helper()
	if dialect != sqlstore.PostgreSQL {
		stmt, err := db.PrepareContext(b.Context(), text)
		require.NoError(b, err)
		return stmt.ExecContext, stmt.QueryRowContext
	}

	for i := 1; strings.Contains(text, "?"); i++ {
		text = strings.Replace(text, "?", fmt.Sprintf("$%d", i), 1)
	}
	exec = func(ctx context.Context, args ...any) (sql.Result, error) {
		return db.ExecContext(ctx, text, args...)
	}
	query = func(ctx context.Context, args ...any) *sql.Row {
		return db.QueryRowContext(ctx, text, args...)
	}
	return exec, query
}

// bareStatements makes the statements that a store makes, prepared the same way.
func bareStatements(b *testing.B, db *sql.DB, dialect sqlstore.Dialect) harness.Bare {
	b.Helper()
	insert, _ := prepared(b, db, dialect,
		"INSERT INTO otp_records (id, value, expires) VALUES (?, ?, ?)")
	_, load := prepared(b, db, dialect, "SELECT value FROM otp_records WHERE id = ?")
	update, _ := prepared(b, db, dialect,
		"UPDATE otp_records SET value = ?, expires = ? WHERE id = ? AND value = ?")
	return func(ctx context.Context, key string, sent, used []byte) error {
		id, expires := []byte(key), time.Now().Add(24*time.Hour).Unix()

		if _, err := insert(ctx, id, sent, expires); err != nil {
			return err
		}

		var value []byte
		if err := load(ctx, id).Scan(&value); err != nil {
			return err
		}
		if !bytes.Equal(value, sent) {
			return errors.New("a record that somebody has changed")
		}
		_, err := update(ctx, used, expires, id, sent)
		return err
	}
}
