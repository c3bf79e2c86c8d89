package sqldb

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
)

// startDatabase starts a server for this test, and creates the default table.
func startDatabase(
	t testing.TB, name string, start func() (*servers.Server, error),
) (*servers.Server, harness.Database) {
	t.Helper()

	server, err := start()
	servers.Check(t, err)
	t.Cleanup(server.Stop)

	source := server.Address
	if strings.HasSuffix(source, "/") { // MariaDB has no database yet
		_, err := openDB(t, name, source).ExecContext(t.Context(), "CREATE DATABASE otp")
		require.NoError(t, err)
		source += "otp"
	}

	db := openDB(t, name, source)
	createTable(t, db, setups[name].dialect)
	return server, harness.Database{Opener: name, Source: source}
}

// Servers that are killed forget nothing that they have acknowledged.
func TestServerCrash(t *testing.T) {
	for name, start := range map[string]func() (*servers.Server, error){
		"PostgreSQL, pgx": func() (*servers.Server, error) { return servers.StartPostgres() },
		"MariaDB":         func() (*servers.Server, error) { return servers.StartMariaDB() },
	} {
		t.Run(name, func(t *testing.T) {
			server, db := startDatabase(t, name, start)

			harness.Disturbed(t, db, db, harness.Disturbance{
				Do: harness.Kill(server), Rounds: 3, Between: 200})
			require.NoError(t, harness.Remembers(t, db, server))
		})
	}
}

// The same crashes show what servers forget that do not wait for the disk.
func TestServerCrashWithoutDurability(t *testing.T) {
	for name, start := range map[string]func() (*servers.Server, error){
		"PostgreSQL, pgx": func() (*servers.Server, error) {
			return servers.StartPostgres("--synchronous-commit=off", "--wal-writer-delay=10s")
		},
		"MariaDB": func() (*servers.Server, error) {
			return servers.StartMariaDB("--innodb-flush-log-at-trx-commit=0",
				"--innodb-flush-log-at-timeout=2700")
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, db := startDatabase(t, name, start)

			err := harness.Remembers(t, db, server)
			require.ErrorContains(t, err, "after a crash")
			t.Log(err)
		})
	}
}

// Processes that are killed in the middle of statements leave the database as it must be.
func TestProcessCrash(t *testing.T) {
	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		harness.ProcessCrash(t, db, 10)
	})
}

var overNetwork = []string{"PostgreSQL, pgx", "PostgreSQL, lib/pq", "MariaDB"}

func TestBadNetwork(t *testing.T) {
	each(t, overNetwork, func(t *testing.T, calm harness.Database) {
		harness.BadNetwork(t, calm, hostPort(t, calm.Source))
	})
}

func TestLinearizableOnBadNetwork(t *testing.T) {
	each(t, overNetwork, func(t *testing.T, calm harness.Database) {
		// database/sql tries again where lib/pq calls a connection bad that it has written to.
		repeats := calm.Opener == "PostgreSQL, lib/pq"
		harness.LinearizableOnBadNetwork(t, calm, hostPort(t, calm.Source), repeats)
	})
}
