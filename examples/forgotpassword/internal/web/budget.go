package web

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// A budget bounds how often a client may call a handler.
type budget func(http.HandlerFunc) http.HandlerFunc

func noBudget(next http.HandlerFunc) http.HandlerFunc { return next }

// clientRequests is how many requests that act one client may make in a minute of the clock: an IPv4 address, or an IPv6
// /64.
const clientRequests = 30

// clientBudget returns one budget for all handlers that it is put around. It counts in the memory of this process, by
// the address of the peer: behind a proxy, bound clients there. No header is believed.
func (rt *router) clientBudget() budget {
	var c clients
	return func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if !c.admit(r.RemoteAddr) {
				w.Header().Set("Retry-After", "60")
				rt.fail(w, r, http.StatusTooManyRequests, "Too many requests come from your network. Try again in a minute.")
				return
			}
			next(w, r)
		}
	}
}

// clients counts the requests of each client in the minute that runs.
type clients struct {
	mu     sync.Mutex
	minute int64 // since 1970
	counts map[netip.Prefix]int
}

func (c *clients) admit(remoteAddr string) bool {
	peer, _ := netip.ParseAddrPort(remoteAddr) // what is no address is one client
	addr, bits := peer.Addr().Unmap(), 64
	if addr.Is4() {
		bits = 32
	}
	client, _ := addr.Prefix(bits)
	c.mu.Lock()
	defer c.mu.Unlock()
	if minute := time.Now().Unix() / 60; minute != c.minute {
		c.minute, c.counts = minute, make(map[netip.Prefix]int)
	}
	c.counts[client]++
	return c.counts[client] <= clientRequests
}
