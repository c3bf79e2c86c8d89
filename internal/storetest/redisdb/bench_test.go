package redisdb

import (
	"context"
	"errors"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/redisstore"
)

// BenchmarkPair compares with the scripts of redisstore run by hand, by the same client.
func BenchmarkPair(b *testing.B) {
	for _, client := range fourClients {
		b.Run(client, func(b *testing.B) {
			address := servers.Redis(b)
			eval, closeClient, err := clients[client](address)
			require.NoError(b, err)
			b.Cleanup(closeClient)
			store, err := redisstore.New(eval, nil)
			require.NoError(b, err)

			harness.Latency(b, store, 1.15, bareScripts(b, eval))
		})
	}
}

// bareScripts runs the scripts that a store sends.
func bareScripts(b *testing.B, eval redisstore.Eval) harness.Bare {
	b.Helper()
	load, swap := scripts(b)
	return func(ctx context.Context, key string, sent, used []byte) error {
		expires := "4102444800000"
		keys := []string{"otp:" + key}
		won, err := eval(ctx, swap, keys, "", string(sent), expires)
		if err != nil {
			return err
		}

		if _, err = eval(ctx, load, keys); err != nil {
			return err
		}
		wonAgain, err := eval(ctx, swap, keys, string(sent), string(used), expires)
		if err == nil && (won != int64(1) || wonAgain != int64(1)) {
			err = errors.New("a swap was lost")
		}
		return err
	}
}

// scripts returns what redisstore has its Eval run.
func scripts(b *testing.B) (load, swap string) {
	b.Helper()
	var got []string
	store, err := redisstore.New(
		func(_ context.Context, script string, _ []string, args ...any) (any, error) {
			got = append(got, script)
			if len(args) == 0 {
				return "", nil
			}
			return int64(1), nil
		}, nil)
	require.NoError(b, err)

	_, err = store.Load(b.Context(), "key")
	require.NoError(b, err)
	_, err = store.CompareAndSwap(b.Context(), "key", nil, []byte("new"), time.Time{})
	require.NoError(b, err)
	return got[0], got[1]
}

// BenchmarkThroughput compares with SET and GETDEL.
func BenchmarkThroughput(b *testing.B) {
	address := servers.Redis(b)

	harness.Throughput(b, func(b *testing.B, connections int) (otp.Store, harness.ByHand) {
		options := goRedisOptions(address)
		options.PoolSize = connections
		client := goredis.NewClient(options)
		b.Cleanup(func() { client.Close() })

		store, err := redisstore.New(evalGoRedis(client), nil)
		require.NoError(b, err)
		return store, func(ctx context.Context, key string) error {
			hash := harness.HashedCode()
			if err := client.Set(ctx, "code:"+key, hash, time.Hour).Err(); err != nil {
				return err
			}
			return client.GetDel(ctx, "code:"+key).Err()
		}
	})
}
