package redisstore_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/integrations/internal/crowd"
	"github.com/seed-5978b5f1/otp/examples/integrations/redisstore"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
)

// open returns a Store on Redis, and the prefix of its keys.
func open(t *testing.T) (store *redisstore.Store, db *redis.Client, prefix string) {
	t.Helper()
	address, prefix := servers.Redis(t)
	db = redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true})
	t.Cleanup(func() { db.Close() })
	return redisstore.New(db, prefix), db, prefix
}

func TestStore(t *testing.T) {
	store, _, _ := open(t)
	otptest.TestStore(t, func(testing.TB) otp.Store { return store })
}

func TestService(t *testing.T) {
	store, _, _ := open(t)
	crowd.Test(t, store)
}

// Values are given a time to go, and never a shorter one than was asked for.
func TestExpiry(t *testing.T) {
	store, db, prefix := open(t)
	for key, expires := range map[string]time.Time{"kept": {}, "dropped": time.Now().Add(time.Hour)} {
		if swapped, err := store.CompareAndSwap(t.Context(), key, nil, []byte("value"), expires); !swapped || err != nil {
			t.Fatal(swapped, err)
		}
		left, err := db.PTTL(t.Context(), prefix+key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if expires.IsZero() && left >= 0 || !expires.IsZero() && (left < time.Until(expires) || left > 2*time.Hour) {
			t.Errorf("%s: goes in %v", key, left)
		}
	}
}
