package sqlstore

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Dialect is the SQL that a database speaks.
type Dialect int

// The dialects. The zero Dialect is none of them.
const (
	PostgreSQL Dialect = iota + 1 // PostgreSQL 9.5 or later, CockroachDB 22.2 or later
	MySQL                         // MySQL 5.7 or later, MariaDB 10.2 or later
	SQLite                        // SQLite 3.24 or later
)

// String returns the name of the dialect.
func (d Dialect) String() string {
	switch d {
	case PostgreSQL:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	case SQLite:
		return "SQLite"
	default:
		return fmt.Sprintf("Dialect(%d)", int(d))
	}
}

// defaultTable is the table of the zero Options.
const defaultTable = "otp_records"

// A language holds the statements of a dialect. In them, {table} stands for the name of the table,
// {name} for its last part, {schema} for the rest, with the dot, {batch} for purgeBatch, and {keys}
// for as many placeholders.
type language struct {
	table  string // its name, once it is filled in
	create string
	load   string // by key
	insert string // key, value, expires; affects one row, or none if the key is there
	update string // value, expires, key, old value; affects one row, or none if old is not there

	// renew is update for a row whose expires is already the new one, and leaves the index on
	// expires alone. Where it is empty, update does that by itself.
	renew string // value, key, old value, expires

	// Purge first reads keys, without locks, and then deletes by key. A DELETE that looks for
	// expired rows by itself locks the index before the row, and an UPDATE the row before the
	// index: InnoDB ends one of them as a deadlock. The DELETE looks again whether a row has
	// expired, since it may have been renewed meanwhile.
	//
	// Each search begins where the one before has ended. Deleted rows stay in the index as long as
	// an old snapshot may see them, and a search from the start would walk over all of them.
	expired string // limit of expires, where to begin; at most purgeBatch keys with their expires
	purge   string // limit of expires, purgeBatch keys

	// prepare says to prepare the statements. PostgreSQL's are not: pgx does so by itself, and a
	// prepared statement on a pool of pgx is prepared anew for each call.
	prepare bool
}

var languages = map[Dialect]language{
	PostgreSQL: {
		// IF NOT EXISTS does not help those that create at the same time: all but one end in a
		// unique violation. The lock lasts until the statements have ended, all in one transaction.
		create: `SELECT pg_advisory_xact_lock(7304304);
CREATE TABLE IF NOT EXISTS {table} (
	id      BYTEA  PRIMARY KEY,
	value   BYTEA  NOT NULL,
	expires BIGINT
);
CREATE INDEX IF NOT EXISTS {name}_expires ON {table} (expires);
`,
		load: `SELECT value FROM {table} WHERE id = $1`,
		insert: `INSERT INTO {table} (id, value, expires) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO NOTHING`,
		update: `UPDATE {table} SET value = $1, expires = $2 WHERE id = $3 AND value = $4`,
		expired: `SELECT id, expires FROM {table} WHERE expires < $1 AND expires >= $2
			ORDER BY expires LIMIT {batch}`,
		purge: `DELETE FROM {table} WHERE expires < $1 AND id IN ({keys})`,
	},

	// Whether rows that a statement leaves as they are count as affected depends on the connection
	// (CLIENT_FOUND_ROWS). So an update changes a row at least in the column version. INSERT IGNORE
	// writes nothing if the key is there, not even to the log. It would also shorten what is longer
	// than its column: CompareAndSwap bounds the sizes by those of this table.
	MySQL: {
		create: `CREATE TABLE IF NOT EXISTS {table} (
	id      VARBINARY(43)   NOT NULL PRIMARY KEY,
	value   VARBINARY(1024) NOT NULL,
	expires BIGINT,
	version BIGINT          NOT NULL DEFAULT 0,
	INDEX (expires)
) ENGINE = InnoDB;
`,
		load:   `SELECT value FROM {table} WHERE id = ?`,
		insert: `INSERT IGNORE INTO {table} (id, value, expires) VALUES (?, ?, ?)`,
		update: `UPDATE {table} SET version = version + 1, value = ?, expires = ?
			WHERE id = ? AND value = ?`,
		expired: `SELECT id, expires FROM {table} WHERE expires < ? AND expires >= ?
			ORDER BY expires LIMIT {batch}`,
		// The sum keeps InnoDB from taking the index of expires.
		purge:   `DELETE FROM {table} WHERE expires + 0 < ? AND id IN ({keys})`,
		prepare: true,
	},

	SQLite: {
		create: `CREATE TABLE IF NOT EXISTS {table} (
	id      BLOB NOT NULL PRIMARY KEY,
	value   BLOB NOT NULL,
	expires INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {schema}{name}_expires ON {name} (expires);
`,
		load: `SELECT value FROM {table} WHERE id = ?`,
		insert: `INSERT INTO {table} (id, value, expires) VALUES (?, ?, ?)
			ON CONFLICT (id) DO NOTHING`,
		update: `UPDATE {table} SET value = ?, expires = ? WHERE id = ? AND value = ?`,
		renew:  `UPDATE {table} SET value = ? WHERE id = ? AND value = ? AND expires IS ?`,
		expired: `SELECT id, expires FROM {table} WHERE expires < ? AND expires >= ?
			ORDER BY expires LIMIT {batch}`,
		purge:   `DELETE FROM {table} WHERE expires < ? AND id IN ({keys})`,
		prepare: true,
	},
}

// tableName leaves room for "_expires" within the 63 bytes that PostgreSQL keeps of a name.
var tableName = regexp.MustCompile(
	`^(?:[A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,54}$`)

// statements returns the language of the dialect with the name of the table filled in.
func (d Dialect) statements(opts *Options) (language, error) {
	l, ok := languages[d]
	if !ok {
		return language{}, fmt.Errorf(
			"the dialect is %v: it must be PostgreSQL, MySQL or SQLite", d)
	}

	table := defaultTable
	if opts != nil && opts.Table != "" {
		table = opts.Table
	}
	if !tableName.MatchString(table) {
		return language{}, fmt.Errorf("the table is %q: it must be a name of up to 55 letters, "+
			"digits and underscores, optionally after the name of a schema and a dot", table)
	}

	l.table = table
	name := table[strings.LastIndexByte(table, '.')+1:]
	fill := strings.NewReplacer("{table}", table, "{name}", name,
		"{schema}", strings.TrimSuffix(table, name),
		"{batch}", strconv.Itoa(purgeBatch), "{keys}", d.places(2, purgeBatch)).Replace

	for _, statement := range []*string{
		&l.create, &l.load, &l.insert, &l.update, &l.renew, &l.expired, &l.purge,
	} {
		*statement = fill(*statement)
	}
	return l, nil
}

// places returns n placeholders, the first of which has the given number.
func (d Dialect) places(first, n int) string {
	if d != PostgreSQL {
		return strings.Repeat("?, ", n-1) + "?"
	}

	places := make([]string, n)
	for i := range places {
		places[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(places, ", ")
}

// Schema returns the statements that create what [New] works on, given the same dialect and opts:
// the table and its index, unless they exist. Like regexp.MustCompile, it panics where New returns
// an error: the dialect or the name of the table is not valid.
//
// Any number of processes may run them at the same time. The statements of PostgreSQL and SQLite
// are several, separated by semicolons: an Exec without arguments runs all of them, in PostgreSQL
// in one transaction.
func Schema(dialect Dialect, opts *Options) string {
	l, err := dialect.statements(opts)
	if err != nil {
		panic("sqlstore: " + err.Error())
	}
	return l.create
}
