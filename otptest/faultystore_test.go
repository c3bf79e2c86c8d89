package otptest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// always returns a function that chooses the same fault for each call.
func always(f otptest.StoreFault) func(otptest.StoreCall) otptest.StoreFault {
	return func(otptest.StoreCall) otptest.StoreFault { return f }
}

// A value is created through a FaultyStore and looked for in the store behind, and then loaded.
func TestFaultyStore(t *testing.T) {
	fault := errors.New("fault")
	const stored, absent = "v", ""

	for _, test := range []struct {
		name  string
		fault func(otptest.StoreCall) otptest.StoreFault
		err   error
		value string
		took  time.Duration
	}{
		{"no function", nil, nil, stored, 0},
		{"no fault", always(otptest.StoreFault{}), nil, stored, 0},
		{"before", always(otptest.StoreFault{Before: fault}), fault, absent, 0},
		{"after", always(otptest.StoreFault{After: fault}), fault, stored, 0},
		{"before and after", always(otptest.StoreFault{Before: fault, After: errors.New("other")}),
			fault, absent, 0},
		{"delays", always(otptest.StoreFault{Delay: time.Second, ReplyDelay: 2 * time.Second}),
			nil, stored, 3 * time.Second},
		{"late fault", always(otptest.StoreFault{ReplyDelay: 2 * time.Second, After: fault}),
			fault, stored, 2 * time.Second},
		{"context ends in Delay", always(otptest.StoreFault{Delay: time.Hour}),
			context.DeadlineExceeded, absent, time.Minute},
		{"context ends in ReplyDelay", always(otptest.StoreFault{ReplyDelay: time.Hour}),
			context.DeadlineExceeded, stored, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				behind := memstore.New(nil)
				s := &otptest.FaultyStore{Store: behind, Fault: test.fault}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()

				start := time.Now()
				swapped, err := s.CompareAndSwap(ctx, "a", nil, []byte(stored), time.Time{})
				assert.Equal(t, test.err, err)
				assert.Equal(t, test.err == nil, swapped)
				assert.Equal(t, test.took, time.Since(start))

				value, err := behind.Load(t.Context(), "a")
				require.NoError(t, err)
				assert.Equal(t, test.value, string(value))

				start = time.Now()
				ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				loaded, err := s.Load(ctx, "a")
				assert.Equal(t, test.err, err)
				assert.Equal(t, test.took, time.Since(start))
				assert.Equal(t, test.err == nil, loaded != nil)
			})
		})
	}
}

// Each call is named and has a number of its own, whether or not others are made at the same time.
func TestFaultyStoreNamesTheCall(t *testing.T) {
	const callers = 16
	var mu sync.Mutex
	var calls []otptest.StoreCall
	choose := otptest.RandomFaults(1, 0.5, 0)
	s := &otptest.FaultyStore{
		Store: memstore.New(nil),
		Fault: func(c otptest.StoreCall) otptest.StoreFault {
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, c)
			return choose(c)
		},
	}

	s.Load(t.Context(), "a")
	s.CompareAndSwap(t.Context(), "b", nil, []byte("v"), time.Time{})
	require.Equal(t, []otptest.StoreCall{
		{Method: "Load", N: 1, Key: "a"}, {Method: "CompareAndSwap", N: 2, Key: "b"},
	}, calls)

	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			s.Load(t.Context(), "a")
			s.CompareAndSwap(t.Context(), "a", nil, []byte("v"), time.Time{})
		})
	}
	wg.Wait()
	numbers := map[int]bool{}
	for _, c := range calls {
		numbers[c.N] = true
	}
	require.Len(t, numbers, 2+2*callers)
}

// An error of the store behind is no fault, and comes through.
func TestFaultyStoreReturnsErrorsOfTheStore(t *testing.T) {
	s := &otptest.FaultyStore{Store: memstore.New(nil)}
	_, err := s.Load(t.Context(), "")
	require.ErrorContains(t, err, "memstore: the key must have")
}

func TestRandomFaults(t *testing.T) {
	const n, rate, maxDelay = 10_000, 0.3, time.Second
	choose := otptest.RandomFaults(1, rate, maxDelay)
	same, other := otptest.RandomFaults(1, rate, maxDelay), otptest.RandomFaults(2, rate, maxDelay)

	var before, after, differ int
	var delay, replyDelay time.Duration
	for range n {
		f := choose(otptest.StoreCall{})
		require.Equal(t, f, same(otptest.StoreCall{}), "the same seed")
		if f != other(otptest.StoreCall{}) {
			differ++
		}
		if f.Before == otptest.ErrInjected {
			before++
		}
		if f.After == otptest.ErrInjected {
			after++
		}

		require.False(t, f.Before != nil && f.After != nil, "a call has two faults")
		require.GreaterOrEqual(t, min(f.Delay, f.ReplyDelay), time.Duration(0))
		delay, replyDelay = max(delay, f.Delay), max(replyDelay, f.ReplyDelay)
	}

	assert.NotZero(t, differ, "faults that another seed chooses differently")
	assert.InDelta(t, n*rate/2, before, 200, "faults before the call; the standard deviation is 36")
	assert.InDelta(t, n*rate/2, after, 200, "faults after the call")
	for _, longest := range []time.Duration{delay, replyDelay} {
		assert.Greater(t, longest, maxDelay*9/10)
		assert.LessOrEqual(t, longest, maxDelay)
	}

	none, all := otptest.RandomFaults(1, 0, 0), otptest.RandomFaults(1, 1, 0)
	for range 1000 {
		require.Zero(t, none(otptest.StoreCall{}), "rate 0")
		f := all(otptest.StoreCall{})
		require.True(t, f.Before != nil || f.After != nil, "rate 1")
	}
}
