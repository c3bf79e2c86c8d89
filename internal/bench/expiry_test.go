package bench

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// BenchmarkExpiry times every single Send and Verify while a million values that have expired are cleaned up, and the
// same while there is nothing to clean up. It reports the longest and the 99.9th percentile.
//
// Time is that of the thread, so that other processes do not count, and the garbage collector is off, so that what is
// left is the work of the calls themselves: the bound is on the work that expiry makes. BenchmarkLive has the rest.
func BenchmarkExpiry(b *testing.B) {
	for _, bench := range []struct {
		name    string
		expired int
	}{{"million", 1_000_000}, {"none", 0}} {
		b.Run(bench.name, func(b *testing.B) {
			var took []time.Duration
			for range b.N {
				took = append(took, timeCalls(b, bench.expired)...)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)-1]), "max-ns")
			b.ReportMetric(float64(took[len(took)*999/1000]), "p99.9-ns")
			b.ReportMetric(float64(took[len(took)/2]), "median-ns")
		})
	}
}

// timeCalls returns what each call takes of so many that all of the expired values go meanwhile.
func timeCalls(b *testing.B, expired int) []time.Duration {
	b.StopTimer()
	store := newStore()
	value := make([]byte, spentSize)
	storeAll := func(old []byte, expires time.Time) {
		for i := range expired {
			swapped, err := store.CompareAndSwap(context.Background(), fmt.Sprintf("%043d", i), old, value, expires)
			if !swapped || err != nil {
				b.Fatal("not stored", err)
			}
		}
	}
	storeAll(nil, time.Time{})
	storeAll(value, time.Now()) // replacing a value removes none, unlike adding one
	c := newClient(b, store)
	to := addresses(300_000) // each creates a value, which removes up to four
	took := make([]time.Duration, 0, 2*len(to))

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	b.StartTimer()
	for _, to := range to {
		start := threadTime()
		c.send(b, to)
		sent := threadTime()
		c.verify(b, to)
		took = append(took, sent-start, threadTime()-sent)
	}
	b.StopTimer()
	if store.Len() != len(to) {
		b.Errorf("the store holds %d values, want %d: not all that expired have gone", store.Len(), len(to))
	}
	return took
}

// threadTime returns the processor time that this thread has used.
func threadTime() time.Duration {
	const clockThreadCPUTimeID = 3
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPUTimeID, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		panic(errno)
	}
	return time.Duration(t.Nano())
}
