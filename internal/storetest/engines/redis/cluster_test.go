package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/otptest"
)

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
	replica := c.some("role:slave")
	for tick := time.Tick(100 * time.Millisecond); ; <-tick {
		if c.is(replica, "role:master") || ctx.Err() != nil {
			return ctx.Err()
		}
		c.ask(replica.Address, "CLUSTER", "FAILOVER")
	}
}

func (c *cluster) is(node *servers.Server, what string) bool {
	return strings.Contains(c.ask(node.Address, "INFO", "replication"), what)
}

// some returns a node of a role.
func (c *cluster) some(role string) *servers.Server {
	i := slices.IndexFunc(c.nodes, func(node *servers.Server) bool { return c.is(node, role) })
	return c.nodes[i]
}

var clusterClients = []string{"go-redis", "rueidis"}

// While slots move, and masters are replaced in good order, nothing is undone.
func TestCluster(t *testing.T) {
	c := startCluster(t)
	for _, client := range clusterClients {
		db := harness.Database{Opener: client, Source: c.addresses}
		for name, do := range map[string]func(context.Context) error{
			"slots move": c.moveSlots, "fail-over": c.failOver,
		} {
			t.Run(client+", "+name, func(t *testing.T) {
				harness.Disturbed(t, db, db,
					harness.Disturbance{Do: do, Rounds: 3, Between: 200, Hidden: true})
			})
		}
	}
}

// A master is killed while codes in its slots and in those of others are used. Nothing is undone
// of the others. Of its own, what its replica had acknowledged holds, calls end in errors that say
// so until the replica is in its place, and then codes work again. Replication is asynchronous:
// what the replica had not acknowledged may be undone, and is not looked at.
func TestKilledMaster(t *testing.T) {
	c := startCluster(t)
	for _, client := range clusterClients {
		t.Run(client, func(t *testing.T) {
			victim := c.some("role:master")
			own := harness.Database{Opener: client, Source: c.addresses + "/" + c.tag(victim, true)}
			others := harness.Database{
				Opener: client, Source: c.addresses + "/" + c.tag(victim, false)}

			kill := func(context.Context) error { c.kill(t, victim, own); return nil }
			harness.Disturbed(t, others, others,
				harness.Disturbance{Do: kill, Rounds: 1, Between: 200, Hidden: true})
		})
	}
}

// tag returns a prefix that puts all keys into one slot, of the node or of another.
func (c *cluster) tag(node *servers.Server, owned bool) string {
	client := goredis.NewClient(&goredis.Options{Addr: node.Address})
	defer client.Close()
	for n := 0; ; n++ {
		tag := fmt.Sprintf("{%d}", n)
		err := client.Get(c.t.Context(), tag).Err()
		if moved := err != nil && strings.HasPrefix(err.Error(), "MOVED"); moved != owned {
			return tag
		}
	}
}

// kill kills a master while codes are used in one of its slots, and restarts it as a replica.
func (c *cluster) kill(t *testing.T, victim *servers.Server, own harness.Database) {
	service, inbox := otptest.New(t, otp.Config{Store: own.Open(t)})
	_, tag, _ := strings.Cut(own.Source, "/")
	var accepted atomic.Int64
	var all [8]line
	ctx, end := context.WithCancel(t.Context())
	var lines sync.WaitGroup
	for i := range all {
		all[i] = line{t, service, inbox, map[string]string{}, 0, nil}
		lines.Go(func() {
			master := goredis.NewClient(&goredis.Options{Addr: victim.Address})
			defer master.Close()
			for ctx.Err() == nil {
				all[i].life(&accepted, func() bool {
					conn := master.Conn() // WAIT is for the writes of a connection, and all before
					defer conn.Close()
					err := conn.Set(ctx, tag, "", 0).Err()
					return err == nil && conn.Wait(ctx, 1, time.Second).Val() == 1
				})
			}
		})
	}
	await := func(more int64) {
		enough := accepted.Load() + more
		require.Eventually(t, func() bool { return accepted.Load() >= enough },
			2*time.Minute, 10*time.Millisecond)
	}

	await(100)
	victim.Kill()
	await(100)
	end()
	lines.Wait()

	var failures []error
	for _, l := range all {
		failures = append(failures, l.failures...)
		for to, code := range l.held {
			err := service.Verify(t.Context(), otp.Submission{To: to, Code: code})
			require.ErrorIs(t, err, otp.ErrUsed)
		}
		t.Logf("%d codes held, %d were lost", len(l.held), l.lost)
	}
	require.NotEmpty(t, failures)
	for _, err := range failures {
		require.ErrorContains(t, err, "redisstore: prefix")
	}
	t.Logf("%d calls failed, such as %v", len(failures), failures[0])

	require.NoError(t, victim.Restart())
	require.Eventually(t, func() bool { return c.is(victim, "master_link_status:up") },
		time.Minute, 50*time.Millisecond)
}

// A line sends and uses codes, one after the other.
type line struct {
	t        *testing.T
	service  *otp.Service
	inbox    *otptest.Inbox
	held     map[string]string // the codes that were used, of which the replica knows, by address
	lost     int               // codes that were sent and not found
	failures []error
}

// life sends a code and submits it until it is judged.
func (l *line) life(accepted *atomic.Int64, acknowledged func() bool) {
	to := rand.Text() + "@example.com"
	if _, err := l.service.Send(l.t.Context(), otp.Request{To: to}); err != nil {
		l.failed(err)
		return
	}

	submission := otp.Submission{To: to, Code: l.inbox.Code(l.t, to)}
	for {
		err := l.service.Verify(l.t.Context(), submission)
		switch {
		case err == nil, errors.Is(err, otp.ErrUsed): // by a try whose answer was lost
			if acknowledged() {
				l.held[to] = submission.Code
			}
			accepted.Add(1)
			return
		case errors.Is(err, otp.ErrRejected):
			l.lost++
			return
		}
		l.failed(err)
	}
}

// failed keeps an error, and lets the server get up.
func (l *line) failed(err error) {
	l.failures = append(l.failures, err)
	<-time.After(10 * time.Millisecond)
}
