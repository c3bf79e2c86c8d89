package harness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// A Proxy stands between the clients and a server.
type Proxy struct{ proxy *toxiproxy.Proxy }

// NewProxy returns a Proxy to the server at host and port. It runs until the test ends.
func NewProxy(tb testing.TB, server string) *Proxy {
	tb.Helper()

	host := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(host, "server", "127.0.0.1:0", server)
	if err := p.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Stop)
	return &Proxy{p}
}

// Address is the host and port of the Proxy.
func (p *Proxy) Address() string { return p.proxy.Listen }

// Stop ends the Proxy and all its connections.
func (p *Proxy) Stop() { p.proxy.Stop() }

// Swallow leaves all connections half open from now on: nothing arrives, and nothing ends.
func (p *Proxy) Swallow(tb testing.TB) {
	tb.Helper()

	for _, stream := range []string{"upstream", "downstream"} {
		_, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
			`{"name": %[1]q, "stream": %[1]q, "type": "timeout", "attributes": {"timeout": 0}}`,
			stream)))
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// Weather returns a disturbance: for so long, the network is slow, resets connections, cuts streams
// short, or swallows what is sent and leaves the connection half open, each for some milliseconds.
func (p *Proxy) Weather(lasts time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, lasts)
		defer cancel()
		defer p.proxy.Toxics.ResetToxics(context.WithoutCancel(ctx))

		for ctx.Err() == nil {
			p.change()

			select {
			case <-time.After(time.Duration(5+rand.IntN(40)) * time.Millisecond):
			case <-ctx.Done():
			}
			p.proxy.Toxics.ResetToxics(context.WithoutCancel(ctx))
		}

		return nil
	}
}

func (p *Proxy) change() {
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

	// An error says that a connection has just ended. The weather is then better than planned.
	p.proxy.Toxics.AddToxicJson(strings.NewReader(
		fmt.Sprintf(`{"name": "bad", "stream": %q, "type": %s}`, stream, kind)))
}
