// Package budget bounds how often each client may make requests: what Config.Allow of package
// otphttp asks for. Copy it as it is.
//
//	clients, err := budget.New(budget.Config{PerMinute: 30, Proxies: []string{"10.0.0.0/8"}})
//	flow, err := otphttp.New(otphttp.Config{Allow: clients.Allow, …})
//	http.ListenAndServe(addr, clients.Wrap(mux))
//
// A client is an IPv4 address, or an IPv6 /64. Where several instances run, package rediscount lets
// them count together; by default each counts in its memory.
package budget

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
)

// Config is what a [Budget] is made of.
type Config struct {
	// PerMinute is how many requests one client may make in a minute. 0 means no bound.
	PerMinute int

	// Proxies are the addresses of the proxies in front, as CIDR prefixes. The client is then the
	// last address of X-Forwarded-For that is none of them. Without proxies the client is the peer,
	// and no header is believed.
	Proxies []string

	// Counter counts. Default: the memory of this process.
	Counter httprate.LimitCounter

	// Log gets the failures of Counter. Default slog.Default().
	Log *slog.Logger
}

// A Budget bounds the requests of each client.
type Budget struct {
	limiter *httprate.RateLimiter // nil: no bound
	client  func(http.Handler) http.Handler
}

// New returns a Budget. The error names what is wrong.
func New(c Config) (*Budget, error) {
	for _, proxy := range c.Proxies {
		if _, err := netip.ParsePrefix(proxy); err != nil {
			return nil, fmt.Errorf("budget: Proxies has %q, no CIDR prefix such as \"10.0.0.0/8\"",
				proxy)
		}
	}
	if c.PerMinute < 0 {
		return nil, fmt.Errorf("budget: PerMinute is %d: it must be at least 0", c.PerMinute)
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}

	b := &Budget{client: middleware.ClientIPFromRemoteAddr}
	if len(c.Proxies) > 0 {
		b.client = middleware.ClientIPFromXFF(c.Proxies...)
	}
	if c.PerMinute > 0 {
		b.limiter = newLimiter(c)
	}
	return b, nil
}

func newLimiter(c Config) *httprate.RateLimiter {
	options := []httprate.Option{
		httprate.WithResponseHeaders(httprate.ResponseHeaders{}),
		// By default a failure is answered, too. The answer is that of whoever asks Allow.
		httprate.WithErrorHandler(func(_ http.ResponseWriter, r *http.Request, err error) {
			c.Log.ErrorContext(r.Context(), "the budget could not be counted", "err", err)
		}),
	}
	if c.Counter != nil {
		options = append(options, httprate.WithLimitCounter(c.Counter))
	}
	return httprate.NewRateLimiter(c.PerMinute, time.Minute, options...)
}

// Wrap puts around a handler what finds out the client. Allow needs it.
func (b *Budget) Wrap(next http.Handler) http.Handler { return b.client(next) }

// Allow reports whether the client may make one more request. A client that cannot be told, because
// a proxy says nonsense, has the budget of all such clients.
func (b *Budget) Allow(w http.ResponseWriter, r *http.Request) bool {
	if b.limiter == nil {
		return true
	}

	client := httprate.CanonicalizeIP(middleware.GetClientIP(r.Context()))
	return !b.limiter.OnLimit(w, r, client)
}
