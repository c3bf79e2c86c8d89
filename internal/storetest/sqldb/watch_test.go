package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
)

// A watch notes the statements of a database and how long they take.
type watch struct {
	mu       sync.Mutex
	executed []time.Duration
	queries  [][]driver.NamedValue // the arguments of those
	began    []time.Time           // when these began
	prepared int
}

// query notes the arguments of a query, and when it ends.
func (w *watch) query(args []driver.NamedValue) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	start := time.Now()
	w.queries, w.began = append(w.queries, args), append(w.began, start)
	return func() { w.since(start) }
}

func (w *watch) since(start time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.executed = append(w.executed, time.Since(start))
}

// take returns how often statements were executed since the last call, and how often prepared.
func (w *watch) take() (executed []time.Duration, prepared int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	executed, prepared = w.executed, w.prepared
	w.executed, w.prepared = nil, 0
	return executed, prepared
}

// openWatched opens a database whose driver is watched.
func openWatched(tb testing.TB, name, source string) (*sql.DB, *watch) {
	tb.Helper()

	w := &watch{}
	c := watchedConnector{driver: openDB(tb, name, source).Driver(), source: source, watch: w}
	db := limited(sql.OpenDB(c))
	tb.Cleanup(func() { db.Close() })

	switch c.driver.(type) {
	case *stdlib.Driver, *mysql.MySQLDriver: // servers: connect now
		require.NoError(tb, db.PingContext(tb.Context()))
	}
	return db, w
}

type watchedConnector struct {
	driver driver.Driver
	source string
	watch  *watch
}

func (c watchedConnector) Driver() driver.Driver { return c.driver }

func (c watchedConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.source)
	if err != nil {
		return nil, err
	}
	return watchedConn{conn.(fullConn), c.watch}, nil
}

// A fullConn is what the connections of pgx, go-sql-driver and modernc have in common.
type fullConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
}

type watchedConn struct {
	fullConn
	watch *watch
}

func (c watchedConn) ExecContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Result, error) {
	start := time.Now()
	result, err := c.fullConn.ExecContext(ctx, query, args)
	if err != driver.ErrSkip {
		c.watch.since(start)
	}
	return result, err
}

func (c watchedConn) QueryContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Rows, error) {
	defer c.watch.query(args)()
	return c.fullConn.QueryContext(ctx, query, args)
}

func (c watchedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}

	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	c.watch.prepared++
	return watchedStmt{stmt.(fullStmt), c.watch}, nil
}

func (c watchedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	defer c.watch.since(time.Now())
	return c.fullConn.BeginTx(ctx, opts)
}

// CheckNamedValue lets the driver convert arguments as it does.
func (c watchedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type watchedStmt struct {
	fullStmt
	watch *watch
}

func (s watchedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (
	driver.Result, error,
) {
	defer s.watch.since(time.Now())
	return s.fullStmt.ExecContext(ctx, args)
}

func (s watchedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (
	driver.Rows, error,
) {
	defer s.watch.query(args)()
	return s.fullStmt.QueryContext(ctx, args)
}
