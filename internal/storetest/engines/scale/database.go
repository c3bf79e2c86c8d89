package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
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
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// A database is one that is measured, with its words for what is measured.
type database struct {
	name, driver string
	dialect      sqlstore.Dialect
	server       func() (*servers.Server, error) // nil: a file

	// insert inserts records of the usual sizes: $from and $to count them, and they expire within a
	// day from $time on, in another order than that of their keys.
	insert string

	size   string // the bytes of the table with its indexes
	log    string // the bytes that were written to the log so far
	reads  string // the pages that were looked at so far
	flush  string // makes the reads known
	exact  string // makes the size known
	vacuum string
}

var postgres = database{
	driver: "pgx", dialect: sqlstore.PostgreSQL,
	insert: `INSERT INTO otp_records SELECT CAST(left(md5(CAST(i AS TEXT)), 22) AS BYTEA),
		decode(repeat(md5(CAST(i AS TEXT)), 8) || '0011223344', 'hex'), $time + i * 7919 % 86400
		FROM generate_series(CAST($from AS BIGINT), $to) i`,
	size: "SELECT pg_total_relation_size('otp_records')",
	log:  "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')",
	reads: `SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read
		FROM pg_statio_user_tables WHERE relname = 'otp_records'`,
	flush:  "SELECT pg_stat_force_next_flush()",
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
	postgres.called("PostgreSQL 18", func() (*servers.Server, error) {
		return servers.StartPostgres18("--shared-buffers=512MB", "--max-wal-size=8GB")
	}),
	{
		name: "MariaDB", driver: "mysql", dialect: sqlstore.MySQL,
		server: func() (*servers.Server, error) {
			return servers.StartMariaDB("--innodb-buffer-pool-size=512M",
				"--innodb-log-file-size=1G")
		},
		insert: `INSERT INTO otp_records (id, value, expires) SELECT LEFT(MD5(seq), 22),
			UNHEX(CONCAT(REPEAT(MD5(seq), 8), '0011223344')), $time + seq * 7919 % 86400
			FROM seq_$from_to_$to`,
		exact: "ANALYZE TABLE otp_records",
		size: `SELECT data_length + index_length FROM information_schema.tables
			WHERE table_name = 'otp_records'`,
		log: `SELECT variable_value FROM information_schema.global_status
			WHERE variable_name = 'Innodb_os_log_written'`,
		reads: `SELECT variable_value FROM information_schema.global_status
			WHERE variable_name = 'Innodb_buffer_pool_read_requests'`,
	},
	{
		name: "SQLite", driver: "sqlite", dialect: sqlstore.SQLite,
		insert: `WITH RECURSIVE n(i) AS (SELECT $from UNION ALL SELECT i + 1 FROM n WHERE i < $to)
			INSERT INTO otp_records SELECT CAST(lower(hex(randomblob(11))) AS BLOB),
			randomblob(133), $time + i * 7919 % 86400 FROM n`,
		size: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
	},
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

func (d database) fill(ctx context.Context, db *sql.DB, from, to int, first int64) error {
	text := strings.NewReplacer("$from", fmt.Sprint(from), "$to", fmt.Sprint(to),
		"$time", fmt.Sprint(first)).Replace(d.insert)
	_, err := db.ExecContext(ctx, text)
	return err
}

// count returns a number that the database tells, or 0 where it has no words for it.
func (d database) count(ctx context.Context, db *sql.DB, query string) (n float64, err error) {
	if query == "" {
		return 0, nil
	}
	if d.flush != "" {
		if _, err := db.ExecContext(ctx, d.flush); err != nil {
			return 0, err
		}
	}
	err = db.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}

// written returns how many bytes a Send and a Verify write to the log.
func (d database) written(ctx context.Context, db *sql.DB) (send, verify float64, err error) {
	log.Printf("%s: measure what %d codes write", d.name, *lives)
	c, err := newClient(db, d.dialect)
	if err != nil {
		return 0, 0, err
	}
	codes := map[string]string{}
	measure := func(f func() error) (float64, error) {
		before, err := d.count(ctx, db, d.log)
		if err != nil {
			return 0, err
		}
		if err := f(); err != nil {
			return 0, err
		}
		after, err := d.count(ctx, db, d.log)
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

// loads returns how many pages a Load looks at.
func (d database) loads(ctx context.Context, db *sql.DB) (float64, error) {
	store, err := sqlstore.New(db, d.dialect, nil)
	if err != nil {
		return 0, err
	}
	db.SetMaxOpenConns(1) // the statistics of one connection
	defer db.SetMaxOpenConns(0)

	before, err := d.count(ctx, db, d.reads)
	if err != nil {
		return 0, err
	}
	for i := range *lives {
		if _, err := store.Load(ctx, fmt.Sprintf("%022d", i)); err != nil {
			return 0, err
		}
	}
	after, err := d.count(ctx, db, d.reads)
	return (after - before) / float64(*lives), err
}

// purge has a tenth of the records expire and purges them while codes are sent and verified.
func (d database) purge(ctx context.Context, db *sql.DB, f *figures) error {
	const yesterday = 25 * 3600
	first := time.Now().Unix() - yesterday - 86400
	if err := d.fill(ctx, db, *records+1, *records+*records/10, first); err != nil {
		return err
	}
	store, err := sqlstore.New(db, d.dialect, nil)
	if err != nil {
		return err
	}

	log.Printf("%s: purge %d rows, with pauses", d.name, *records/10)
	purged := make(chan struct{})
	var pairs sync.WaitGroup
	var failure error
	pairs.Go(func() { f.duringPurge, failure = d.pairs(ctx, db, 1_000_000, purged) })
	begin := time.Now()
	f.purged, err = store.Purge(ctx)
	f.purging = time.Since(begin)
	close(purged)
	pairs.Wait()
	log.Printf("%s: %d rows are purged in %v", d.name, f.purged, f.purging.Round(time.Millisecond))
	if err != nil {
		return err
	}
	return failure
}

// grow empties the table, and has codes come and go for some days: each hour their share is
// inserted, used, and purged a day later. It vacuums as autovacuum does by default. Its statements
// have the shape of those of sqlstore, since a Service takes the time of its own clock.
func (d database) grow(ctx context.Context, db *sql.DB) (megabytes []float64, err error) {
	perHour, dead := *perDay/24, 0
	exec := func(format string, args ...any) error {
		_, err := db.ExecContext(ctx, fmt.Sprintf(format, args...))
		return err
	}
	if err := exec("DELETE FROM otp_records"); err != nil {
		return nil, err
	}
	if d.vacuum != "" {
		if err := exec("VACUUM FULL otp_records"); err != nil {
			return nil, err
		}
	}

	for hour := range 24 * *days {
		first := int64(hour) * 86400 // what one hour inserts expires apart from all else
		from := 100_000_000 + hour*perHour
		if err := d.fill(ctx, db, from+1, from+perHour, first); err != nil {
			return nil, err
		}
		err := exec("UPDATE otp_records SET value = value WHERE expires >= %d", first)
		if err != nil {
			return nil, err
		}
		if err := exec("DELETE FROM otp_records WHERE expires < %d", first-23*86400); err != nil {
			return nil, err
		}

		if dead += 2 * perHour; d.vacuum != "" && dead > 50+*perDay/5 {
			dead = 0
			if err := exec("%s", d.vacuum); err != nil {
				return nil, err
			}
		}
		size, err := d.count(ctx, db, d.size)
		if err != nil {
			return nil, err
		}
		megabytes = append(megabytes, size/1e6)
		if (hour+1)%24 == 0 {
			log.Printf("%s: %d of %d days are simulated", d.name, (hour+1)/24, *days)
		}
	}
	return megabytes, nil
}
