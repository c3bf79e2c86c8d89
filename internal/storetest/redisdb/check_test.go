package redisdb

import (
	"fmt"
	"testing"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/redisstore"
)

// Check finds each unsafe setting that a server tells of, and says what it does not tell.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		options []string
		names   []string
	}{
		"as asked for": {nil, nil},
		"unsafe": {[]string{"--appendonly", "no", "--maxmemory-policy", "allkeys-lru"},
			[]string{`appendonly is "0": set it to yes`,
				`maxmemory-policy is "allkeys-lru": set it to noeviction`}},
		"a replica": {[]string{"--replicaof", "127.0.0.1 1"}, []string{`the role is "slave"`}},
	} {
		t.Run(name, func(t *testing.T) {
			server := startRedis(t, c.options...)
			for _, client := range fourClients {
				db := harness.Database{Opener: client, Source: server.Address}
				unsafe, unknown := db.Open(t).(*redisstore.Store).Check(t.Context())

				assert.Len(t, unsafe, len(c.names), client)
				for _, want := range c.names {
					assert.Contains(t, fmt.Sprint(unsafe), want, client)
				}
				assert.Len(t, unknown, 1, client)
				assert.ErrorContains(t, unknown[0], "appendfsync", client)
			}
		})
	}
}

// Without the right to INFO, all is unknown.
func TestCheckWithoutRights(t *testing.T) {
	server := startRedis(t)
	admin(t, server.Address, "ACL", "SETUSER", "otp", "on", ">password", "~otp:*", "+eval",
		"+get", "+set", "+@connection")
	client := goredis.NewClient(&goredis.Options{
		Addr: server.Address, Username: "otp", Password: "password"})
	defer client.Close()
	store, err := redisstore.New(evalGoRedis(client), nil)
	require.NoError(t, err)

	unsafe, unknown := store.Check(t.Context())
	require.Empty(t, unsafe)
	require.Len(t, unknown, 2)
	require.ErrorContains(t, unknown[1], "which takes the right to INFO")
}
