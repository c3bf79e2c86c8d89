// Package pgstore keeps the records of one-time codes in PostgreSQL.
//
// It needs what PostgreSQL does by default: fsync and synchronous_commit are on, and statements run at the isolation
// level "read committed". With synchronous_commit off, or on a replica that was promoted before it had everything, the
// last commits can be missing after a crash, so that a used code is live again: replicate synchronously, or change
// otp.Config.Secret after such a fail-over. Reads must go to the primary.
package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/seed-5978b5f1/otp"
)

// Schema makes the table, unless it is there.
const Schema = `
CREATE TABLE IF NOT EXISTS otp (
	key     text COLLATE "C" PRIMARY KEY,
	value   bytea NOT NULL,
	expires timestamptz
);
CREATE INDEX IF NOT EXISTS otp_expires ON otp (expires)`

// Store is an [otp.Store] on the table of [Schema].
type Store struct {
	db *pgxpool.Pool // a pool and no transaction: what a Service was told must not roll back
}

var _ otp.Store = (*Store)(nil)

// New returns a Store that works through a pool of connections to the primary.
func New(db *pgxpool.Pool) *Store { return &Store{db} }

// Load returns the value under key, or nil if there is none.
func (s *Store) Load(ctx context.Context, key string) (value []byte, err error) {
	err = s.db.QueryRow(ctx, `SELECT value FROM otp WHERE key = $1`, key).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("pgstore: %w", err)
	}
	return value, nil
}

// CompareAndSwap stores new under key if the value there is old, or if there is none and old is empty. Each of the two
// statements is atomic: one that finds the row locked waits, and then judges what the other one has left.
func (s *Store) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (swapped bool, err error) {
	until := &expires
	if expires.IsZero() {
		until = nil
	}
	statement := `UPDATE otp SET value = $3, expires = $4 WHERE key = $1 AND value = $2`
	args := []any{key, old, new, until}
	if len(old) == 0 {
		statement = `INSERT INTO otp (key, value, expires) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING`
		args = []any{key, new, until}
	}
	done, err := s.db.Exec(ctx, statement, args...)
	if err != nil {
		return false, fmt.Errorf("pgstore: %w", err)
	}
	return done.RowsAffected() == 1, nil
}

// Purge deletes what expired more than an hour ago, which leaves room for clocks that differ. Call it from time to time.
func (s *Store) Purge(ctx context.Context) error {
	if _, err := s.db.Exec(ctx, `DELETE FROM otp WHERE expires < now() - interval '1 hour'`); err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	return nil
}
