// Package redisdb tests package redisstore on real servers, by four clients.
package redisdb

import (
	"context"
	"maps"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"
	"github.com/valkey-io/valkey-go"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/redisstore"
)

// The package comment of redisstore quotes the bodies of the next four functions.

func evalGoRedis(client goredis.UniversalClient) redisstore.Eval {
	return func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
		return client.Eval(ctx, script, keys, args...).Result()
	}
}

func evalRueidis(client rueidis.Client) redisstore.Eval {
	return func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
		return client.Do(ctx, client.B().Eval().Script(script).Numkeys(int64(len(keys))).
			Key(keys...).Arg(redisstore.StringArgs(args)...).Build()).ToAny()
	}
}

func evalValkeyGo(client valkey.Client) redisstore.Eval {
	return func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
		return client.Do(ctx, client.B().Eval().Script(script).Numkeys(int64(len(keys))).
			Key(keys...).Arg(redisstore.StringArgs(args)...).Build()).ToAny()
	}
}

func evalRedigo(pool *redis.Pool) redisstore.Eval {
	return func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
		conn, err := pool.GetContext(ctx)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		return redis.DoContext(conn, ctx, "EVAL",
			redis.Args{script, len(keys)}.AddFlat(keys).Add(args...)...)
	}
}

// A clientOpener opens a client of the server at host and port.
type clientOpener func(address string) (eval redisstore.Eval, closeClient func(), err error)

// fourClients are the clients in the package comment of redisstore.
var fourClients = []string{"go-redis", "redigo", "rueidis", "valkey-go"}

// clients are those and other ways to use go-redis.
var clients = map[string]clientOpener{
	"go-redis":  openGoRedis,
	"redigo":    openRedigo,
	"rueidis":   openRueidis,
	"valkey-go": openValkeyGo,

	"go-redis with RESP2": func(address string) (redisstore.Eval, func(), error) {
		options := goRedisOptions(address)
		options.Protocol = 2
		client := goredis.NewClient(options)
		return evalGoRedis(client), func() { client.Close() }, nil
	},
	"go-redis with EVALSHA": func(address string) (redisstore.Eval, func(), error) {
		client := goredis.NewClient(goRedisOptions(address))
		eval := func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
			return goredis.NewScript(script).Run(ctx, client, keys, args...).Result()
		}
		return eval, func() { client.Close() }, nil
	},
}

func allClients() []string { return slices.Sorted(maps.Keys(clients)) }

func goRedisOptions(address string) *goredis.Options {
	return &goredis.Options{Addr: address, ContextTimeoutEnabled: true}
}

func openGoRedis(address string) (redisstore.Eval, func(), error) {
	client := goredis.NewClient(goRedisOptions(address))
	return evalGoRedis(client), func() { client.Close() }, nil
}

func openGoRedisCluster(address string) (redisstore.Eval, func(), error) {
	client := goredis.NewClusterClient(&goredis.ClusterOptions{
		Addrs: []string{address}, ContextTimeoutEnabled: true})
	return evalGoRedis(client), func() { client.Close() }, nil
}

func openRedigo(address string) (redisstore.Eval, func(), error) {
	pool := &redis.Pool{
		MaxIdle: 64, MaxActive: 64, Wait: true,
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			return redis.DialContext(ctx, "tcp", address)
		},
	}
	return evalRedigo(pool), func() { pool.Close() }, nil
}

// silence is how long rueidis and valkey-go, which share a few connections among all calls, wait
// until they take one for broken. By default they wait 10 seconds.
const silence = time.Second

func openRueidis(address string) (redisstore.Eval, func(), error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{address}, ConnWriteTimeout: silence,
		Dialer: net.Dialer{Timeout: silence, KeepAlive: silence},
	})
	if err != nil {
		return nil, nil, err
	}
	return evalRueidis(client), client.Close, nil
}

func openValkeyGo(address string) (redisstore.Eval, func(), error) {
	client, err := valkey.NewClient(valkey.ClientOption{
		InitAddress: []string{address}, ConnWriteTimeout: silence,
		Dialer: net.Dialer{Timeout: silence, KeepAlive: silence},
	})
	if err != nil {
		return nil, nil, err
	}
	return evalValkeyGo(client), client.Close, nil
}

// openStore returns an opener of stores over the client.
func openStore(open clientOpener) harness.Opener {
	return func(address string) (otp.Store, func(), error) {
		eval, closeClient, err := open(address)
		if err != nil {
			return nil, nil, err
		}

		store, err := redisstore.New(eval, nil)
		return store, closeClient, err
	}
}

func TestMain(m *testing.M) {
	openers := map[string]harness.Opener{}
	for name, open := range clients {
		openers[name] = openStore(open)
	}
	openers["go-redis for clusters"] = openStore(openGoRedisCluster)
	for name, fault := range faultyStores {
		openers[name] = openStore(fault.open)
	}
	harness.Main(m, openers)
}

// each runs the test with some clients, on a server that all share.
func each(t *testing.T, names []string, test func(*testing.T, harness.Database)) {
	t.Helper()
	address := servers.Redis(t)

	for _, name := range names {
		t.Run(name, func(t *testing.T) { test(t, harness.Database{Opener: name, Source: address}) })
	}
}

// startRedis starts a server for this test, with the settings that redisstore asks for. Options
// come after them.
func startRedis(tb testing.TB, options ...string) *servers.Server {
	tb.Helper()

	server, err := servers.StartRedis(options...)
	servers.Check(tb, err)
	tb.Cleanup(server.Stop)
	return server
}

// admin runs a command for the test, and returns its reply.
func admin(tb testing.TB, address string, command ...any) any {
	tb.Helper()
	client := goredis.NewClient(&goredis.Options{Addr: address, MaxRetries: -1})
	defer client.Close()

	reply, err := client.Do(tb.Context(), command...).Result()
	require.NoError(tb, err, "%v", command)
	return reply
}
