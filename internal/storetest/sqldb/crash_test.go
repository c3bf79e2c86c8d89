package sqldb

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
)

// startDatabase starts a server for this test, and creates the default table.
func startDatabase(
	t *testing.T, name string, start func() (*servers.Server, error),
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

			report, err := harness.Disturbed(t.Context(), db, db,
				harness.Kills(server, 3, time.Second))
			require.NoError(t, err)
			t.Logf("%+v", report)

			require.NotZero(t, report.Failures, "calls that the crashes have met")
			require.Greater(t, report.Judged, 100)
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
			return servers.StartMariaDB("--innodb-flush-log-at-trx-commit=0")
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, db := startDatabase(t, name, start)

			_, err := harness.Disturbed(t.Context(), db, db, harness.Kills(server, 3, time.Second))
			require.Error(t, err)
			t.Log(strings.SplitN(err.Error(), "\n", 2)[0])
		})
	}
}

// Processes that are killed in the middle of statements leave the database as it must be.
func TestProcessCrash(t *testing.T) {
	each(t, oneOfEach, func(t *testing.T, db harness.Database) {
		report, err := harness.ProcessCrash(t.Context(), db, 10)
		require.NoError(t, err)
		t.Logf("%+v", report)

		require.Greater(t, report.Judged, 100)
	})
}

// behindProxy returns a database behind a proxy, and the same one without.
func behindProxy(t *testing.T, name string) (proxy *harness.Proxy, db, calm harness.Database) {
	t.Helper()

	calm = newDatabase(t, name)
	server := hostPort(t, calm.Source)
	proxy = harness.NewProxy(t, server)
	source := strings.Replace(calm.Source, server, proxy.Address(), 1)
	return proxy, harness.Database{Opener: name, Source: source}, calm
}

var overNetwork = []string{"PostgreSQL, pgx", "PostgreSQL, lib/pq", "MariaDB"}

// On a bad network, calls fail, and what has happened stays so.
func TestBadNetwork(t *testing.T) {
	for _, name := range overNetwork {
		t.Run(name, func(t *testing.T) {
			proxy, db, calm := behindProxy(t, name)

			report, err := harness.Disturbed(t.Context(), db, calm, proxy.Weather(3*time.Second))
			require.NoError(t, err)
			t.Logf("%+v", report)

			require.NotZero(t, report.Failures, "calls that the network has failed")
			require.Greater(t, report.Judged, 100)
		})
	}
}

// On a bad network, an order of the calls explains what all callers saw.
func TestLinearizableOnBadNetwork(t *testing.T) {
	for _, name := range overNetwork {
		t.Run(name, func(t *testing.T) {
			proxy, db, calm := behindProxy(t, name)
			var failures atomic.Int64
			a := &harness.Hasty{Store: db.Open(t), Failures: &failures}
			b := &harness.Hasty{Store: db.Open(t), Failures: &failures}
			direct := calm.Open(t)

			ctx, end := context.WithCancel(t.Context())
			var weather sync.WaitGroup
			weather.Go(func() { assert.NoError(t, proxy.Weather(time.Hour)(ctx)) })
			defer weather.Wait()
			defer end()

			// database/sql tries again where lib/pq calls a connection bad that it has written to.
			repeats := name == "PostgreSQL, lib/pq"

			undecided := 0
			const histories = 10
			for range histories {
				_, err := harness.Linearizable(ctx, a, b, direct, repeats)
				if errors.Is(err, harness.ErrUndecided) {
					undecided++
					continue
				}
				require.NoError(t, err)
			}

			t.Logf("%d failures, %d of %d histories undecided",
				failures.Load(), undecided, histories)
			require.NotZero(t, failures.Load())
			require.Less(t, undecided, histories/2)
		})
	}
}
