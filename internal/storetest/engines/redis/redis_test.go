// Package redis tests package redisstore on miniredis, by valkey-glide, and on a Redis Cluster that
// moves slots and fails over.
package redis

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/rueidis"
	glide "github.com/valkey-io/valkey-glide/go/v2"
	"github.com/valkey-io/valkey-glide/go/v2/config"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/redisstore"
)

// A source is addresses, separated by commas, and after a slash the prefix of the keys, if any.
func parse(source string) (addresses []string, opts *redisstore.Options) {
	list, prefix, _ := strings.Cut(source, "/")
	return strings.Split(list, ","), &redisstore.Options{Prefix: prefix}
}

func goRedis(source string) (otp.Store, func(), error) {
	addresses, opts := parse(source)
	client := goredis.NewUniversalClient(&goredis.UniversalOptions{
		Addrs: addresses, ContextTimeoutEnabled: true})
	store, err := redisstore.New(
		func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
			return client.Eval(ctx, script, keys, args...).Result()
		}, opts)
	return store, func() { client.Close() }, err
}

func byRueidis(source string) (otp.Store, func(), error) {
	addresses, opts := parse(source)
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: addresses, ConnWriteTimeout: 2 * time.Second})
	if err != nil {
		return nil, nil, err
	}
	store, err := redisstore.New(
		func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
			return client.Do(ctx, client.B().Eval().Script(script).Numkeys(int64(len(keys))).
				Key(keys...).Arg(redisstore.StringArgs(args)...).Build()).ToAny()
		}, opts)
	return store, client.Close, err
}

// byGlide sends the command EVAL. The client's helper for scripts fails the suite: see
// docs/stores.md.
func byGlide(source string) (otp.Store, func(), error) {
	addresses, opts := parse(source)
	host, text, err := net.SplitHostPort(addresses[0])
	if err != nil {
		return nil, nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, nil, err
	}

	client, err := glide.NewClient(config.NewClientConfiguration().
		WithAddress(&config.NodeAddress{Host: host, Port: port}).
		WithRequestTimeout(time.Minute)) // by default a quarter of a second
	if err != nil {
		return nil, nil, err
	}
	store, err := redisstore.New(
		func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
			command := append([]string{"EVAL", script, strconv.Itoa(len(keys))}, keys...)
			return client.CustomCommand(ctx, append(command, redisstore.StringArgs(args)...))
		}, opts)
	return store, client.Close, err
}

func TestMain(m *testing.M) {
	logging.Disable() // of nodes that are killed here on purpose
	harness.Main(m, map[string]harness.Opener{
		"go-redis": goRedis, "rueidis": byRueidis, "valkey-glide": byGlide})
}

func TestStore(t *testing.T) {
	for name, db := range map[string]harness.Database{
		"miniredis":    {Opener: "go-redis", Source: miniredis.RunT(t).Addr()},
		"valkey-glide": {Opener: "valkey-glide", Source: servers.Redis(t)},
		"cluster":      {Opener: "go-redis", Source: startCluster(t).addresses},
	} {
		t.Run(name, db.Test)
	}
}
