package otptest

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// concurrency is the number of calls at a time where a rule is about concurrency. It is below the
// 100 connections that PostgreSQL accepts.
const concurrency = 96

// parallel calls f(0) to f(n-1) at the same time and returns the first error in their order.
func parallel(n int, f func(i int) error) error {
	var ready atomic.Int64
	var done sync.WaitGroup
	errs := make([]error, n)

	for i := range n {
		done.Go(func() {
			// The goroutines spin until all are there. If a channel woke them one after the
			// other, the first would have finished before the next begins.
			ready.Add(1)
			for ready.Load() < int64(n) {
				runtime.Gosched()
			}

			errs[i] = f(i)
		})
	}
	done.Wait()
	return firstError(errs...)
}

// forEach calls f(0) to f(n-1), as many at a time as concurrency says, and returns the first error.
func forEach(n int, f func(i int) error) error {
	workers := min(n, concurrency)
	return parallel(workers, func(worker int) error {
		for i := worker; i < n; i += workers {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	})
}

func checkRaceToCreate(ctx context.Context, db handles) error {
	for range 5 {
		if err := raceOfMany(newSlot(ctx, db), ""); err != nil {
			return err
		}
	}

	const most = 30_000 // which stay behind
	prefix := newKey()[:32]
	value := func(n int64) slot { return slot{ctx, db, 0, fmt.Sprintf("%s-%d", prefix, n)} }
	created, err := raceOfTwo(most, func(process int, n int64) (bool, error) {
		return value(n).by(process).swap("", "a", inAnHour())
	})
	if err != nil {
		return err
	}
	return forEach(int(created), func(i int) error { return value(int64(i)).shows("a") })
}

func checkRaceToSwap(ctx context.Context, db handles) error {
	for range 5 {
		k := newSlot(ctx, db)
		if err := firstError(k.swaps("", "start"), raceOfMany(k, "start")); err != nil {
			return err
		}
	}

	k := newSlot(ctx, db)
	if err := k.swaps("", "0"); err != nil {
		return err
	}
	text := func(n int64) string { return strconv.FormatInt(n, 10) }
	number, err := raceOfTwo(math.MaxInt64, func(process int, n int64) (bool, error) {
		return k.by(process).swap(text(n), text(n+1), inAnHour())
	})
	return firstError(err, k.holds(text(number)))
}

// raceOfMany has as many workers as concurrency says swap from the same value, and checks that one
// of them succeeds.
func raceOfMany(k slot, from string) error {
	var wins, winner atomic.Int64

	err := parallel(concurrency, func(i int) error {
		swapped, err := k.by(i).swap(from, strconv.Itoa(i), inAnHour())
		if swapped {
			wins.Add(1)
			winner.Store(int64(i))
		}
		return err
	})
	if err != nil {
		return err
	}
	if n := wins.Load(); n != 1 {
		return fmt.Errorf("%d of %d swaps from the same value succeeded, want 1", n, concurrency)
	}
	return k.holds(strconv.FormatInt(winner.Load(), 10))
}

// A race of two ends once so many of their calls have met, or after raceTime: chance decides
// whether two calls of a fast store meet, and those of a slow one are few.
const (
	meetings = 50
	raceTime = 5 * time.Second
)

// raceOfTwo has two processes make swaps, numbered from 0 on, most at most, one after the other,
// checks that one of the two succeeds with each, and returns how many there were. Nobody waits for
// the other: each makes the swap that the faster one is at.
func raceOfTwo(most int64, swap func(process int, n int64) (bool, error)) (int64, error) {
	var number, busy, last, met atomic.Int64
	var won [2][]int64 // the numbers of the swaps, of each process
	start := time.Now()
	err := parallel(len(won), func(process int) error {
		for met.Load() < meetings && time.Since(start) < raceTime {
			n := number.Load()
			if n == most {
				break
			}

			if last.Swap(n) == n && busy.Load() > 0 { // the other is at it
				met.Add(1)
			}
			busy.Add(1)
			swapped, err := swap(process, n)
			busy.Add(-1)
			if err != nil {
				return err
			}
			if swapped {
				won[process] = append(won[process], n)
			}
			number.CompareAndSwap(n, n+1)
		}
		return nil
	})

	wins := slices.Sorted(slices.Values(slices.Concat(won[:]...)))
	once := int64(len(wins)) == number.Load() && len(slices.Compact(wins)) == len(wins)
	if err == nil && !once {
		err = fmt.Errorf("of two processes that made the same %d swaps, %d succeeded, "+
			"want one with each", number.Load(), len(wins))
	}
	return number.Load(), err
}

// checkCounter has many workers add one to a number. Each loses to each of the others at most once.
func checkCounter(ctx context.Context, db handles) error {
	const workers = 32
	k := newSlot(ctx, db)
	if err := k.swaps("", "0"); err != nil {
		return err
	}

	err := parallel(workers, func(i int) error { return k.by(i).increment(workers) })
	return firstError(err, k.holds(strconv.Itoa(workers)))
}

// increment adds one to the number in the slot, in so many tries at most.
func (k slot) increment(tries int) error {
	for range tries {
		n, err := k.number()
		if err != nil {
			return err
		}

		swapped, err := k.swap(strconv.Itoa(n), strconv.Itoa(n+1), inAnHour())
		if swapped || err != nil {
			return err
		}
	}
	return fmt.Errorf("a swap from the value that Load returned was refused %d times, "+
		"with only %d other swaps", tries, tries-1)
}

// number loads a value that is a number.
func (k slot) number() (int, error) {
	value, err := k.load()
	if err != nil {
		return 0, err
	}

	n, err := strconv.Atoi(value)
	if err != nil {
		return 0, fmt.Errorf("Load: got %s, want a number", show(value))
	}
	return n, nil
}

// checkMonotonicReads has one worker count up while others read.
func checkMonotonicReads(ctx context.Context, db handles) error {
	const swaps, readers = 100, 15
	k := newSlot(ctx, db)
	if err := k.swaps("", "0"); err != nil {
		return err
	}

	var stored atomic.Int64 // the last number whose swap has returned
	var done atomic.Bool
	write := func() error {
		defer done.Store(true)

		for n := range swaps {
			if err := k.by(n).swaps(strconv.Itoa(n), strconv.Itoa(n+1)); err != nil {
				return err
			}
			stored.Store(int64(n + 1))
		}
		return nil
	}
	read := func(k slot) error {
		shown := 0

		for !done.Load() {
			atLeast := max(shown, int(stored.Load()))
			n, err := k.number()
			if err != nil {
				return err
			}
			if n < atLeast {
				return fmt.Errorf("Load: got %d, want at least %d", n, atLeast)
			}
			shown = n
		}
		return nil
	}
	return parallel(1+readers, func(i int) error {
		if i == 0 {
			return write()
		}
		return read(k.by(i))
	})
}

func checkParallelKeys(ctx context.Context, db handles) error {
	return parallel(concurrency, func(i int) error {
		k := newSlot(ctx, db)
		last := ""

		for n := range 4 {
			value := fmt.Sprintf("%d of %d", n, i)
			if err := firstError(k.by(i+n).swaps(last, value), k.holds(value)); err != nil {
				return err
			}
			last = value
		}
		return nil
	})
}

// checkManyValues stores more than 5,000 values over each handle, which makes more than 10,000
// swaps, and looks at each. With a fast store it goes on swapping, to meet rarer losses.
func checkManyValues(ctx context.Context, db handles) error {
	const values = 11_000
	start := time.Now()

	slots := make([]slot, values)
	for i := range slots {
		slots[i] = newSlot(ctx, db).by(i)
	}
	var special []slot
	for _, expires := range []time.Time{{}, year2100} {
		k := newSlot(ctx, db)
		if err := k.swapsUntil(expires, "", k.key); err != nil {
			return err
		}
		special = append(special, k)
	}

	create := func(i int) error { return slots[i].swaps("", slots[i].key) }
	look := func(i int) error { return slots[i].by(i + 1).shows(slots[i].key) }
	if err := forEach(values, create); err != nil {
		return err
	}
	if err := forEach(values, look); err != nil {
		return fmt.Errorf("after %d swaps under other keys: %w", values, err)
	}
	for _, k := range special {
		if err := k.holds(k.key); err != nil {
			return fmt.Errorf("after %d swaps under other keys, for a late expiry: %w", values, err)
		}
	}
	return checkManySwaps(ctx, db, start.Add(2*time.Second))
}

// checkManySwaps swaps until the given time, 100,000 times at most. A swap that was not stored
// makes the store refuse the next one.
func checkManySwaps(ctx context.Context, db handles, until time.Time) error {
	const swaps = 100_000
	return parallel(concurrency, func(i int) error {
		k := newSlot(ctx, db)
		last := ""

		for n := range swaps / concurrency {
			if time.Now().After(until) {
				break
			}

			value := strconv.Itoa(n)
			if err := k.by(i+n).swaps(last, value); err != nil {
				return err
			}
			last = value
		}
		return k.holds(last)
	})
}
