// Package postgres tests package sqlstore on PostgreSQL 18, and behind PgBouncer.
package postgres

import (
	"database/sql"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sqlstore"
)

// open opens a handle by the driver of that name.
func open(driver string) harness.Opener {
	return func(source string) (otp.Store, func(), error) {
		db, err := sql.Open(driver, source)
		if err != nil {
			return nil, nil, err
		}
		db.SetMaxOpenConns(16)
		store, err := sqlstore.New(db, sqlstore.PostgreSQL, nil)
		return store, func() { db.Close() }, err
	}
}

func TestMain(m *testing.M) {
	harness.Main(m, map[string]harness.Opener{"pgx": open("pgx"), "postgres": open("postgres")})
}

// started returns a server for this test.
func started(t *testing.T, server *servers.Server, err error) *servers.Server {
	t.Helper()
	servers.Check(t, err)
	t.Cleanup(server.Stop)
	return server
}

// runSchema has so many processes create the table at the same time.
func runSchema(t *testing.T, source string, processes int) {
	t.Helper()
	start := make(chan struct{})
	var all sync.WaitGroup
	for range processes {
		db, err := sql.Open("pgx", source)
		require.NoError(t, err)
		t.Cleanup(func() { db.Close() })
		require.NoError(t, db.PingContext(t.Context()))
		all.Go(func() {
			<-start
			_, err := db.ExecContext(t.Context(), sqlstore.Schema(sqlstore.PostgreSQL, nil))
			assert.NoError(t, err)
		})
	}
	close(start)
	all.Wait()
}

func testStore(t *testing.T, db harness.Database) {
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) { return db.Open(tb), db.Open(tb) })
}

func TestPostgres18(t *testing.T) {
	server, err := servers.StartPostgres18()
	source := started(t, server, err).Address
	runSchema(t, source, 60)

	for _, driver := range []string{"pgx", "postgres"} {
		t.Run(driver, func(t *testing.T) {
			db := harness.Database{Opener: driver, Source: source}
			unsafe, unknown := db.Open(t).(*sqlstore.Store).Check(t.Context())
			require.Empty(t, unsafe)
			require.Empty(t, unknown)
			testStore(t, db)
		})
	}
}

// Behind a pooler of transactions, the drivers need the settings that the package comment names.
// Without them, a crowd shows it.
func TestPgBouncer(t *testing.T) {
	postgres, err := servers.StartPostgres()
	started(t, postgres, err)
	runSchema(t, postgres.Address, 1)
	pooler, err := servers.StartPgBouncer(postgres)
	source := started(t, pooler, err).Address

	for name, c := range map[string]struct {
		driver, setting string
		right           bool
	}{
		"pgx, exec":                 {"pgx", "&default_query_exec_mode=exec", true},
		"pgx, default":              {"pgx", "", false},
		"lib/pq, binary parameters": {"postgres", "&binary_parameters=yes", true},
		"lib/pq, default":           {"postgres", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			db := harness.Database{Opener: c.driver, Source: source + c.setting}
			if c.right {
				require.NoError(t, harness.Crowd(t.Context(), db))
				testStore(t, db)
				return
			}
			err := harness.Crowd(t.Context(), db)
			require.Error(t, err)
			t.Log(strings.SplitN(err.Error(), "\n", 2)[0])
		})
	}
}
