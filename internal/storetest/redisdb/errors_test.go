package redisdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/redisstore"
)

// Rule 11: what a server refuses is an error by every client, and no lost race.
func TestRefusalsAreErrors(t *testing.T) {
	for _, test := range []struct {
		word    string   // with which Redis refuses
		loads   bool     // Load works all the same
		clients []string // all, if none are named
		options []string
		arrange func(t *testing.T, server *servers.Server)
	}{
		{word: "OOM", loads: true, options: []string{"--maxmemory", "1"}},
		{word: "NOREPLICAS", loads: true, options: []string{"--min-replicas-to-write", "1"}},
		{word: "READONLY", loads: true, options: []string{"--replicaof", "127.0.0.1 1"}},
		{word: "MASTERDOWN", arrange: func(t *testing.T, server *servers.Server) {
			admin(t, server.Address, "CONFIG", "SET", "replica-serve-stale-data", "no")
			admin(t, server.Address, "REPLICAOF", "127.0.0.1", "1")
		}},
		{word: "CLUSTERDOWN", options: []string{"--cluster-enabled", "yes"},
			clients: []string{"go-redis", "redigo"}}, // the others refuse to open
		{word: "WRONGTYPE", arrange: func(t *testing.T, server *servers.Server) {
			admin(t, server.Address, "LPUSH", "otp:key", "something else")
		}},
		{word: "MISCONF", loads: true, options: []string{"--appendonly", "no", "--save", "3600 1"},
			arrange: failToSave},
		{word: "LOADING", options: slowLoading, arrange: loadSlowly},
	} {
		t.Run(test.word, func(t *testing.T) {
			server := startRedis(t, test.options...)
			if test.clients == nil {
				test.clients = allClients()
			}

			stores := map[string]otp.Store{} // opened before, since some refuse to later
			for _, client := range test.clients {
				stores[client] = harness.Database{Opener: client, Source: server.Address}.Open(t)
			}
			if test.arrange != nil {
				test.arrange(t, server)
			}

			for client, store := range stores {
				assert.NoError(t, refuses(t.Context(), store, test.word, test.loads), client)
			}
		})
	}
}

// refuses returns an error unless swaps end in an error with the word, and so does Load unless it
// works.
func refuses(ctx context.Context, store otp.Store, word string, loads bool) error {
	refused := func(err error) bool { return err != nil && strings.Contains(err.Error(), word) }

	value, err := answer(func() ([]byte, error) { return store.Load(ctx, "key") })
	if value != nil || loads && err != nil || !loads && !refused(err) {
		return fmt.Errorf("Load: %q, %v", value, err)
	}

	swapped, err := answer(func() (bool, error) {
		return store.CompareAndSwap(ctx, "key", nil, []byte("new"), time.Time{})
	})
	if swapped || !refused(err) {
		return fmt.Errorf("swap: %v, %v", swapped, err)
	}
	return nil
}

// answer makes a call again while it finds connections that a restart has broken.
func answer[T any](call func() (T, error)) (result T, err error) {
	for range 10 {
		if result, err = call(); !errors.Is(err, io.EOF) {
			break
		}
	}
	return result, err
}

// failToSave has the server fail to write a snapshot, by taking its folder away.
func failToSave(t *testing.T, server *servers.Server) {
	folder := admin(t, server.Address, "CONFIG", "GET", "dir").(map[any]any)["dir"].(string)
	require.NoError(t, os.RemoveAll(folder))
	admin(t, server.Address, "SET", "something", "to save")
	admin(t, server.Address, "BGSAVE")

	require.Eventually(t, func() bool {
		info := admin(t, server.Address, "INFO", "persistence").(string)
		return strings.Contains(info, "rdb_last_bgsave_status:err")
	}, 30*time.Second, 10*time.Millisecond)
}

// slowLoading makes Redis take 2 ms for each key that it loads, and answer meanwhile.
var slowLoading = []string{"--appendonly", "no", "--save", "3600 1",
	"--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024"}

// loadSlowly starts the server again with data that it loads slowly, and returns before it has.
func loadSlowly(t *testing.T, server *servers.Server) {
	admin(t, server.Address, "EVAL",
		"for i = 1, 4000 do redis.call('SET', 'key' .. i, 'value') end return 1", 0)
	admin(t, server.Address, "SAVE")
	server.Kill()

	restarted := make(chan error, 1)
	go func() { restarted <- server.Restart() }()
	t.Cleanup(func() { assert.NoError(t, <-restarted) })

	client := goredis.NewClient(&goredis.Options{Addr: server.Address, MaxRetries: -1})
	defer client.Close()
	require.Eventually(t, func() bool {
		err := client.Ping(t.Context()).Err()
		return err != nil && strings.HasPrefix(err.Error(), "LOADING")
	}, 30*time.Second, 10*time.Millisecond)
}

// A client that sends EVALSHA alone finds no script after a restart.
func TestUnknownScriptIsAnError(t *testing.T) {
	address := servers.Redis(t)
	client := goredis.NewClient(goRedisOptions(address))
	defer client.Close()
	store, err := redisstore.New(
		func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
			return client.EvalSha(ctx, strings.Repeat("0", 40), keys, args...).Result()
		}, nil)
	require.NoError(t, err)

	require.NoError(t, refuses(t.Context(), store, "NOSCRIPT", false))
}

// A server that does not answer is given up when the context says so.
func TestContextEnds(t *testing.T) {
	each(t, fourClients, func(t *testing.T, db harness.Database) {
		proxy := harness.NewProxy(t, db.Source)
		store := harness.Database{Opener: db.Opener, Source: proxy.Listen}.Open(t)
		_, err := store.Load(t.Context(), "key")
		require.NoError(t, err)
		proxy.Swallow(t)

		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()

		_, err = store.Load(ctx, "key")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		swapped, err := store.CompareAndSwap(ctx, "key", nil, []byte("new"), time.Time{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, swapped)
		require.Less(t, time.Since(begin), 10*time.Second)
	})
}

// The rights in the package comment of redisstore are enough, and each of them is needed.
func TestRights(t *testing.T) {
	server := startRedis(t)
	rights := []string{"~otp:*", "+eval", "+get", "+set", "+@connection"}
	comment, err := os.ReadFile("../../../redisstore/doc.go")
	require.NoError(t, err)
	require.Contains(t, string(comment),
		"ACL SETUSER otp on >PASSWORD "+strings.Join(rights, " "))

	use := func(user string, rights []string) error {
		command := []any{"ACL", "SETUSER", user, "on", ">password"}
		for _, right := range rights {
			command = append(command, right)
		}
		admin(t, server.Address, command...)

		client := goredis.NewClient(&goredis.Options{
			Addr: server.Address, Username: user, Password: "password"})
		defer client.Close()
		store, err := redisstore.New(evalGoRedis(client), nil)
		require.NoError(t, err)
		return sendAndVerify(t, store)
	}

	require.NoError(t, use("otp", rights))
	for i, right := range rights {
		if right == "+@connection" { // without it, go-redis connects by older commands
			continue
		}
		err := use(fmt.Sprint("without", i), slices.Delete(slices.Clone(rights), i, i+1))
		require.Error(t, err, "without %s", right)
		require.Regexp(t, "NOPERM|executing the script can't", err.Error())
	}
}
