package harness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Proxy stands between the clients and a server, at the address Listen.
type Proxy struct{ *toxiproxy.Proxy }

// NewProxy returns a Proxy to the server at host and port. It runs until the test ends.
func NewProxy(tb testing.TB, server string) Proxy {
	tb.Helper()

	host := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(host, "server", "127.0.0.1:0", server)
	require.NoError(tb, p.Start())
	tb.Cleanup(p.Stop)
	return Proxy{p}
}

// Swallow leaves all connections half open from now on: nothing arrives, and nothing ends.
func (p Proxy) Swallow(tb testing.TB) {
	tb.Helper()

	for _, stream := range []string{"upstream", "downstream"} {
		_, err := p.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
			`{"name": %[1]q, "stream": %[1]q, "type": "timeout", "attributes": {"timeout": 0}}`,
			stream)))
		require.NoError(tb, err)
	}
}

// Weather makes the network slow, resets connections, cuts streams short, or swallows what is sent
// and leaves the connection half open, for some milliseconds.
func (p Proxy) Weather(ctx context.Context) error {
	defer p.Toxics.ResetToxics(context.WithoutCancel(ctx))
	p.change()

	select {
	case <-time.After(time.Duration(5+rand.IntN(40)) * time.Millisecond):
	case <-ctx.Done():
	}
	return nil
}

func (p Proxy) change() {
	stream := []string{"upstream", "downstream"}[rand.IntN(2)]
	kind := []string{
		"",
		`"latency", "attributes": {"latency": 5, "jitter": 5}`,
		fmt.Sprintf(`"reset_peer", "attributes": {"timeout": %d}`, rand.IntN(3)),
		fmt.Sprintf(`"limit_data", "attributes": {"bytes": %d}`, rand.IntN(600)),
		`"timeout", "attributes": {"timeout": 0}`,
	}[rand.IntN(5)]
	if kind == "" {
		return
	}

	// An error says that a connection has just ended: there is nothing left to disturb.
	p.Toxics.AddToxicJson(strings.NewReader(
		fmt.Sprintf(`{"name": "bad", "stream": %q, "type": %s}`, stream, kind)))
}

// through returns the database as clients reach it through the proxy.
func (d Database) through(p Proxy, server string) Database {
	return Database{Opener: d.Opener, Source: strings.Replace(d.Source, server, p.Listen, 1)}
}

// BadNetwork fails the test unless what has happened stays so on a bad network, where calls fail.
// Server is the host and port in the source of the database.
func BadNetwork(t *testing.T, calm Database, server string) {
	t.Helper()
	proxy := NewProxy(t, server)
	db := calm.through(proxy, server)

	Disturbed(t, db, calm, Disturbance{Do: proxy.Weather, Rounds: 30, Between: 5})
}

// LinearizableOnBadNetwork fails the test unless an order of the calls explains what all callers
// saw on a bad network. The other parameters are those of BadNetwork and Linearizable.
func LinearizableOnBadNetwork(t *testing.T, calm Database, server string, repeats bool) {
	t.Helper()
	proxy := NewProxy(t, server)
	db := calm.through(proxy, server)
	var failures atomic.Int64
	a := &hasty{Store: db.Open(t), failures: &failures}
	b := &hasty{Store: db.Open(t), failures: &failures}
	direct := calm.Open(t)

	ctx, end := context.WithCancel(t.Context())
	var weather sync.WaitGroup
	weather.Go(func() {
		for ctx.Err() == nil {
			assert.NoError(t, proxy.Weather(ctx))
		}
	})
	defer weather.Wait()
	defer end()

	// A client that repeats calls hides most failures. The test goes on until there is one.
	const atLeast, atMost = 10, 500
	histories, undecided := 0, 0
	for histories < atLeast || failures.Load() == 0 && histories < atMost {
		histories++
		err := Linearizable(ctx, a, b, direct, repeats)
		if errors.Is(err, ErrUndecided) {
			undecided++
			continue
		}
		require.NoError(t, err)
	}

	t.Logf("%d failures, %d of %d histories undecided", failures.Load(), undecided, histories)
	require.NotZero(t, failures.Load())
	require.Less(t, undecided, histories/2)
}
