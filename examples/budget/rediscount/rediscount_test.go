package rediscount_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/examples/budget"
	"github.com/seed-5978b5f1/otp/examples/budget/rediscount"
	"github.com/seed-5978b5f1/otp/internal/servers"
)

// newInstances returns instances of a service that count in one Redis.
func newInstances(t *testing.T, address string, n int) []*budget.Budget {
	prefix := rand.Text() + ":"
	instances := make([]*budget.Budget, n)
	for i := range instances {
		client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1})
		t.Cleanup(func() { client.Close() })
		var err error
		instances[i], err = budget.New(budget.Config{
			PerMinute: 30, Counter: rediscount.New(client, prefix),
		})
		require.NoError(t, err)
	}
	return instances
}

// spend makes a hundred requests of one client, at each instance in turn, and returns how many are
// allowed.
func spend(instances []*budget.Budget, peer string) (allowed int) {
	for i := range 100 {
		b := instances[i%len(instances)]
		next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if b.Allow(w, r) {
				allowed++
			}
		})
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = peer
		b.Wrap(next).ServeHTTP(httptest.NewRecorder(), r)
	}
	return allowed
}

// Over three instances a client has one budget. Where a minute begins meanwhile, a part of it is
// new.
func TestOneBudget(t *testing.T) {
	instances := newInstances(t, servers.Redis(t), 3)
	for _, peer := range []string{"192.0.2.1:99", "[2001:db8::1]:99"} {
		allowed := spend(instances, peer)
		assert.GreaterOrEqual(t, allowed, 30)
		assert.Less(t, allowed, 60)
	}
}

// Without Redis each instance counts alone.
func TestWithoutRedis(t *testing.T) {
	instances := newInstances(t, "127.0.0.1:1", 3)
	assert.Equal(t, 90, spend(instances, "192.0.2.1:99"))
}
