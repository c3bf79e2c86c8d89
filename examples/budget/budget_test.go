package budget_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/examples/budget"
)

func newBudget(t *testing.T, c budget.Config) func(peer, forwardedFor string) bool {
	t.Helper()

	b, err := budget.New(c)
	require.NoError(t, err)
	return func(peer, forwardedFor string) (allowed bool) {
		next := func(w http.ResponseWriter, r *http.Request) { allowed = b.Allow(w, r) }
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = peer
		if forwardedFor != "" {
			r.Header.Set("X-Forwarded-For", forwardedFor)
		}
		b.Wrap(http.HandlerFunc(next)).ServeHTTP(httptest.NewRecorder(), r)
		return allowed
	}
}

// spend makes requests until one is refused, and returns how many were not.
func spend(allow func() bool) int {
	for n := range 1000 {
		if !allow() {
			return n
		}
	}
	return 1000
}

// Forty clients behind a proxy that is trusted have forty budgets, whatever they claim themselves.
func TestTrustedProxy(t *testing.T) {
	allow := newBudget(t, budget.Config{PerMinute: 30, Proxies: []string{"10.0.0.0/8", "fd00::/8"}})

	for i := range 40 {
		client := fmt.Sprintf("192.0.2.%d", i)
		for round := range 31 {
			claim := fmt.Sprintf("198.51.100.%d, %s, 10.0.0.2", round, client)
			assert.Equal(t, round < 30, allow("10.0.0.1:999", claim), "client %d, request %d", i,
				round)
		}
	}
	assert.Equal(t, 30, spend(func() bool { return allow("[fd00::1]:999", "203.0.113.7") }))
}

// Without the setting, and from peers that are no proxy, X-Forwarded-For is not believed.
func TestUntrustedHeader(t *testing.T) {
	for _, proxies := range [][]string{nil, {"10.0.0.0/8"}} {
		allow := newBudget(t, budget.Config{PerMinute: 30, Proxies: proxies})
		n := 0
		got := spend(func() bool {
			n++
			return allow("203.0.113.9:1234", fmt.Sprintf("192.0.2.%d", n))
		})
		assert.Equal(t, 30, got, proxies)
	}
}

func TestClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		allow := newBudget(t, budget.Config{PerMinute: 30})
		of := func(peer string) int { return spend(func() bool { return allow(peer, "") }) }

		assert.Equal(t, 30, of("192.0.2.1:99"))
		assert.Equal(t, 0, of("192.0.2.1:100"), "another port")
		assert.Equal(t, 0, of("[::ffff:192.0.2.1]:99"), "the same client by IPv6")
		assert.Equal(t, 30, of("192.0.2.2:99"), "another client")
		assert.Equal(t, 30, of("[2001:db8::1]:99"))
		assert.Equal(t, 0, of("[2001:db8::2]:99"), "another address of the same network")
		assert.Equal(t, 30, of("[2001:db8:0:1::1]:99"), "another network")

		time.Sleep(2 * time.Minute)
		assert.Equal(t, 30, of("192.0.2.1:99"))
	})
}

func TestBadConfigurations(t *testing.T) {
	for _, proxy := range []string{"10.0.0.1", "proxy", "", "10.0.0.0/33"} {
		_, err := budget.New(budget.Config{Proxies: []string{proxy}})
		assert.ErrorContains(t, err, "budget: Proxies has")
	}
	_, err := budget.New(budget.Config{PerMinute: -1})
	assert.ErrorContains(t, err, "PerMinute is -1")
	allow := newBudget(t, budget.Config{})
	assert.Equal(t, 1000, spend(func() bool { return allow("192.0.2.1:99", "") }))
}
