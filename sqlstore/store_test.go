package sqlstore_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/sqlstore"
)

// What New refuses. The package internal/storetest/sqldb tests all else, on databases.
func TestNew(t *testing.T) {
	db := &sql.DB{}
	long := strings.Repeat("t", 55)

	for name, c := range map[string]struct {
		db      *sql.DB
		dialect sqlstore.Dialect
		table   string
		message string // of the error; none: valid
	}{
		"the default table": {db, sqlstore.SQLite, "", ""},
		"a table":           {db, sqlstore.MySQL, "Codes_2", ""},
		"a schema":          {db, sqlstore.PostgreSQL, "app.codes", ""},
		"the longest name":  {db, sqlstore.PostgreSQL, "app." + long, ""},

		"no db":            {nil, sqlstore.SQLite, "", "the db is nil"},
		"no dialect":       {db, 0, "", "the dialect is Dialect(0): it must be"},
		"no such dialect":  {db, 4, "", "the dialect is Dialect(4): it must be"},
		"a statement":      {db, sqlstore.SQLite, "t; DROP TABLE users", "the table is"},
		"a quote":          {db, sqlstore.SQLite, `t"`, "the table is"},
		"a line":           {db, sqlstore.SQLite, "t\n", "the table is"},
		"a digit first":    {db, sqlstore.SQLite, "1t", "the table is"},
		"an empty schema":  {db, sqlstore.SQLite, ".t", "the table is"},
		"three parts":      {db, sqlstore.SQLite, "a.b.c", "the table is"},
		"letters of Greek": {db, sqlstore.SQLite, "κ", "the table is"},
		"too long a name":  {db, sqlstore.SQLite, long + "t", "the table is"},
	} {
		opts := &sqlstore.Options{Table: c.table}
		store, err := sqlstore.New(c.db, c.dialect, opts)
		schema := func() { sqlstore.Schema(c.dialect, opts) }

		if c.message == "" {
			assert.NoError(t, err, name)
			assert.NotNil(t, store, name)
			assert.NotPanics(t, schema, name)
			continue
		}
		assert.ErrorContains(t, err, "sqlstore: "+c.message, name)
		if c.db != nil {
			assert.PanicsWithValue(t, err.Error(), schema, name)
		}
	}

	_, err := sqlstore.New(db, sqlstore.SQLite, nil)
	require.NoError(t, err)
	require.Equal(t, sqlstore.Schema(sqlstore.SQLite, &sqlstore.Options{Table: "otp_records"}),
		sqlstore.Schema(sqlstore.SQLite, nil))
}

func TestDialectString(t *testing.T) {
	assert.Equal(t, "PostgreSQL", sqlstore.PostgreSQL.String())
	assert.Equal(t, "MySQL", sqlstore.MySQL.String())
	assert.Equal(t, "SQLite", sqlstore.SQLite.String())
}
