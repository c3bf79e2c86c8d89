// Package glide tests package redisstore by valkey-glide, whose core is not in Go.
package glide

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	glide "github.com/valkey-io/valkey-glide/go/v2"
	"github.com/valkey-io/valkey-glide/go/v2/config"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/redisstore"
)

// By its command EVAL. Its helper for scripts fails the suite: see docs/stores.md.
func TestStore(t *testing.T) {
	host, text, err := net.SplitHostPort(servers.Redis(t))
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)

	open := func(tb testing.TB) otp.Store {
		client, err := glide.NewClient(config.NewClientConfiguration().
			WithAddress(&config.NodeAddress{Host: host, Port: port}).
			WithRequestTimeout(time.Minute)) // by default a quarter of a second
		require.NoError(tb, err)
		tb.Cleanup(client.Close)

		store, err := redisstore.New(
			func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
				command := append([]string{"EVAL", script, strconv.Itoa(len(keys))}, keys...)
				return client.CustomCommand(ctx, append(command, redisstore.StringArgs(args)...))
			}, nil)
		require.NoError(tb, err)
		return store
	}
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) { return open(tb), open(tb) })
}
