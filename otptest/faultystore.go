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

// FaultyStore passes calls on to a Store and injects faults: errors, lost replies and delays. It is
// safe for concurrent use.
//
// A Service tells the two methods apart. An operation whose first Load fails ends with that error,
// since nothing has happened yet and the caller may call again. After an error of CompareAndSwap
// the operation finds out whether the swap has happened and tries it again, a few times. So an
// operation over a FaultyStore that fails now and then fails now and then, too.
type FaultyStore struct {
	// Store does the work. Required.
	Store otp.Store

	// Fault chooses what goes wrong with a call. The zero StoreFault is nothing, and so is a nil
	// function. It is called concurrently by concurrent calls.
	Fault func(StoreCall) StoreFault

	calls atomic.Int64
}

var _ otp.Store = (*FaultyStore)(nil)

// StoreCall describes a call of a FaultyStore.
type StoreCall struct {
	// Method is "Load" or "CompareAndSwap".
	Method string

	// N counts the calls of both methods, from 1.
	N int

	// Key is the key that was given.
	Key string
}

// StoreFault is what goes wrong with a call. Its fields are in the order in which they take effect.
type StoreFault struct {
	// Delay passes before the call is made. If ctx ends meanwhile, the call is not made, and
	// ctx.Err is returned.
	Delay time.Duration

	// Before, if set, is returned in place of making the call.
	Before error

	// ReplyDelay passes after the call was made. If ctx ends meanwhile, the reply is lost: ctx.Err
	// is returned although the call was made.
	ReplyDelay time.Duration

	// After, if set, is returned although the call was made: the reply is lost. A swap may have
	// happened that the caller does not know of.
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
func (s *FaultyStore) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (swapped bool, err error) {
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
	var f StoreFault
	if s.Fault != nil {
		f = s.Fault(StoreCall{Method: method, N: n, Key: key})
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

// sleep returns after d, or with the error of ctx once that ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}

	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// RandomFaults returns a function for FaultyStore.Fault. Calls fail with ErrInjected at the given
// rate (0 to 1), half of them before they are made and half after. Each call, failing or not, is
// delayed by up to maxDelay on the way there and again on the way back. The nth choice depends only
// on seed and n.
func RandomFaults(seed uint64, rate float64, maxDelay time.Duration) func(StoreCall) StoreFault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	return func(StoreCall) StoreFault {
		mu.Lock()
		defer mu.Unlock()

		f := StoreFault{
			Delay:      time.Duration(random.Float64() * float64(maxDelay)),
			ReplyDelay: time.Duration(random.Float64() * float64(maxDelay)),
		}
		switch p := random.Float64(); {
		case p < rate/2:
			f.Before = ErrInjected
		case p < rate:
			f.After = ErrInjected
		}
		return f
	}
}
