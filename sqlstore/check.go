package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Check reads the settings that durability and isolation depend on, as the driver and the pool have
// set them, and returns what is not safe and what could not be known. Each error of unsafe names a
// setting, its value and the remedy. Each error of unknown says why: the user of the database lacks
// a right, say, or a managed database does not tell.
//
// It is for the start of a program or for a command of its own, and never required: no other method
// calls it. Where the pool allows more than one connection, Check looks at two, since a setting
// that was made by Exec holds for one connection only. Of replication it knows nothing.
func (s *Store) Check(ctx context.Context) (unsafe, unknown []error) {
	checked := 2
	if s.db.Stats().MaxOpenConnections == 1 {
		checked = 1
	}

	c := &check{table: s.table, seen: map[string]bool{}}
	for range checked {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			c.unknown("all settings", failure(ctx, "connect", err))
			break
		}
		defer conn.Close()

		switch s.dialect {
		case PostgreSQL:
			c.postgreSQL(ctx, conn)
		case MySQL:
			c.mySQL(ctx, conn)
		case SQLite:
			c.sqlite(ctx, conn)
		}
	}
	return c.unsafes, c.unknowns
}

// A check collects findings, each once.
type check struct {
	table             string
	seen              map[string]bool
	unsafes, unknowns []error
}

func (c *check) unsafe(setting, value, remedy string) {
	text := fmt.Sprintf("sqlstore: %s is %q: %s", setting, value, remedy)
	if !c.seen[text] {
		c.seen[text] = true
		c.unsafes = append(c.unsafes, errors.New(text))
	}
}

func (c *check) unknown(setting string, cause error) {
	err := fmt.Errorf("sqlstore: %s cannot be known: %w", setting, cause)
	if !c.seen[err.Error()] {
		c.seen[err.Error()] = true
		c.unknowns = append(c.unknowns, err)
	}
}

// A rule says which values of a setting are safe.
type rule struct {
	setting string
	safe    func(value string) bool
	remedy  string
}

func is(values ...string) func(string) bool {
	return func(value string) bool {
		for _, v := range values {
			if strings.EqualFold(v, value) {
				return true
			}
		}
		return false
	}
}

func isNot(value string) func(string) bool {
	return func(v string) bool { return !strings.EqualFold(v, value) }
}

var errNotTold = errors.New("the server does not tell")

// judge holds the settings that a server has told to the rules.
func (c *check) judge(rules []rule, settings map[string]string) {
	for _, r := range rules {
		value, told := settings[r.setting]
		switch {
		case !told:
			c.unknown(r.setting, errNotTold)
		case !r.safe(value):
			c.unsafe(r.setting, value, r.remedy)
		}
	}
}

var postgreSQLRules = []rule{
	{"fsync", is("on"), "set it to on, or a crash of the machine damages the database"},
	{"full_page_writes", is("on"), "set it to on, or a crash of the machine damages the database"},
	{"synchronous_commit", isNot("off"),
		"set it to on, or a crash undoes the last writes and used codes work again"},
	{"in recovery", is("false"), "connect to the primary: a replica shows used codes as unused"},
}

func (c *check) postgreSQL(ctx context.Context, conn *sql.Conn) {
	const query = `SELECT coalesce(current_setting('fsync', true), ''),
		coalesce(current_setting('full_page_writes', true), ''),
		coalesce(current_setting('synchronous_commit', true), ''),
		CAST(pg_is_in_recovery() AS TEXT)`

	values := make([]string, len(postgreSQLRules))
	err := conn.QueryRowContext(ctx, query).Scan(&values[0], &values[1], &values[2], &values[3])
	if err != nil {
		c.unknown("all settings", err)
		return
	}

	settings := map[string]string{}
	for i, r := range postgreSQLRules {
		if values[i] != "" {
			settings[r.setting] = values[i]
		}
	}
	c.judge(postgreSQLRules, settings)
	if settings["synchronous_commit"] == "local" {
		c.unsafe("synchronous_commit", "local", "set it to on, or a fail-over to a replica "+
			"undoes the last writes and used codes work again")
	}
}

var mySQLRules = []rule{
	{"autocommit", is("ON"), "set it to ON: nothing is committed without"},
	{"innodb_flush_log_at_trx_commit", is("1"),
		"set it to 1, or a crash undoes the last writes and used codes work again"},
	{"innodb_doublewrite", isNot("OFF"),
		"set it to ON, or a crash of the machine damages the database"},
	{"read_only", is("OFF"), "connect to the primary: a replica shows used codes as unused"},
}

// binaryLog is the rule where there is a binary log.
var binaryLog = rule{"sync_binlog", is("1"), "set it to 1, or a crash makes the server and its " +
	"replicas differ in the last writes"}

// isolations are the names of one rule: MySQL 8 has the first, MariaDB until 11.1 the second.
var isolations = []string{"transaction_isolation", "tx_isolation"}

func (c *check) mySQL(ctx context.Context, conn *sql.Conn) {
	settings, err := pairs(ctx, conn, `SHOW VARIABLES WHERE Variable_name IN ('autocommit',
		'innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'read_only', 'log_bin',
		'sync_binlog', 'transaction_isolation', 'tx_isolation', 'wsrep_on', 'wsrep_sync_wait')`)
	if err != nil {
		c.unknown("all settings", err)
		return
	}

	c.judge(mySQLRules, settings)
	if settings["log_bin"] == "ON" {
		c.judge([]rule{binaryLog}, settings)
	}
	for _, name := range isolations {
		if settings[name] == "READ-UNCOMMITTED" {
			c.unsafe(name, settings[name], "set it to any other level: this one shows what may "+
				"still be undone")
		}
	}
	if wait, _ := strconv.Atoi(settings["wsrep_sync_wait"]); settings["wsrep_on"] == "ON" &&
		wait&1 == 0 {
		c.unsafe("wsrep_sync_wait", settings["wsrep_sync_wait"], "set it to 1, or a node shows "+
			"used codes as unused")
	}
	c.mySQLTable(ctx, conn)
}

// mySQLTable looks whether the table keeps what it is given: INSERT IGNORE shortens in silence.
func (c *check) mySQLTable(ctx context.Context, conn *sql.Conn) {
	schema, name, found := strings.Cut(c.table, ".")
	if !found {
		schema, name = "", c.table
	}
	var engine string
	err := conn.QueryRowContext(ctx, `SELECT coalesce(engine, '') FROM information_schema.tables
		WHERE table_schema = coalesce(nullif(?, ''), database()) AND table_name = ?`,
		schema, name).Scan(&engine)
	if err != nil {
		c.unknown("the table "+c.table, err)
		return
	}
	if !strings.EqualFold(engine, "InnoDB") {
		c.unsafe("the engine of "+c.table, engine, "make it InnoDB, or a crash damages the table")
	}

	widths, err := pairs(ctx, conn, `SELECT concat(lower(column_name), ''), concat('',
		coalesce(character_octet_length, 0)) FROM information_schema.columns
		WHERE table_schema = coalesce(nullif(?, ''), database()) AND table_name = ?`, schema, name)
	if err != nil {
		c.unknown("the columns of "+c.table, err)
		return
	}
	for column, atLeast := range map[string]int{"id": maxKey, "value": maxValue} {
		if width, _ := strconv.Atoi(widths[column]); width < atLeast {
			c.unsafe("the width of "+c.table+"."+column, widths[column],
				fmt.Sprintf("make it %d bytes, as Schema does: what is too long is shortened",
					atLeast))
		}
	}
}

// pairs returns the rows of a query of two columns.
func pairs(ctx context.Context, conn *sql.Conn, query string, args ...any) (
	map[string]string, error,
) {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	all := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		all[name] = value
	}
	return all, rows.Err()
}

var sqliteRules = []rule{
	{"synchronous", is("2", "3"), "set it to FULL on every connection, by the source name: a " +
		"crash of the machine undoes the last writes, and used codes work again"},
	{"journal_mode", is("wal"), "set it to WAL by the source name, in the words of the driver " +
		"(see the package comment): the driver may have ignored yours"},
	{"busy_timeout", isNot("0"), "set 5000, in milliseconds: writers that meet fail at once"},
	{"read_uncommitted", is("0"), "set it to 0: it shows what may still be undone"},
}

func (c *check) sqlite(ctx context.Context, conn *sql.Conn) {
	schema, _, found := strings.Cut(c.table, ".")
	if !found {
		schema = "main"
	}

	settings := map[string]string{}
	for _, r := range sqliteRules {
		pragma := r.setting
		if pragma == "synchronous" || pragma == "journal_mode" {
			pragma = schema + "." + pragma
		}
		var value string
		if err := conn.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&value); err != nil {
			c.unknown(r.setting, err)
			return
		}
		settings[r.setting] = value
	}
	c.judge(sqliteRules, settings)

	var file string
	err := conn.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = ?",
		schema).Scan(&file)
	switch {
	case err != nil:
		c.unknown("the file of the database", err)
	case file == "":
		c.unsafe("the file of the database", "", "use one: what is in memory exists once for each "+
			"connection")
	}
}
