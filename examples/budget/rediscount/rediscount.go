// Package rediscount lets several instances of a service count the requests of clients together, in
// Redis.
//
//	counter := rediscount.New(redis.NewClient(options), "budget:")
//	clients, err := budget.New(budget.Config{PerMinute: 30, Counter: counter})
//
// Once Redis fails, or takes longer than a tenth of a second, the instance counts alone for a
// second: a client then has the budget once for each.
package rediscount

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-chi/httprate"
	"github.com/redis/go-redis/v9"
)

const (
	timeout = 100 * time.Millisecond // of a call, since every request waits for it
	pause   = time.Second            // after a failure
)

// A Counter is a counter of package httprate.
type Counter struct {
	client redis.UniversalClient
	prefix string
	window time.Duration
	own    httprate.LimitCounter // what this instance has counted
	resume atomic.Int64          // when Redis is asked again, in nanoseconds since 1970
}

var _ httprate.LimitCounter = (*Counter)(nil)

// New returns a Counter. Its keys begin with prefix.
func New(client redis.UniversalClient, prefix string) *Counter {
	return &Counter{client: client, prefix: prefix}
}

// Config is called by package httprate.
func (c *Counter) Config(limit int, window time.Duration) {
	c.window = window
	c.own = httprate.NewLocalLimitCounter(window)
	c.own.Config(limit, window)
}

// Increment counts one request.
func (c *Counter) Increment(key string, window time.Time) error {
	return c.IncrementBy(key, window, 1)
}

// IncrementBy counts requests.
func (c *Counter) IncrementBy(key string, window time.Time, amount int) error {
	name := c.name(key, window)
	c.try(func(ctx context.Context) error {
		_, err := c.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.IncrBy(ctx, name, int64(amount))
			p.Expire(ctx, name, 3*c.window)
			return nil
		})
		return err
	})
	return c.own.IncrementBy(key, window, amount) // what counts if that has failed
}

// Get returns the requests of the current window and of the one before.
func (c *Counter) Get(key string, current, previous time.Time) (int, int, error) {
	counts := make([]int, 2)
	counted := c.try(func(ctx context.Context) (err error) {
		for i, window := range []time.Time{current, previous} {
			counts[i], err = c.client.Get(ctx, c.name(key, window)).Int()
			if err != nil && !errors.Is(err, redis.Nil) {
				return err
			}
		}
		return nil
	})
	if !counted {
		return c.own.Get(key, current, previous)
	}
	return counts[0], counts[1], nil
}

// try makes a call of Redis, unless one has failed a moment ago, and reports whether it succeeded.
func (c *Counter) try(call func(context.Context) error) bool {
	if time.Now().UnixNano() < c.resume.Load() {
		return false
	}

	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if call(ctx) != nil {
		c.resume.Store(time.Now().Add(pause).UnixNano())
		return false
	}
	return true
}

func (c *Counter) name(key string, window time.Time) string {
	return c.prefix + key + ":" + strconv.FormatInt(window.Unix(), 10)
}
