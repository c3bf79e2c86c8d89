// Package redisstore keeps the records of one-time codes in Redis.
//
// Redis is fast because it forgets; what it forgets here are used codes and counted guesses. So it must be told not to:
//
//	appendonly yes
//	appendfsync always           # "everysec" can lose the last second at a crash
//	maxmemory-policy noeviction  # eviction would give attempts and sends back
//
// Replication is asynchronous: a fail-over can lose the last writes, so that a used code is live again for what is left
// of its lifetime. Where that cannot be borne, use another database. Reads must go to the primary.
//
// In the options of the client, set ContextTimeoutEnabled, so that the deadline of a context ends a call.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-5978b5f1/otp"
)

// Redis runs a script as a whole: no other command comes between its own.
var compareAndSwap = redis.NewScript(`
	if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
		return 0
	end
	if ARGV[3] == '' then
		redis.call('SET', KEYS[1], ARGV[2])
	else
		redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
	end
	return 1`)

// Store is an [otp.Store] in a Redis database.
type Store struct {
	db     *redis.Client // no cluster client, which may be set to read from replicas
	prefix string
}

var _ otp.Store = (*Store)(nil)

// New returns a Store that works through a client of the primary and puts the prefix, "otp:" say, before its keys.
func New(db *redis.Client, prefix string) *Store { return &Store{db, prefix} }

// Load returns the value under key, or nil if there is none.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	value, err := s.db.Get(ctx, s.prefix+key).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("redisstore: %w", err)
	}
	return value, nil
}

// margin is how much longer than asked for values are kept, since the clock of the server may be fast.
const margin = time.Minute

// CompareAndSwap stores new under key if the value there is old, or if there is none and old is empty.
func (s *Store) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (swapped bool, err error) {
	until := ""
	if !expires.IsZero() {
		until = fmt.Sprint(expires.Add(margin).UnixMilli())
	}
	swapped, err = compareAndSwap.Run(ctx, s.db, []string{s.prefix + key}, old, new, until).Bool()
	if err != nil {
		return false, fmt.Errorf("redisstore: %w", err)
	}
	return swapped, nil
}
