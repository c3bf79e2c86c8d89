package redisdb

import (
	"context"
	"errors"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/redisstore"
)

// A faultyStore does what many a store has done.
type faultyStore struct {
	open     clientOpener
	caughtBy []string // keys of checks
}

var faultyStores = map[string]faultyStore{
	"GET, then SET":              {faulty(getThenSet), []string{"crowd", "linearizability"}},
	"SET keeps the time to live": {rewritten("'PXAT', ARGV[3]", "'KEEPTTL'"), []string{"expiry"}},
	"SET without a time to live": {rewritten(", 'PXAT', ARGV[3]", ""), []string{"expiry"}},
	"a refusal is a lost race":   {faulty(errorsAreLost), []string{"refusal"}},
}

// checks are tests of a store that return an error.
var checks = map[string]func(*testing.T, harness.Database) error{
	"crowd": func(t *testing.T, db harness.Database) error {
		return harness.Crowd(t, db)
	},
	"linearizability": func(t *testing.T, db harness.Database) error {
		return harness.LinearizableOften(t, db, 50)
	},
	"expiry": checkExpiry,
	"refusal": func(t *testing.T, db harness.Database) error {
		db.Source = startRedis(t, "--maxmemory", "1").Address
		return refuses(t.Context(), db.Open(t), "OOM", true)
	},
}

// What the tests are for must make them fail, and a right store must not.
func TestFaultyStoresAreCaught(t *testing.T) {
	address := servers.Redis(t)

	for name, check := range checks {
		require.NoError(t, check(t, harness.Database{Opener: "go-redis", Source: address}), name)
	}
	for name, fault := range faultyStores {
		for _, check := range fault.caughtBy {
			t.Run(name+"/"+check, func(t *testing.T) {
				err := checks[check](t, harness.Database{Opener: name, Source: address})
				require.Error(t, err)
				t.Log(strings.SplitN(err.Error(), "\n", 2)[0])
			})
		}
	}
}

func faulty(eval func(*goredis.Client) redisstore.Eval) clientOpener {
	return func(address string) (redisstore.Eval, func(), error) {
		client := goredis.NewClient(goRedisOptions(address))
		return eval(client), func() { client.Close() }, nil
	}
}

// getThenSet does in two commands what takes one script.
func getThenSet(client *goredis.Client) redisstore.Eval {
	return func(ctx context.Context, _ string, keys []string, args ...any) (any, error) {
		value, err := client.Get(ctx, keys[0]).Result()
		if err != nil && !errors.Is(err, goredis.Nil) {
			return nil, err
		}
		if len(args) == 0 {
			return value, nil
		}

		if value != args[0] {
			return int64(0), nil
		}
		return int64(1), client.Do(ctx, "SET", keys[0], args[1], "PXAT", args[2]).Err()
	}
}

// errorsAreLost takes every error for a lost race.
func errorsAreLost(client *goredis.Client) redisstore.Eval {
	return func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
		reply, err := evalGoRedis(client)(ctx, script, keys, args...)
		if err != nil && len(args) > 0 {
			return int64(0), nil
		}
		return reply, err
	}
}

// rewritten runs the scripts with a part of them replaced.
func rewritten(part, by string) clientOpener {
	return faulty(func(client *goredis.Client) redisstore.Eval {
		return func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
			if len(args) > 0 && !strings.Contains(script, part) {
				panic("the script has no " + part)
			}
			return evalGoRedis(client)(ctx, strings.ReplaceAll(script, part, by), keys, args...)
		}
	})
}
