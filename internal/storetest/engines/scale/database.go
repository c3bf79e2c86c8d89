package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// A database is one that is measured, with its words for what is measured.
type database struct {
	name, driver string
	dialect      sqlstore.Dialect
	server       func() (*servers.Server, error) // nil: a file

	// insert inserts records of the usual sizes, with keys as a Service has them: $from and $to count
	// them, and they expire within a day from $time on, in another order than that of their keys.
	insert string
	used   string // the value of a record once its code is used, of the same size

	fast, safe []string // settings to load by, and those to measure by

	size   func(ctx context.Context, db *sql.DB) (float64, error) // bytes of table and indexes
	log    func(ctx context.Context, db *sql.DB) (float64, error) // bytes written to it so far
	reads  func(ctx context.Context, db *sql.DB) (float64, error) // pages looked at so far
	depth  func(ctx context.Context, db *sql.DB) (float64, error) // pages of a Load, by the tree
	empty  []string
	vacuum string
}

// number returns a function that executes statements, the last of which answers with a number.
func number(statements ...string) func(context.Context, *sql.DB) (float64, error) {
	return func(ctx context.Context, db *sql.DB) (n float64, err error) {
		last := len(statements) - 1
		if err := execute(ctx, db, statements[:last]); err != nil {
			return 0, err
		}
		err = db.QueryRowContext(ctx, statements[last]).Scan(&n)
		return n, err
	}
}

func execute(ctx context.Context, db *sql.DB, statements []string) error {
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// frames counts the bytes in SQLite's log, on the one connection that is open. Nothing but the
// count starts the log anew.
func frames() func(context.Context, *sql.DB) (float64, error) {
	const frame = 24 + 4096
	total := 0.0
	return func(ctx context.Context, db *sql.DB) (float64, error) {
		var busy, pages, moved float64
		err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(RESTART)").Scan(&busy, &pages, &moved)
		if err != nil {
			return 0, err
		}
		total += frame * pages
		_, err = db.ExecContext(ctx, "PRAGMA wal_autocheckpoint = 0")
		return total, err
	}
}

var postgres = database{
	driver: "pgx", dialect: sqlstore.PostgreSQL,
	insert: `INSERT INTO otp_records SELECT
		CAST(left(encode(decode(md5(CAST(i AS TEXT)), 'hex'), 'base64'), 22) AS BYTEA),
		decode(repeat(md5(CAST(i AS TEXT)), 8) || '0011223344', 'hex'), $time + i * 7919 % 86400
		FROM generate_series(CAST($from AS BIGINT), $to) i`,
	used: "id || substr(value, 23)",
	fast: []string{"SET synchronous_commit = off"},
	safe: []string{"SET synchronous_commit = on"},
	size: number("SELECT pg_total_relation_size('otp_records')"),
	log:  number("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"),
	reads: number("SELECT pg_stat_force_next_flush()",
		`SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read
		FROM pg_statio_user_tables WHERE relname = 'otp_records'`),
	empty:  []string{"TRUNCATE otp_records"},
	vacuum: "VACUUM otp_records",
}

// called returns the database under a name, on a server.
func (d database) called(name string, server func() (*servers.Server, error)) database {
	d.name, d.server = name, server
	return d
}

var databases = []database{
	postgres.called("PostgreSQL 15", func() (*servers.Server, error) {
		return servers.StartPostgres("--shared-buffers=512MB", "--max-wal-size=8GB")
	}),
	{
		name: "SQLite", driver: "sqlite", dialect: sqlstore.SQLite,
		insert: `WITH RECURSIVE n(i) AS (SELECT $from UNION ALL SELECT i + 1 FROM n WHERE i < $to)
			INSERT INTO otp_records SELECT CAST(` + harness.SQLiteKey + ` AS BLOB), randomblob(133),
			$time + i * 7919 % 86400 FROM n`,
		used: "randomblob(133)",
		fast: []string{"PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF",
			"PRAGMA cache_size = -4000000"},
		safe: []string{"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
			"PRAGMA cache_size = -2000"},
		size: number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"),
		log:  frames(),
		depth: number(`SELECT sum(ncell * (length(path) - length(replace(path, '/', '')))) * 1.0 /
			sum(ncell) FROM dbstat WHERE name = 'otp_records'`),
		empty: []string{"DELETE FROM otp_records", "VACUUM"},
	},
	{
		name: "MariaDB", driver: "mysql", dialect: sqlstore.MySQL,
		server: func() (*servers.Server, error) {
			return servers.StartMariaDB("--innodb-buffer-pool-size=512M",
				"--innodb-log-file-size=1G")
		},
		insert: `INSERT INTO otp_records (id, value, expires)
			SELECT LEFT(TO_BASE64(UNHEX(MD5(seq))), 22),
			UNHEX(CONCAT(REPEAT(MD5(seq), 8), '0011223344')), $time + seq * 7919 % 86400
			FROM seq_$from_to_$to`,
		used: "CONCAT(id, SUBSTR(value, 23)), version = version + 1",
		// All pages of the load have room in memory, and only then in 512 MB as elsewhere.
		fast: []string{"SET GLOBAL innodb_buffer_pool_size = 6 << 30",
			"SET GLOBAL innodb_flush_log_at_trx_commit = 2"},
		safe: []string{"SET GLOBAL innodb_buffer_pool_size = 512 << 20",
			"SET GLOBAL innodb_flush_log_at_trx_commit = 1"},
		size: number(`SELECT file_size FROM information_schema.innodb_sys_tablespaces
			WHERE name = 'otp/otp_records'`),
		log: number(`SELECT variable_value FROM information_schema.global_status
			WHERE variable_name = 'Innodb_os_log_written'`),
		reads: number(`SELECT variable_value FROM information_schema.global_status
			WHERE variable_name = 'Innodb_buffer_pool_read_requests'`),
		empty: []string{"TRUNCATE TABLE otp_records"},
	},
	postgres.called("PostgreSQL 18", func() (*servers.Server, error) {
		return servers.StartPostgres18("--shared-buffers=512MB", "--max-wal-size=8GB")
	}),
}

// start starts the database with an empty table.
func (d database) start(ctx context.Context) (db *sql.DB, stop func(), err error) {
	log.Printf("%s: start", d.name)
	var source string
	var end func()
	if d.server != nil {
		server, err := d.server()
		if err != nil {
			return nil, nil, err
		}
		source, end = server.Address, server.Stop
	} else {
		folder, err := os.MkdirTemp("", "otp-scale-")
		if err != nil {
			return nil, nil, err
		}
		end = func() { os.RemoveAll(folder) }
		source = "file:" + filepath.Join(folder, "codes.db") +
			"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(9000)"
	}

	if strings.HasSuffix(source, "/") { // MariaDB has no database yet
		root, err := sql.Open(d.driver, source)
		if err != nil {
			return nil, end, err
		}
		defer root.Close()
		if _, err := root.ExecContext(ctx, "CREATE DATABASE otp"); err != nil {
			return nil, end, err
		}
		source += "otp"
	}
	if db, err = sql.Open(d.driver, source); err != nil {
		return nil, end, err
	}
	_, err = db.ExecContext(ctx, sqlstore.Schema(d.dialect, nil))
	return db, func() { db.Close(); end() }, err
}

// load inserts records, and says how far it has come.
func (d database) load(ctx context.Context, db *sql.DB, from, to int) error {
	const batch = 50_000
	begin := time.Now()
	for next := from; next < to; next += batch {
		if err := d.fill(ctx, db, next+1, min(next+batch, to), time.Now().Unix()); err != nil {
			return err
		}

		done := min(next+batch, to) - from
		left := time.Since(begin) / time.Duration(done) * time.Duration(to-from-done)
		log.Printf("%s: %d of %d records are loaded, %v left", d.name, from+done, to,
			left.Round(time.Second))
	}
	return nil
}

// hurry calls f under the fast settings, with one connection for what belongs to a connection.
func (d database) hurry(ctx context.Context, db *sql.DB, f func() error) error {
	db.SetMaxOpenConns(1)
	defer db.SetMaxOpenConns(0)
	if err := execute(ctx, db, d.fast); err != nil {
		return err
	}
	return errors.Join(f(), execute(ctx, db, d.safe))
}

func (d database) fill(ctx context.Context, db *sql.DB, from, to int, first int64) error {
	text := strings.NewReplacer("$from", fmt.Sprint(from), "$to", fmt.Sprint(to),
		"$time", fmt.Sprint(first)).Replace(d.insert)
	_, err := db.ExecContext(ctx, text)
	return err
}

// written returns how many bytes a Send and a Verify write to the log.
func (d database) written(ctx context.Context, db *sql.DB) (send, verify float64, err error) {
	log.Printf("%s: measure what %d codes write", d.name, *lives)
	c, err := newClient(db, d.dialect)
	if err != nil {
		return 0, 0, err
	}
	db.SetMaxOpenConns(1)
	defer db.SetMaxOpenConns(0)
	codes := map[string]string{}
	measure := func(f func() error) (float64, error) {
		before, err := d.log(ctx, db)
		if err != nil {
			return 0, err
		}
		if err := f(); err != nil {
			return 0, err
		}
		after, err := d.log(ctx, db)
		return (after - before) / float64(*lives), err
	}

	send, err = measure(func() error {
		for range *lives {
			to := c.address()
			if _, err := c.service.Send(ctx, otp.Request{To: to}); err != nil {
				return err
			}
			codes[to] = c.code
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	verify, err = measure(func() error {
		for to, code := range codes {
			if err := c.service.Verify(ctx, otp.Submission{To: to, Code: code}); err != nil {
				return err
			}
		}
		return nil
	})
	return send, verify, err
}

// loads returns how many pages a Load of a record looks at.
func (d database) loads(ctx context.Context, db *sql.DB) (float64, error) {
	if d.depth != nil {
		return d.depth(ctx, db)
	}
	store, err := sqlstore.New(db, d.dialect, nil)
	if err != nil {
		return 0, err
	}
	db.SetMaxOpenConns(1) // the statistics of one connection
	defer db.SetMaxOpenConns(0)
	keys, err := d.keys(ctx, db)
	if err != nil {
		return 0, err
	}

	before, err := d.reads(ctx, db)
	if err != nil {
		return 0, err
	}
	for _, key := range keys {
		if _, err := store.Load(ctx, key); err != nil {
			return 0, err
		}
	}
	after, err := d.reads(ctx, db)
	return (after - before) / float64(len(keys)), err
}

// keys returns those of the records that expire first: they are spread over the table.
func (d database) keys(ctx context.Context, db *sql.DB) (keys []string, err error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf(
		"SELECT id FROM otp_records ORDER BY expires LIMIT %d", *lives))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// purge purges 100,000 rows, or a tenth of the records, while twenty codes a second are sent and
// verified.
func (d database) purge(ctx context.Context, db *sql.DB, f *figures) error {
	const yesterday = 25 * 3600
	rows, first := min(100_000, *records/10), time.Now().Unix()-yesterday-86400
	if err := d.fill(ctx, db, *records+1, *records+rows, first); err != nil {
		return err
	}
	store, err := sqlstore.New(db, d.dialect, nil)
	if err != nil {
		return err
	}

	log.Printf("%s: purge %d rows, with pauses", d.name, rows)
	until, purged := context.WithCancel(ctx)
	var pairs sync.WaitGroup
	var failure error
	pairs.Go(func() {
		f.DuringPurge, failure = d.pairsAt(until, db, time.Tick(time.Second/20), math.MaxInt)
	})
	begin := time.Now()
	f.Purged, err = store.Purge(ctx)
	f.Purging = time.Since(begin)
	purged()
	pairs.Wait()
	log.Printf("%s: %d rows are purged in %v", d.name, f.Purged, f.Purging.Round(time.Millisecond))
	return errors.Join(err, failure)
}
