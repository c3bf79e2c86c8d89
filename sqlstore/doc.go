// Package sqlstore keeps the records of one-time codes in a relational database: PostgreSQL,
// CockroachDB, MySQL, MariaDB or SQLite, through database/sql and any driver. It imports none.
//
//	db, err := sql.Open("pgx", "postgres://localhost/app")
//	…
//	_, err = db.Exec(sqlstore.Schema(sqlstore.PostgreSQL, nil)) // or as a migration
//	…
//	store, err := sqlstore.New(db, sqlstore.PostgreSQL, nil)
//
// gives an [otp.Store] on the table "otp_records", which serves any number of Services.
//
// Each call of the store is one statement in a transaction of its own, and one round trip to the
// server. The first Send to an address takes one, any other Send two or three, and a Verify of a
// live code two; each race that is lost takes two more. A statement that ends in an error, such as
// a deadlock, a serialization failure or SQLITE_BUSY, makes the call an error. It is never taken
// for a lost race.
//
// # Durability
//
// A write that the database forgets makes a used code valid again and gives back counted guesses.
// The database must therefore have written to disk what it has acknowledged:
//
//   - PostgreSQL: fsync and synchronous_commit are on, as by default.
//   - MySQL, MariaDB: innodb_flush_log_at_trx_commit is 1, as by default, the table's engine is
//     InnoDB, and sync_binlog is 1 where there is a binary log, which MariaDB does not default to.
//   - SQLite: synchronous is FULL. SQLite defaults to it, but some drivers and guides set NORMAL,
//     which loses the last writes when the machine fails (not when the process does).
//
// [Store.Check] reads these settings, as the driver and the pool have set them, and names what is
// not safe and what it could not know.
//
// Connections must be in autocommit mode, as database/sql expects them to be: with autocommit=0 in
// MySQL's settings, nothing is committed at all.
//
// # Replicas and fail-over
//
// Reads must go to the server that takes the writes. A replica shows old records, with which a swap
// then fails, or used codes as unused.
//
// After a fail-over to a replica, what had not reached it is undone: a code that was used in those
// moments works once more until it expires, and guesses are not counted. Replicate synchronously
// (PostgreSQL: synchronous_standby_names with synchronous_commit on; MySQL: group replication, or
// semi-synchronous replication with AFTER_SYNC; MariaDB: Galera writes to one node with
// wsrep_sync_wait of 1), or change otp.Config.Secret after a fail-over, which voids all codes. A
// restored backup is a fail-over, too. In clusters that take writes at several nodes and resolve
// conflicts later, codes can be accepted twice.
//
// # Isolation
//
// Any isolation level but MySQL's READ UNCOMMITTED is sound, which shows what may still be undone.
// At the default of each database, races are lost without an error. With PostgreSQL's
// default_transaction_isolation above read committed, a lost race is a serialization failure, and
// so an error of Send or Verify. CockroachDB retries single statements by itself.
//
// # The table
//
// [Schema] returns the statements that create the table unless it exists, and that any number of
// processes may run at the same time. Keys and values are binary, so that no collation folds or
// pads them. The column expires holds a number of seconds since 1970, or NULL for a record that is
// kept for good.
//
// An expired record is read and compared like any other until it is purged. That loses nothing: a
// Service judges codes by its own clock. [Store.Purge] deletes what expired at least one hour ago,
// so that the clocks of processes may differ by that much. Call it every hour or so, from one
// process or from all:
//
//	for range time.Tick(time.Hour) {
//		if _, err := store.Purge(ctx); err != nil {
//			log.Print(err)
//		}
//	}
//
// # Drivers and poolers
//
// A program that holds a pool of pgx makes a *sql.DB of it, and leaves the limits of connections to
// the pool:
//
//	db := stdlib.OpenDBFromPool(pool)
//
// Elsewhere, keep as many connections as callers need at a time. database/sql keeps two, and closes
// and opens others again and again, which took five sixths of the codes a second of PostgreSQL from
// 64 callers:
//
//	db.SetMaxOpenConns(64)
//	db.SetMaxIdleConns(64)
//
// Statements are prepared once for each connection: PostgreSQL's by pgx, if its settings say so,
// those of MySQL and SQLite by database/sql. lib/pq needs binary_parameters=yes to do with one
// round trip a statement.
//
// Behind a pooler that gives a connection to another client after each transaction, such as
// PgBouncer with pool_mode=transaction, the driver must not split a statement over transactions:
//
//   - pgx needs default_query_exec_mode=exec (or simple_protocol, or cache_describe). Its default
//     needs a pooler that keeps track of prepared statements, as PgBouncer does from 1.21 on with
//     max_prepared_statements above 0. describe_exec must not be used.
//   - lib/pq needs binary_parameters=yes. Without it, a statement may be run as that of another
//     client: rows are stored in another table, and no error is reported.
//
// SQLite needs a file, in WAL mode and with a busy timeout, or writers that meet fail with
// SQLITE_BUSY. Each driver has its own words for that, and ignores those of others without an
// error. With modernc.org/sqlite, and github.com/ncruces/go-sqlite3 as "sqlite3":
//
//	sql.Open("sqlite", "file:codes.db"+
//		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
//
// With github.com/mattn/go-sqlite3, which else sets synchronous to NORMAL:
//
//	sql.Open("sqlite3", "file:codes.db?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000")
//
// A busy timeout is waited for even if the context ends before, by mattn's driver: keep it below
// the 10 seconds that a Service gives a store. A database ":memory:" exists once for each
// connection and is not suitable. Nor is a file on a network file system.
//
// docs/stores.md in the repository lists what has been tested on which server.
package sqlstore
