package faults

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/linear"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
)

var (
	overDynamoDB = flag.Int("proof.dynamodb", 20, "random concurrent histories over DynamoDB Local")
	overNetwork  = flag.Int("proof.network", 10, "random concurrent histories over a bad network")
)

// A tally sums up the histories of one test.
type tally struct {
	histories, undecided int
	steps                map[string]int
}

// check checks one history.
func (c *tally) check(t *testing.T, seed int, r *linear.Recorder) {
	t.Helper()
	c.histories++
	r.Counts(c.steps)

	err := r.Check(20 * time.Second)
	if errors.Is(err, linear.ErrUndecided) {
		c.undecided++
		return
	}
	require.NoError(t, err, "history %d", seed)
}

func (c *tally) report(t *testing.T) {
	t.Helper()
	t.Logf("%d concurrent histories, %d calls, 0 not linearizable, %d undecided; steps: %v",
		c.histories, c.steps["calls"], c.undecided, c.steps)
	require.LessOrEqual(t, c.undecided*10, c.histories, "histories that could not be decided")
}

// TestLinearizableOverDynamoDB is as TestLinearizableOverMemstore, over DynamoDB Local and in real
// time.
func TestLinearizableOverDynamoDB(t *testing.T) {
	servers.DynamoDBEndpoint(t) // skips here, if at all
	c := tally{steps: map[string]int{}}

	for seed := range *overDynamoDB {
		plan := linear.Drawn(false).Example(seed)
		store := &otptest.FaultyStore{
			Store: newDynamoStore(t),
			Fault: otptest.RandomFaults(plan.Seed, plan.Faults, plan.Delay),
		}
		r, err := linear.NewRecorder(ada, store, secret, plan.Instances...)
		require.NoError(t, err)

		plan.Run(t.Context(), r)
		c.check(t, seed, r)
	}
	c.report(t)
}

// TestLinearizableOverABadNetwork has toxiproxy between the service and DynamoDB Local: connections
// are reset, and replies are cut short, delayed or swallowed. In half of the histories the SDK
// tries again by itself. Afterwards the person gets a code.
func TestLinearizableOverABadNetwork(t *testing.T) {
	proxy := newProxy(t)
	c := tally{steps: map[string]int{}}
	var calls, failed atomic.Int64

	for seed := range *overNetwork {
		prefix := rand.Text()
		store := dynamoStore(t, proxyClient(t, proxy, 1+2*(seed%2)), prefix)
		plan := linear.Drawn(false).Example(seed)
		r, err := linear.NewRecorder(
			ada, counting{store, &calls, &failed}, secret, plan.Instances...)
		require.NoError(t, err)
		r.LateWrites, r.DoubtfulRefusals = true, true

		ctx, end := context.WithTimeout(t.Context(), 5*time.Second)
		var calm sync.WaitGroup
		calm.Go(func() { weather(ctx, proxy, mathrand.New(mathrand.NewPCG(plan.Seed, 0))) })
		plan.Run(ctx, r)
		end()
		calm.Wait()

		c.check(t, seed, r)
		s, in := newService(t, dynamoStore(t, servers.DynamoDB(t), prefix))
		letIn(t, s, in)
	}

	c.report(t)
	t.Logf("%d of %d calls of the store failed", failed.Load(), calls.Load())
	if c.histories >= 10 {
		require.NotZero(t, failed.Load(), "calls that the network has failed")
	}
}

// newProxy returns a proxy in front of DynamoDB Local.
func newProxy(t *testing.T) *toxiproxy.Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	upstream := strings.TrimPrefix(servers.DynamoDBEndpoint(t), "http://")

	proxy := toxiproxy.NewProxy(server, "dynamodb", "127.0.0.1:0", upstream)
	require.NoError(t, proxy.Start())
	t.Cleanup(proxy.Stop)
	return proxy
}

// proxyClient returns a client behind the proxy, and makes it try a call that often.
func proxyClient(t *testing.T, proxy *toxiproxy.Proxy, attempts int) *dynamodb.Client {
	t.Helper()
	return servers.DynamoDB(t, func(o *dynamodb.Options) {
		o.BaseEndpoint = aws.String("http://" + proxy.Listen)
		o.HTTPClient = &http.Client{Transport: &http.Transport{}, Timeout: 100 * time.Millisecond}
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = attempts
			o.MaxBackoff = 10 * time.Millisecond
		})
	})
}

// weather changes what is wrong with the network every few milliseconds until ctx ends, and then
// clears up.
func weather(ctx context.Context, proxy *toxiproxy.Proxy, random *mathrand.Rand) {
	defer proxy.Toxics.ResetToxics(context.WithoutCancel(ctx))

	for ctx.Err() == nil {
		stream := []string{"upstream", "downstream"}[random.IntN(2)]
		kind := []string{
			"",
			`"latency", "attributes": {"latency": 5, "jitter": 5}`,
			fmt.Sprintf(`"reset_peer", "attributes": {"timeout": %d}`, random.IntN(3)),
			fmt.Sprintf(`"limit_data", "attributes": {"bytes": %d}`, random.IntN(600)),
			`"timeout", "attributes": {"timeout": 0}`,
		}[random.IntN(5)]

		if kind != "" {
			toxic := fmt.Sprintf(`{"name": "bad", "stream": %q, "type": %s}`, stream, kind)
			// An error says that a connection has just ended: the toxic has nothing left to spoil.
			proxy.Toxics.AddToxicJson(strings.NewReader(toxic))
		}

		select {
		case <-time.After(time.Duration(5+random.IntN(20)) * time.Millisecond):
		case <-ctx.Done():
		}
		proxy.Toxics.ResetToxics(context.WithoutCancel(ctx))
	}
}

// newService returns a Service whose limits stand in nobody's way. It takes the codes of every
// drawn policy for live.
func newService(t *testing.T, store otp.Store) (s *otp.Service, in *otptest.Inbox) {
	t.Helper()
	return otptest.New(t, otp.Config{Purpose: "test", Secret: secret, Store: store,
		Policy: otp.Policy{
			Length: 8, MaxAttempts: 10,
			SendLimits: []otp.Limit{{Count: 20, Window: time.Second}},
		}})
}

// letIn fails the test unless the person gets a code that works, after support has cleared the way.
func letIn(t *testing.T, s *otp.Service, in *otptest.Inbox) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, s.Revoke(ctx, ada, ""))
	require.NoError(t, s.Unlock(ctx, ada))

	status, err := s.Send(ctx, otp.Request{To: ada})
	for errors.Is(err, otp.ErrLimited) && time.Until(status.RetryAt) < 3*time.Second {
		<-time.After(time.Until(status.RetryAt))
		status, err = s.Send(ctx, otp.Request{To: ada})
	}
	require.NoError(t, err, "the person asks for a code: %+v", status)

	submission := otp.Submission{To: ada, Code: in.Code(t, ada)}
	require.NoError(t, s.Verify(ctx, submission), "the person submits the code")
}

// counting counts how the calls of a store end.
type counting struct {
	otp.Store
	calls, failed *atomic.Int64
}

func (c counting) count(err error) {
	c.calls.Add(1)
	if err != nil {
		c.failed.Add(1)
	}
}

func (c counting) Load(ctx context.Context, key string) ([]byte, error) {
	value, err := c.Store.Load(ctx, key)
	c.count(err)
	return value, err
}

func (c counting) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	swapped, err := c.Store.CompareAndSwap(ctx, key, old, new, expires)
	c.count(err)
	return swapped, err
}
