// Package redis tests package redisstore on miniredis and on a Redis Cluster that
// moves slots and fails over.
package redis

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/redisstore"
)

func goRedis(address string) (otp.Store, func(), error) {
	client := goredis.NewUniversalClient(&goredis.UniversalOptions{
		Addrs: strings.Split(address, ","), ContextTimeoutEnabled: true})
	store, err := redisstore.New(
		func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
			return client.Eval(ctx, script, keys, args...).Result()
		}, nil)
	return store, func() { client.Close() }, err
}

func byRueidis(address string) (otp.Store, func(), error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: strings.Split(address, ","), ConnWriteTimeout: 2 * time.Second})
	if err != nil {
		return nil, nil, err
	}
	store, err := redisstore.New(
		func(ctx context.Context, script string, keys []string, args ...any) (any, error) {
			return client.Do(ctx, client.B().Eval().Script(script).Numkeys(int64(len(keys))).
				Key(keys...).Arg(redisstore.StringArgs(args)...).Build()).ToAny()
		}, nil)
	return store, client.Close, err
}

func TestMain(m *testing.M) {
	harness.Main(m, map[string]harness.Opener{"go-redis": goRedis, "rueidis": byRueidis})
}

func TestMiniredis(t *testing.T) {
	server := miniredis.RunT(t)
	db := harness.Database{Opener: "go-redis", Source: server.Addr()}
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) { return db.Open(tb), db.Open(tb) })
}

// A cluster has three masters and a replica of each.
type cluster struct {
	t         *testing.T
	nodes     []*servers.Server
	addresses string
	moves     int
}

func startCluster(t *testing.T) *cluster {
	c := &cluster{t: t}
	var addresses []string
	for range 6 {
		server, err := servers.StartRedis("--cluster-enabled", "yes",
			"--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no")
		servers.Check(t, err)
		t.Cleanup(server.Stop)
		c.nodes = append(c.nodes, server)
		addresses = append(addresses, server.Address)
	}
	c.addresses = strings.Join(addresses, ",")

	create := append([]string{"--cluster", "create"}, addresses...)
	require.NoError(t, c.cli(append(create, "--cluster-replicas", "1", "--cluster-yes")...))
	for _, node := range addresses {
		require.Eventually(t, func() bool {
			return strings.Contains(c.ask(node, "CLUSTER", "INFO"), "cluster_state:ok") &&
				strings.Contains(c.ask(node, "CLUSTER", "INFO"), "cluster_known_nodes:6")
		}, time.Minute, 50*time.Millisecond)
	}
	return c
}

// cli runs redis-cli.
func (c *cluster) cli(args ...string) error {
	out, err := exec.Command("redis-cli", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("redis-cli %q: %w\n%s", args, err, out)
	}
	return nil
}

// ask returns what a node replies, as text.
func (c *cluster) ask(node string, command ...any) string {
	client := goredis.NewClient(&goredis.Options{Addr: node})
	defer client.Close()
	reply, err := client.Do(c.t.Context(), command...).Text()
	require.NoError(c.t, err)
	return reply
}

// moveSlots moves slots from one master to another, and the next time back.
func (c *cluster) moveSlots(context.Context) error {
	var masters []string // their ids
	for _, line := range strings.Split(c.ask(c.nodes[0].Address, "CLUSTER", "NODES"), "\n") {
		fields := strings.Fields(line) // id, address, flags, …, slots
		if len(fields) > 8 && strings.Contains(fields[2], "master") {
			masters = append(masters, fields[0])
		}
	}
	slices.Sort(masters)
	from, to := masters[c.moves%2], masters[1-c.moves%2]
	c.moves++
	return c.cli("--cluster", "reshard", c.nodes[0].Address, "--cluster-from", from,
		"--cluster-to", to, "--cluster-slots", "300", "--cluster-yes")
}

// failOver makes a replica take the place of its master, in agreement with it, however often that
// takes too long and is given up.
func (c *cluster) failOver(ctx context.Context) error {
	is := func(node *servers.Server, role string) bool {
		return strings.Contains(c.ask(node.Address, "INFO", "replication"), "role:"+role)
	}
	i := slices.IndexFunc(c.nodes, func(node *servers.Server) bool { return is(node, "slave") })

	for tick := time.Tick(100 * time.Millisecond); ; <-tick {
		if is(c.nodes[i], "master") || ctx.Err() != nil {
			return ctx.Err()
		}
		c.ask(c.nodes[i].Address, "CLUSTER", "FAILOVER")
	}
}

// While slots move, and masters are replaced in good order, nothing is undone.
func TestCluster(t *testing.T) {
	c := startCluster(t)
	for _, client := range []string{"go-redis", "rueidis"} {
		db := harness.Database{Opener: client, Source: c.addresses}
		for name, do := range map[string]func(context.Context) error{
			"slots move": c.moveSlots, "fail-over": c.failOver,
		} {
			t.Run(client+", "+name, func(t *testing.T) {
				report, err := harness.Disturbed(t.Context(), db, db,
					harness.Disturbance{Do: do, Rounds: 3, Between: 200, Hidden: true})
				require.NoError(t, err)
				t.Logf("%+v", report)
			})
		}
	}

	db := harness.Database{Opener: "go-redis", Source: c.addresses}
	otptest.TestStore(t, func(tb testing.TB) (a, b otp.Store) { return db.Open(tb), db.Open(tb) })
}
