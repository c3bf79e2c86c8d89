package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// Options name the table of a Store, for [New] and [Schema].
type Options struct {
	// Table is a name of up to 55 letters, digits and underscores, optionally after the name of a
	// schema and a dot. It stands in the statements as it is, without quotes. Default
	// "otp_records".
	Table string
}

// A Store keeps values in one table. It is an [otp.Store] and safe for concurrent use.
type Store struct {
	db                                          *sql.DB
	dialect                                     Dialect
	table                                       string
	load, insert, update, renew, expired, purge statement
}

var _ otp.Store = (*Store)(nil)

// New returns a Store on a table of the database, which speaks the dialect. It does not connect to
// the database. Nil opts are the zero Options. The error says which argument is bad, and why.
func New(db *sql.DB, dialect Dialect, opts *Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: the db is nil: it is required (sql.Open)")
	}

	l, err := dialect.statements(opts)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return &Store{
		db:      db,
		dialect: dialect,
		table:   l.table,
		load:    statement{text: l.load, prepare: l.prepare},
		insert:  statement{text: l.insert, prepare: l.prepare},
		update:  statement{text: l.update, prepare: l.prepare},
		renew:   statement{text: l.renew, prepare: l.prepare},
		expired: statement{text: l.expired, prepare: l.prepare},
		purge:   statement{text: l.purge, prepare: l.prepare},
	}, nil
}

// Load returns the value under key, or nil if there is none. An expired value is returned until it
// is purged.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	value, found, err := s.load.value(ctx, s.db, []byte(key))
	switch {
	case err != nil:
		return nil, failure(ctx, "load", err)
	case !found:
		return nil, nil
	case len(value) == 0:
		return nil, errors.New("sqlstore: load: the value of a row is empty: " +
			"something else writes to the table, for no Store does")
	}
	return value, nil
}

// CompareAndSwap stores new under key if the value there still equals old, where an empty old means
// that there is no row, and reports whether it did. Expires is rounded up to whole seconds.
//
// On a bad network, database/sql repeats a statement whose connection the driver calls bad. lib/pq
// does so even if the statement may have been carried out, and the second one then finds the value
// of the first: CompareAndSwap reports false, as if another had won. An [otp.Service] recognizes
// its own write when it loads the value again.
func (s *Store) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (swapped bool, err error) {
	if len(key) > maxKey || len(new) > maxValue { // INSERT IGNORE would shorten them
		return false, fmt.Errorf("sqlstore: swap: a key of %d bytes, a value of %d bytes: "+
			"at most %d and %d can be kept", len(key), len(new), maxKey, maxValue)
	}

	var until any // NULL: for good
	if !expires.IsZero() {
		until = expires.Add(time.Second - 1).Unix() // rounded up
	}

	var rows int64
	if len(old) == 0 {
		rows, err = s.insert.exec(ctx, s.db, []byte(key), new, until)
	} else {
		rows, err = s.replace(ctx, []byte(key), old, new, until)
	}
	if err != nil {
		return false, failure(ctx, "swap", err)
	}
	return rows == 1, nil
}

// replace updates a row, and returns how many rows had the old value: 1 or 0.
func (s *Store) replace(ctx context.Context, key, old, new []byte, until any) (int64, error) {
	if s.renew.text != "" {
		rows, err := s.renew.exec(ctx, s.db, new, key, old, until)
		if rows > 0 || err != nil {
			return rows, err
		}
	}
	return s.update.exec(ctx, s.db, new, until, key, old)
}

// What the columns of every dialect have room for, as the contract of otp.Store asks.
const (
	maxKey   = 43
	maxValue = 1024
)

const (
	// purgeAfter is how long ago a row must have expired, since clocks differ.
	purgeAfter = time.Hour
	// purgeBatch is the number of rows that one statement deletes: some milliseconds of work.
	purgeBatch = 100
)

// Purge deletes the rows that expired at least an hour ago by the clock of this process, and
// returns their number, also with an error. Several processes may purge at a time.
//
// Each statement deletes at most 100 rows, in a transaction of its own. Then Purge pauses for four
// times as long as that took, so that others find the database free, even where one writer excludes
// all others, as in SQLite.
func (s *Store) Purge(ctx context.Context) (purged int64, err error) {
	before, from := time.Now().Add(-purgeAfter).Unix(), int64(math.MinInt64)

	for {
		start := time.Now()
		expired, last, err := s.batch(ctx, before, from)
		if err != nil {
			return purged, failure(ctx, "purge", err)
		}
		if len(expired) == 0 {
			return purged, nil
		}
		from = last

		args := append(make([]any, 0, 1+purgeBatch), before)
		for i := range purgeBatch {
			args = append(args, expired[i%len(expired)]) // those of a small batch again
		}

		deleted, err := s.purge.exec(ctx, s.db, args...)
		if err != nil {
			return purged, failure(ctx, "purge", err)
		}
		purged += deleted

		select {
		case <-time.After(4 * time.Since(start)):
		case <-ctx.Done():
			return purged, failure(ctx, "purge", ctx.Err())
		}
	}
}

// batch returns the keys of rows that expired before a time, those that expired first from another
// time on, and when the last of them did.
func (s *Store) batch(ctx context.Context, before, from int64) (
	keys [][]byte, last int64, err error,
) {
	rows, err := s.expired.query(ctx, s.db, before, from)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()

	for rows.Next() {
		var key []byte // a copy
		if err := rows.Scan(&key, &last); err != nil {
			return nil, 0, err
		}
		keys = append(keys, key)
	}
	return keys, last, rows.Err()
}

// A statement is prepared at its first use, if the dialect is one to prepare. From then on,
// database/sql prepares it once for each connection that it uses.
type statement struct {
	text    string
	prepare bool
	stmt    atomic.Pointer[sql.Stmt]
}

func (s *statement) prepared(ctx context.Context, db *sql.DB) (*sql.Stmt, error) {
	if stmt := s.stmt.Load(); stmt != nil {
		return stmt, nil
	}

	stmt, err := db.PrepareContext(ctx, s.text)
	if err != nil {
		return nil, err
	}

	if !s.stmt.CompareAndSwap(nil, stmt) { // others were faster
		stmt.Close()
	}
	return s.stmt.Load(), nil
}

func (s *statement) query(ctx context.Context, db *sql.DB, args ...any) (*sql.Rows, error) {
	if !s.prepare {
		return db.QueryContext(ctx, s.text, args...)
	}

	stmt, err := s.prepared(ctx, db)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// value returns the first column of the row that the statement selects, and whether there is one.
func (s *statement) value(ctx context.Context, db *sql.DB, args ...any) (
	value []byte, found bool, err error,
) {
	rows, err := s.query(ctx, db, args...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()

	if found = rows.Next(); found {
		if err := rows.Scan(&value); err != nil { // into a copy
			return nil, false, err
		}
	}
	return value, found, rows.Err()
}

// exec returns the number of rows that the statement has affected.
func (s *statement) exec(ctx context.Context, db *sql.DB, args ...any) (int64, error) {
	if !s.prepare {
		return affected(db.ExecContext(ctx, s.text, args...))
	}

	stmt, err := s.prepared(ctx, db)
	if err != nil {
		return 0, err
	}
	return affected(stmt.ExecContext(ctx, args...))
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// failure says which operation has failed. It adds the end of ctx, which some drivers report in
// words of their own.
func failure(ctx context.Context, operation string, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("sqlstore: %s: %w: %w", operation, ended, err)
	}
	return fmt.Errorf("sqlstore: %s: %w", operation, err)
}
