package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-5978b5f1/otp"
)

const attackers = 1000 // goroutines

// BenchmarkAttack has a thousand goroutines attack a store in memory, and counts what that costs the store.
func BenchmarkAttack(b *testing.B) {
	benchmarkAttack(b, func(testing.TB) otp.Store { return newStore() })
}

func benchmarkAttack(b *testing.B, newStore func(testing.TB) otp.Store) {
	guess := func(c *client, to string, n int) error {
		err := c.Verify(context.Background(), otp.Submission{To: to, Code: fmt.Sprintf("%06d", n%1_000_000)})
		if errors.Is(err, otp.ErrRejected) {
			return nil
		}
		return fmt.Errorf("a guess gave %w", err)
	}
	b.Run("guesses", func(b *testing.B) { // at the live code of one address, which is exhausted soon
		store := &counter{Store: newStore(b)}
		c := newClient(b, store)
		to := addresses(1)[0]
		c.send(b, to)
		right := c.code
		store.attack(b, func(n int) error {
			if fmt.Sprintf("%06d", n%1_000_000) == right {
				n++
			}
			return guess(c, to, n)
		})
		if swaps := store.swaps.Load(); swaps < 5 && b.N >= 5 {
			b.Errorf("%d writes: five guesses are to be paid for", swaps)
		}
	})
	b.Run("unknown", func(b *testing.B) { // guesses for addresses that have no code
		store := &counter{Store: newStore(b)}
		c := newClient(b, store)
		to := addresses(min(b.N, 100_000))
		store.attack(b, func(n int) error { return guess(c, to[n%len(to)], n) })
		if store.swaps.Load() != 0 {
			b.Error("guesses for unknown addresses were written")
		}
	})
	b.Run("sends", func(b *testing.B) { // codes for addresses that have no account, each another one
		store := &counter{Store: newStore(b)}
		c := newClient(b, store)
		to := addresses(b.N)
		store.attack(b, func(n int) error {
			_, err := c.Send(context.Background(), otp.Request{To: to[n], Decoy: true})
			return err
		})
	})
}

// A counter counts the calls of a store.
type counter struct {
	otp.Store
	loads, swaps atomic.Int64
}

func (s *counter) Load(ctx context.Context, key string) ([]byte, error) {
	s.loads.Add(1)
	return s.Store.Load(ctx, key)
}

func (s *counter) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
	s.swaps.Add(1)
	return s.Store.CompareAndSwap(ctx, key, old, new, expires)
}

// attack runs the operation b.N times, from a thousand goroutines, and reports what the store had to do.
func (s *counter) attack(b *testing.B, operation func(n int) error) {
	s.loads.Store(0)
	s.swaps.Store(0)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range attackers {
		wg.Go(func() {
			for n := next.Add(1) - 1; n < int64(b.N); n = next.Add(1) - 1 {
				if err := operation(int(n)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(float64(s.loads.Load())/float64(b.N), "reads/op")
	b.ReportMetric(float64(s.swaps.Load())/float64(b.N), "writes/op")
}
