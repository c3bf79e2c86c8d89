// Package budget bounds how often each client may make requests. Functions behind a gateway do not need it, and so do
// not link what it links.
package budget

import (
	"net"
	"net/http"
	"time"

	"github.com/go-chi/httprate"
)

// requests is how many one client may make in a minute: an IPv4 address, or an IPv6 /64.
const requests = 30

// PerClient returns a function for web.App.Allow. It counts in the memory of this process, by the address of the peer:
// behind a proxy, bound clients there. No header is believed.
func PerClient() func(http.ResponseWriter, *http.Request) bool {
	limiter := httprate.NewRateLimiter(requests, time.Minute, httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	return func(w http.ResponseWriter, r *http.Request) bool {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		return !limiter.OnLimit(w, r, httprate.CanonicalizeIP(host))
	}
}
