package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ngrok/sqlmw"
	"github.com/stretchr/testify/require"
)

// A watch notes the statements of a database and how long they take.
type watch struct {
	sqlmw.NullInterceptor

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

// openWatched opens a database whose driver is watched, and connects.
func openWatched(tb testing.TB, name, source string) (*sql.DB, *watch) {
	tb.Helper()
	w := &watch{}
	watched := fmt.Sprintf("%p", w)
	sql.Register(watched, sqlmw.Driver(openDB(tb, name, source).Driver(), w))

	db, err := opener(watched)(source)
	require.NoError(tb, err)
	tb.Cleanup(func() { db.Close() })
	require.NoError(tb, db.PingContext(tb.Context()))
	return db, w
}

func (w *watch) ConnExecContext(
	ctx context.Context, conn driver.ExecerContext, query string, args []driver.NamedValue,
) (driver.Result, error) {
	defer w.since(time.Now())
	return conn.ExecContext(ctx, query, args)
}

func (w *watch) ConnQueryContext(
	ctx context.Context, conn driver.QueryerContext, query string, args []driver.NamedValue,
) (context.Context, driver.Rows, error) {
	defer w.query(args)()
	rows, err := conn.QueryContext(ctx, query, args)
	return ctx, rows, err
}

func (w *watch) ConnPrepareContext(
	ctx context.Context, conn driver.ConnPrepareContext, query string,
) (context.Context, driver.Stmt, error) {
	w.mu.Lock()
	w.prepared++
	w.mu.Unlock()
	stmt, err := conn.PrepareContext(ctx, query)
	return ctx, stmt, err
}

func (w *watch) ConnBeginTx(
	ctx context.Context, conn driver.ConnBeginTx, opts driver.TxOptions,
) (context.Context, driver.Tx, error) {
	defer w.since(time.Now())
	tx, err := conn.BeginTx(ctx, opts)
	return ctx, tx, err
}

func (w *watch) StmtExecContext(
	ctx context.Context, stmt driver.StmtExecContext, _ string, args []driver.NamedValue,
) (driver.Result, error) {
	defer w.since(time.Now())
	return stmt.ExecContext(ctx, args)
}

func (w *watch) StmtQueryContext(
	ctx context.Context, stmt driver.StmtQueryContext, _ string, args []driver.NamedValue,
) (context.Context, driver.Rows, error) {
	defer w.query(args)()
	rows, err := stmt.QueryContext(ctx, args)
	return ctx, rows, err
}
