// Package budget bounds how often each client may make requests. Functions behind a gateway do not
// need it, and so do not link what it links.
//
// Two environment variables configure it:
//
//	CLIENT_BUDGET    requests that one client may make in a minute: an IPv4 address, or an IPv6 /64.
//	                 "off" leaves it to the proxy. Default 30
//	TRUSTED_PROXIES  addresses of the proxies in front, as CIDR prefixes separated by commas:
//	                 "10.0.0.0/8,2001:db8::/32". The client is then the last address of
//	                 X-Forwarded-For that is none of them. Without it the client is the peer, and no
//	                 header is believed
package budget

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
)

// defaultRequests is how many requests one client may make in a minute.
const defaultRequests = 30

// maxRequests bounds what can be configured: more is no bound.
const maxRequests = 1_000_000

// A Budget bounds the requests of each client. It counts in the memory of this process.
type Budget struct {
	limiter *httprate.RateLimiter // nil: no bound
	client  func(http.Handler) http.Handler
}

// FromEnv returns the Budget that the environment asks for.
func FromEnv(getenv func(string) string) (*Budget, error) {
	requests, err := parseRequests(getenv("CLIENT_BUDGET"))
	if err != nil {
		return nil, fmt.Errorf("settings: CLIENT_BUDGET: %w", err)
	}
	proxies, err := parseProxies(getenv("TRUSTED_PROXIES"))
	if err != nil {
		return nil, fmt.Errorf("settings: TRUSTED_PROXIES: %w", err)
	}

	b := &Budget{client: middleware.ClientIPFromRemoteAddr}
	if len(proxies) > 0 {
		b.client = middleware.ClientIPFromXFF(proxies...)
	}
	if requests > 0 {
		noHeaders := httprate.WithResponseHeaders(httprate.ResponseHeaders{})
		b.limiter = httprate.NewRateLimiter(requests, time.Minute, noHeaders)
	}
	return b, nil
}

func parseRequests(text string) (int, error) {
	switch text {
	case "":
		return defaultRequests, nil
	case "off":
		return 0, nil
	}

	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxRequests {
		return 0, fmt.Errorf(`%q must be "off" or a number from 1 to %d`, text, maxRequests)
	}
	return n, nil
}

func parseProxies(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}

	var proxies []string
	for proxy := range strings.SplitSeq(text, ",") {
		proxy = strings.TrimSpace(proxy)
		if _, err := netip.ParsePrefix(proxy); err != nil {
			return nil, fmt.Errorf(`%q is no CIDR prefix such as "10.0.0.0/8"`, proxy)
		}
		proxies = append(proxies, proxy)
	}
	return proxies, nil
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
