package harness

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sendlimit"
)

// A flood is what many instances send against one limit.
type flood struct {
	messages, limit int
	failing         bool // half of the calls of the store fail, before or after they are made

	sent, failed, swaps atomic.Int64
}

// pumpInstances is the number of instances of a flood, each of which sends four messages at a time.
const pumpInstances = 20

// Pump has 20 instances of package sendlimit send 100,000 messages against a limit of 5,000. Nearly
// as many must leave and no more, with few swaps; and no more where half of the calls fail.
func Pump(ctx context.Context, store otp.Store) error {
	f := &flood{messages: 100_000, limit: 5000}
	if err := f.run(ctx, store); err != nil {
		return err
	}
	sent, failed, swaps := f.sent.Load(), f.failed.Load(), f.swaps.Load()
	if failed == 0 && sent < 4900 || swaps > 5000 { // a server under load may fail
		return fmt.Errorf("%d of 5000 messages left, %d failed, by %d swaps", sent, failed, swaps)
	}

	f = &flood{messages: 800, limit: 40, failing: true}
	if err := f.run(ctx, store); err != nil {
		return err
	}
	if f.sent.Load() == 0 || f.failed.Load() == 0 {
		return fmt.Errorf("over a store that fails, %d messages left and %d failed",
			f.sent.Load(), f.failed.Load())
	}
	return nil
}

// run sends the messages. It returns an error if more leave than the limit allows.
func (f *flood) run(ctx context.Context, store otp.Store) error {
	next := otp.SenderFunc(func(context.Context, otp.Message) error {
		f.sent.Add(1)
		return nil
	})

	var all sync.WaitGroup
	for range pumpInstances {
		sender, err := sendlimit.New(next, sendlimit.Options{
			Total:  []otp.Limit{{Count: f.limit, Window: time.Hour}},
			Store:  &otptest.FaultyStore{Store: store, Fault: f.fault},
			Secret: make([]byte, 32), Name: fmt.Sprint("limit of ", f.limit),
			Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			return err
		}

		for range 4 {
			all.Go(func() { f.send(ctx, sender) })
		}
	}
	all.Wait()

	if sent := f.sent.Load(); sent > int64(f.limit) {
		return fmt.Errorf("%d messages left, of %d that may", sent, f.limit)
	}
	return nil
}

// send sends the share of one of an instance's four.
func (f *flood) send(ctx context.Context, sender otp.Sender) {
	for range f.messages / pumpInstances / 4 {
		err := sender.Send(ctx, otp.Message{})
		if err != nil && !errors.Is(err, sendlimit.ErrExceeded) {
			f.failed.Add(1)
		}
	}
}

var errPump = errors.New("down")

func (f *flood) fault(call otptest.StoreCall) (fault otptest.StoreFault) {
	if call.Method == "CompareAndSwap" {
		f.swaps.Add(1)
	}
	switch chance := rand.IntN(4); {
	case f.failing && chance == 0:
		fault.Before = errPump
	case f.failing && chance == 1:
		fault.After = errPump
	}
	return fault
}
