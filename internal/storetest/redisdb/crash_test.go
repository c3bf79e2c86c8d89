package redisdb

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
)

// repeats says whether a client makes a call again by itself after a lost reply.
func repeats(client string) bool { return client == "go-redis" }

// A server that is killed forgets nothing that it has acknowledged.
func TestServerCrash(t *testing.T) {
	for _, client := range fourClients {
		t.Run(client, func(t *testing.T) {
			server := startRedis(t)
			db := harness.Database{Opener: client, Source: server.Address}

			harness.Disturbed(t, db, db, harness.Disturbance{
				Do: harness.Kill(server), Rounds: 5, Between: 50, Hidden: repeats(client)})
			require.NoError(t, harness.Remembers(t, db, server))
		})
	}
}

// The same crash shows what a server forgets that does not log its writes.
func TestServerCrashWithoutPersistence(t *testing.T) {
	server := startRedis(t, "--appendonly", "no")
	db := harness.Database{Opener: "go-redis", Source: server.Address}
	require.ErrorContains(t, harness.Remembers(t, db, server), "after a crash")
}

func crash(t *testing.T, server *servers.Server) {
	t.Helper()
	server.Kill()
	require.NoError(t, server.Restart())
}

// A snapshot that is loaded again, and a fail-over to a replica that has not received a write,
// make a used code valid again. The package comment of redisstore says so; this is the evidence.
func TestUsedCodeComesBack(t *testing.T) {
	t.Run("snapshot", func(t *testing.T) {
		server := startRedis(t, "--appendonly", "no", "--save", "3600 1")
		store := harness.Database{Opener: "go-redis", Source: server.Address}.Open(t)

		acceptedTwice(t, store, store,
			func() { admin(t, server.Address, "SAVE") },
			func() { crash(t, server) })
	})

	t.Run("fail-over", func(t *testing.T) {
		primary, replica := startRedis(t), startRedis(t)
		proxy := harness.NewProxy(t, primary.Address)
		host, port, err := net.SplitHostPort(proxy.Listen)
		require.NoError(t, err)

		admin(t, replica.Address, "REPLICAOF", host, port)
		require.Eventually(t, func() bool {
			info := admin(t, primary.Address, "INFO", "replication").(string)
			return strings.Contains(info, "state=online")
		}, 30*time.Second, 10*time.Millisecond)

		acceptedTwice(t,
			harness.Database{Opener: "go-redis", Source: primary.Address}.Open(t),
			harness.Database{Opener: "go-redis", Source: replica.Address}.Open(t),
			func() {
				require.EqualValues(t, 1, admin(t, primary.Address, "WAIT", 1, 10_000))
				proxy.Stop()
			},
			func() {
				require.EqualValues(t, 0, admin(t, primary.Address, "WAIT", 1, 10))
				primary.Kill()
				admin(t, replica.Address, "REPLICAOF", "NO", "ONE")
			})
	})
}

// acceptedTwice has a code accepted, by the store before a loss and by the one after it. Freeze is
// called when the code was sent, and lose when it was accepted once.
func acceptedTwice(t *testing.T, before, after otp.Store, freeze, lose func()) {
	t.Helper()
	secret := []byte("a secret of 32 bytes for one test")
	service, inbox := otptest.New(t, otp.Config{Secret: secret, Store: before})
	heir, _ := otptest.New(t, otp.Config{Secret: secret, Store: after})

	_, err := service.Send(t.Context(), otp.Request{To: "ada@example.com"})
	require.NoError(t, err)
	submission := otp.Submission{To: "ada@example.com", Code: inbox.Code(t, "ada@example.com")}

	freeze()
	require.NoError(t, service.Verify(t.Context(), submission))
	require.ErrorIs(t, service.Verify(t.Context(), submission), otp.ErrUsed)

	lose()
	require.NoError(t, heir.Verify(t.Context(), submission), "nothing was lost")
}

func TestBadNetwork(t *testing.T) {
	each(t, fourClients, func(t *testing.T, calm harness.Database) {
		harness.BadNetwork(t, calm, calm.Source)
	})
}

func TestLinearizableOnBadNetwork(t *testing.T) {
	each(t, fourClients, func(t *testing.T, calm harness.Database) {
		harness.LinearizableOnBadNetwork(t, calm, calm.Source, repeats(calm.Opener))
	})
}
