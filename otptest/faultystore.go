package otptest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// ErrInjected is the error of the faults that RandomFaults chooses.
var ErrInjected = errors.New("otptest: injected fault")

// FaultyStore passes calls on to a Store and injects faults: errors, lost replies and delays. It is safe for concurrent
// use.
type FaultyStore struct {
	// Store does the work. Required.
	Store otp.Store
	// Fault chooses what goes wrong with a call; the zero Fault is nothing. Concurrent calls call it concurrently. If
	// it is nil, nothing goes wrong.
	Fault func(Call) Fault

	calls atomic.Int64
}

var _ otp.Store = (*FaultyStore)(nil)

// Call describes a call of a FaultyStore.
type Call struct {
	// Method is "Load" or "CompareAndSwap".
	Method string
	// N counts the calls of both methods: 1 for the first.
	N int
	// Key is the key that was given.
	Key string
}

// Fault is what goes wrong with a call, in the order in which it happens.
type Fault struct {
	// Delay passes before the call is made. If ctx ends meanwhile, the call is not made and returns ctx.Err.
	Delay time.Duration
	// Before, if set, is returned in place of making the call.
	Before error
	// ReplyDelay passes between the call and its reply. If ctx ends meanwhile, the reply is lost: the call was made,
	// and returns ctx.Err.
	ReplyDelay time.Duration
	// After, if set, is returned although the call was made: its reply is lost. A swap may have happened that the
	// caller does not know of.
	After error
}

// Load calls Load of the Store.
func (s *FaultyStore) Load(ctx context.Context, key string) (value []byte, err error) {
	err = s.call(ctx, "Load", key, func() error {
		value, err = s.Store.Load(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// CompareAndSwap calls CompareAndSwap of the Store.
func (s *FaultyStore) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (swapped bool, err error) {
	err = s.call(ctx, "CompareAndSwap", key, func() error {
		swapped, err = s.Store.CompareAndSwap(ctx, key, old, new, expires)
		return err
	})
	if err != nil {
		return false, err
	}
	return swapped, nil
}

// call makes a call with the fault that is chosen for it.
func (s *FaultyStore) call(ctx context.Context, method, key string, do func() error) error {
	n := int(s.calls.Add(1))
	var f Fault
	if s.Fault != nil {
		f = s.Fault(Call{Method: method, N: n, Key: key})
	}
	if err := sleep(ctx, f.Delay); err != nil {
		return err
	}
	if f.Before != nil {
		return f.Before
	}
	if err := do(); err != nil {
		return err
	}
	if err := sleep(ctx, f.ReplyDelay); err != nil {
		return err
	}
	return f.After
}

// sleep waits for d, or until ctx ends and then returns its error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// RandomFaults returns a chooser for FaultyStore.Fault. Of all calls, the given rate (0 to 1) fail with ErrInjected, as
// many before they are made as after; and each call, failing or not, is delayed by up to maxDelay on the way there and
// again on the way back. The nth choice depends on nothing but seed and n.
func RandomFaults(seed uint64, rate float64, maxDelay time.Duration) func(Call) Fault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	return func(Call) Fault {
		mu.Lock()
		defer mu.Unlock()
		var f Fault
		f.Delay = time.Duration(random.Float64() * float64(maxDelay))
		f.ReplyDelay = time.Duration(random.Float64() * float64(maxDelay))
		switch p := random.Float64(); {
		case p < rate/2:
			f.Before = ErrInjected
		case p < rate:
			f.After = ErrInjected
		}
		return f
	}
}
