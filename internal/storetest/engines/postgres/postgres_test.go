// Package postgres tests package sqlstore on PostgreSQL 18, and behind PgBouncer.
package postgres

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/engines/sqltest"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

func engine(driver, source string) sqltest.Engine {
	return sqltest.Engine{Driver: driver, Source: source, Dialect: sqlstore.PostgreSQL}
}

func TestMain(m *testing.M) {
	openers := map[string]harness.Opener{}
	for _, driver := range []string{"pgx", "postgres"} {
		openers[driver] = func(source string) (otp.Store, func(), error) {
			return engine(driver, source).Store()
		}
	}
	harness.Main(m, openers)
}

// Behind a pooler of transactions, the drivers need the settings that the package comment names.
// Without them, a crowd shows it.
func TestStore(t *testing.T) {
	newest := started(t, func() (*servers.Server, error) { return servers.StartPostgres18() })
	behind := started(t, func() (*servers.Server, error) { return servers.StartPostgres() })
	pooler := started(t, func() (*servers.Server, error) {
		return servers.StartPgBouncer(behind)
	})

	for _, c := range []struct {
		name, driver string
		server, by   *servers.Server
		setting      string
		wrong        bool
	}{
		{name: "18, pgx", driver: "pgx", server: newest, by: newest},
		{name: "18, lib/pq", driver: "postgres", server: newest, by: newest},
		{name: "PgBouncer, pgx", driver: "pgx", server: behind, by: pooler,
			setting: "&default_query_exec_mode=exec"},
		{name: "PgBouncer, lib/pq", driver: "postgres", server: behind, by: pooler,
			setting: "&binary_parameters=yes"},
		{name: "PgBouncer, pgx by default", driver: "pgx", by: pooler, wrong: true},
		{name: "PgBouncer, lib/pq by default", driver: "postgres", by: pooler, wrong: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := harness.Database{Opener: c.driver, Source: c.by.Address + c.setting}
			if c.wrong {
				require.Error(t, harness.Crowd(t, db))
				return
			}
			dropTable(t, c.server.Address)
			engine(db.Opener, db.Source).Test(t)
			require.NoError(t, harness.Crowd(t, db))
		})
	}
}

// started returns a server for this test.
func started(t *testing.T, start func() (*servers.Server, error)) *servers.Server {
	t.Helper()
	server, err := start()
	servers.Check(t, err)
	t.Cleanup(server.Stop)
	return server
}

// dropTable has the next driver begin with an empty database.
func dropTable(t *testing.T, source string) {
	t.Helper()
	db, err := sql.Open("pgx", source)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "DROP TABLE IF EXISTS otp_records")
	require.NoError(t, err)
}
