package memstore_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-5978b5f1/otp/memstore"
)

// filled returns a store of n values, all "v", and their keys.
func filled(b *testing.B, n int) (*memstore.Store, []string) {
	f := newFixture(b, 0)
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%043d", i)
		f.create(keys[i], time.Now().Add(time.Hour))
	}
	return f.Store, keys
}

func BenchmarkLoad(b *testing.B) {
	s, keys := filled(b, 100_000)
	ctx := context.Background()
	var workers atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := int(workers.Add(1)) * 7919; pb.Next(); i++ {
			s.Load(ctx, keys[i%len(keys)])
		}
	})
}

func BenchmarkSwap(b *testing.B) {
	s, keys := filled(b, 100_000)
	ctx := context.Background()
	value, expires := []byte("v"), time.Now().Add(time.Hour)
	var workers atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := int(workers.Add(1)) * 7919; pb.Next(); i++ {
			s.CompareAndSwap(ctx, keys[i%len(keys)], value, value, expires)
		}
	})
}

// BenchmarkCreate creates values that expire at once, so that each call also removes one.
func BenchmarkCreate(b *testing.B) {
	_, keys := filled(b, 100_000)
	s := memstore.New(nil)
	ctx := context.Background()
	value, expired := []byte("w"), time.Unix(1, 0)
	var workers atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := int(workers.Add(1)) * 7919; pb.Next(); i++ {
			s.CompareAndSwap(ctx, keys[i%len(keys)], nil, value, expired)
		}
	})
}

// BenchmarkFull is the price of a refusal: the look into all shards.
func BenchmarkFull(b *testing.B) {
	f := newFixture(b, 1)
	f.create("a", time.Time{})
	value := []byte("v")
	for b.Loop() {
		f.CompareAndSwap(context.Background(), "b", nil, value, time.Time{})
	}
}
