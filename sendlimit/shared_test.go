package sendlimit_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sendlimit"
)

// A callCounter counts what is asked of a store, and keeps its keys.
type callCounter struct {
	otp.Store
	calls, swaps atomic.Int64
	keys         sync.Map
}

func (c *callCounter) Load(ctx context.Context, key string) ([]byte, error) {
	c.calls.Add(1)
	return c.Store.Load(ctx, key)
}

func (c *callCounter) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	c.calls.Add(1)
	c.swaps.Add(1)
	c.keys.Store(key, new)
	return c.Store.CompareAndSwap(ctx, key, old, new, expires)
}

// over returns options with one limit for all, over a store.
func over(store otp.Store, count int) sendlimit.Options {
	return sendlimit.Options{
		Total: []otp.Limit{{Count: count, Window: time.Hour}},
		Store: store, Secret: bytes.Repeat([]byte{7}, 32), Name: "sms",
		Log: slog.New(slog.DiscardHandler),
	}
}

// pump has 20 instances send messages, and returns how many were refused otherwise than by the
// limit.
func pump(t *testing.T, messages int, next otp.Sender, opts sendlimit.Options) (failed int) {
	t.Helper()
	var failures atomic.Int64
	var all sync.WaitGroup

	for range 20 {
		instance := newSender(t, next, opts)
		for range 4 { // at once
			all.Go(func() {
				for range messages / 80 {
					err := instance.Send(t.Context(), otp.Message{To: "+4915112345678"})
					if err != nil && !errors.Is(err, sendlimit.ErrExceeded) {
						failures.Add(1)
					}
				}
			})
		}
	}
	all.Wait()
	return int(failures.Load())
}

// randomly delays each call and, if asked to, makes half of them fail: before the store has seen
// them, or after.
func randomly(failing bool) func(otptest.StoreCall) otptest.StoreFault {
	down := errors.New("down")
	return func(otptest.StoreCall) otptest.StoreFault {
		fault := otptest.StoreFault{Delay: rand.N(5 * time.Millisecond)}
		switch chance := rand.IntN(4); {
		case failing && chance == 0:
			fault.Before = down
		case failing && chance == 1:
			fault.After = down
		}
		return fault
	}
}

// Twenty instances let no message more leave than one, nearly all that they may, and ask the store
// for few.
func TestManyInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &otptest.FaultyStore{Store: memstore.New(nil), Fault: randomly(false)}
		store, next := &callCounter{Store: slow}, &counter{}

		require.Zero(t, pump(t, 100_000, next, over(store, 5000)))
		require.LessOrEqual(t, next.sent.Load(), int32(5000))
		require.GreaterOrEqual(t, next.sent.Load(), int32(4900))
		require.LessOrEqual(t, store.swaps.Load(), int64(5000))
	})
}

// Where half of the calls fail, whether the store has seen them or not, still not one is too many.
func TestStoreThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &otptest.FaultyStore{Store: memstore.New(nil), Fault: randomly(true)}
		next := &counter{}

		require.Positive(t, pump(t, 16_000, next, over(store, 1000)))
		require.LessOrEqual(t, next.sent.Load(), int32(1000))
		require.Positive(t, next.sent.Load())
	})
}

// A loser is a store that loses the answers to some swaps: it says that the swap was lost, as a
// client does that has tried again by itself, or returns the error.
type loser struct {
	otp.Store
	loses func() bool
	err   error
}

func (l *loser) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	swapped, err := l.Store.CompareAndSwap(ctx, key, old, new, expires)
	if l.loses() {
		return false, l.err
	}
	return swapped, err
}

// No period of the Window sees more messages than Count, over days of random instances that come
// and go, and of swaps that fail or are told to be lost, though they may have won.
func TestAnyPeriodOfTheWindow(t *testing.T) {
	failing := &otptest.FaultyStore{Store: memstore.New(nil), Fault: randomly(true)}
	retrying := &loser{memstore.New(nil), func() bool { return rand.IntN(2) == 0 }, nil}
	for name, store := range map[string]otp.Store{
		"plain": memstore.New(nil), "retrying": retrying, "failing": failing,
	} {
		synctest.Test(t, func(t *testing.T) {
			const count = 400
			random := rand.New(rand.NewPCG(3, 4))
			next := &counter{}
			instances := make([]*sendlimit.Sender, 5)
			var left []time.Time

			for range 1000 {
				time.Sleep(time.Duration(random.IntN(180)) * time.Second)
				i := random.IntN(len(instances))
				if instances[i] == nil || random.IntN(200) == 0 { // or a restart
					instances[i] = newSender(t, next, over(store, count))
				}

				for range random.IntN(60) {
					if instances[i].Send(t.Context(), otp.Message{}) != nil {
						continue
					}
					left = append(left, time.Now())
					if n := len(left); n > count {
						require.GreaterOrEqual(t, left[n-1].Sub(left[n-1-count]), time.Hour, name)
					}
				}
			}
			require.Greater(t, len(left), 1000*90/3600*count/4, "%s: little leaves", name)
		})
	}
}

// A limit of all that is used up is remembered, for all groups, and all of it comes back.
func TestUsedUpAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, next := &callCounter{Store: memstore.New(nil)}, &counter{}
		opts := over(store, 100)
		opts.PerGroup = []otp.Limit{{Count: 500, Window: time.Hour}}
		opts.Group = sendlimit.EmailDomain
		a, b := newSender(t, next, opts), newSender(t, next, opts)
		drain := func() {
			for _, s := range []*sendlimit.Sender{a, b} {
				for s.Send(t.Context(), otp.Message{}) == nil {
				}
			}
		}

		drain()
		require.EqualValues(t, 100, next.sent.Load())
		calls := store.calls.Load()
		for group := range 1000 {
			m := otp.Message{To: fmt.Sprintf("ada@%d.example", group)}
			require.Equal(t, sendlimit.ErrExceeded, a.Send(t.Context(), m))
		}
		require.Equal(t, calls, store.calls.Load())

		time.Sleep(time.Hour)
		require.Equal(t, sendlimit.ErrExceeded, a.Send(t.Context(), otp.Message{}))
		time.Sleep(time.Hour / 8)
		drain()
		require.EqualValues(t, 200, next.sent.Load())
	})
}

// What is unspent of a lease goes back with the next one, and is lost with its instance at most.
func TestUnspentLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, next := memstore.New(nil), &counter{}
		send := func(s *sendlimit.Sender, n int) (sent int) {
			for range n {
				if s.Send(t.Context(), otp.Message{}) == nil {
					sent++
				}
			}
			return sent
		}

		// 1 + 4 + 16 + 30 of the fourth lease, of 64: thirty-four are unspent.
		slow := newSender(t, next, over(store, 10_000))
		require.Equal(t, 51, send(slow, 51))

		// It dies: they are lost, and no more.
		other := newSender(t, next, over(store, 10_000))
		require.Equal(t, 10_000-51-34, send(other, 11_000))

		// A second hour: it lives, and gives them back when its lease has ended.
		time.Sleep(2 * time.Hour)
		slow = newSender(t, next, over(store, 10_000))
		other = newSender(t, next, over(store, 10_000))
		require.Equal(t, 51, send(slow, 51))
		time.Sleep(5 * time.Minute)
		require.Equal(t, 1, send(slow, 1))
		require.GreaterOrEqual(t, send(other, 11_000), 10_000-51-4*30)
	})
}

// The rest of a lease is given back once, where the swap that gives it back has won but is told to
// be lost, or where its answer is.
func TestRestIsGivenBackOnce(t *testing.T) {
	for _, lost := range []error{nil, errors.New("no answer")} {
		synctest.Test(t, func(t *testing.T) {
			var loses atomic.Bool
			held := &loser{memstore.New(nil),
				func() bool { return loses.CompareAndSwap(true, false) }, lost}
			next := &counter{}
			a, b := newSender(t, next, over(held, 1000)), newSender(t, next, over(held, 1000))
			drain := func() {
				for b.Send(t.Context(), otp.Message{}) == nil {
				}
			}

			for range 1 + 4 + 16 + 1 { // of the fourth lease, of 61, sixty are unspent
				require.NoError(t, a.Send(t.Context(), otp.Message{}))
			}
			drain()
			require.EqualValues(t, 1000-60, next.sent.Load())

			time.Sleep(4 * time.Minute)
			loses.Store(true)
			for range 3 {
				a.Send(t.Context(), otp.Message{}) //nolint:errcheck // counted
			}
			drain()
			require.LessOrEqual(t, next.sent.Load(), int32(1000))
			require.Greater(t, next.sent.Load(), int32(1000-60))
		})
	}
}

// A lease that has ended while the store was asked, for it or for that of another limit, is not
// spent: the message would count too early.
func TestSlowStore(t *testing.T) {
	for name, lastsLong := range map[string]bool{"all calls": false, "those of one limit": true} {
		synctest.Test(t, func(t *testing.T) {
			first := ""
			store := &otptest.FaultyStore{Store: memstore.New(nil)}
			store.Fault = func(call otptest.StoreCall) (fault otptest.StoreFault) {
				first = cmp.Or(first, call.Key)
				if !lastsLong || call.Key != first {
					fault.Delay = 4 * time.Second
				}
				return fault
			}
			opts := over(store, 100)
			if !lastsLong {
				opts.Total[0].Window = time.Minute
			}
			opts.PerGroup = []otp.Limit{{Count: 5, Window: time.Minute}}
			opts.Group = sendlimit.EmailDomain
			next := &counter{}
			sender := newSender(t, next, opts)

			err := sender.Send(t.Context(), otp.Message{})
			require.ErrorIs(t, err, otp.ErrNotSent, name)
			require.NotErrorIs(t, err, sendlimit.ErrExceeded, name)
			require.Zero(t, next.sent.Load(), name)
			if lastsLong {
				require.NoError(t, sender.Send(t.Context(), otp.Message{}), "there is a lease now")
			}
		})
	}
}

// What one limit refuses is put back into the others.
func TestRefusalsArePutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := over(memstore.New(nil), 2)
		opts.Total[0].Window = time.Minute
		opts.PerGroup = []otp.Limit{{Count: 3, Window: 24 * time.Hour}}
		opts.Group = sendlimit.EmailDomain
		next := &counter{}
		sender := newSender(t, next, opts)
		message := otp.Message{To: "ada@example.com"}

		for range 10 {
			sender.Send(t.Context(), message) //nolint:errcheck // counted
		}
		require.EqualValues(t, 2, next.sent.Load())
		time.Sleep(2 * time.Minute)
		require.NoError(t, sender.Send(t.Context(), message))
	})
}

// A message is taken from each limit or from none, and from that of its group first.
func TestSharedGroups(t *testing.T) {
	store := memstore.New(nil)
	opts := over(store, 10)
	opts.PerGroup = []otp.Limit{{Count: 4, Window: time.Hour}, {Count: 5, Window: 24 * time.Hour}}
	opts.Group = sendlimit.PhonePrefix(6)
	next := &counter{}
	a, b := newSender(t, next, opts), newSender(t, next, opts)

	for range 10 {
		a.Send(t.Context(), otp.Message{To: "+49 (0)151 12345678"}) //nolint:errcheck // counted
		b.Send(t.Context(), otp.Message{To: "004915112345679"})     //nolint:errcheck // likewise
	}
	require.EqualValues(t, 4, next.sent.Load())

	for i := range 20 {
		to := fmt.Sprintf("+33612%d0678", i)
		a.Send(t.Context(), otp.Message{To: to}) //nolint:errcheck // likewise
	}
	require.EqualValues(t, 10, next.sent.Load(), "what the group refused has counted for all")
}

// Nothing of an address stands in the store, or in the log of a store that fails, and nobody else
// has these limits.
func TestSharedSecrets(t *testing.T) {
	store := &callCounter{Store: memstore.New(nil)}
	opts := over(store, 1)
	opts.PerGroup, opts.Group = opts.Total, sendlimit.EmailDomain
	m := otp.Message{To: "ada@example.com"}

	for _, change := range []func(*sendlimit.Options){
		func(*sendlimit.Options) {},
		func(o *sendlimit.Options) { o.Name = "mail" },
		func(o *sendlimit.Options) { o.Secret = bytes.Repeat([]byte{8}, 32) },
	} {
		others := opts
		change(&others)
		require.NoError(t, newSender(t, &counter{}, others).Send(t.Context(), m))
		require.ErrorIs(t, newSender(t, &counter{}, others).Send(t.Context(), m),
			sendlimit.ErrExceeded)
	}

	keys := 0
	store.keys.Range(func(key, value any) bool {
		keys++
		assert.Regexp(t, "^[A-Za-z0-9_-]{43}$", key)
		assert.Len(t, value, 81)
		assert.NotContains(t, string(value.([]byte)), "example")
		return true
	})
	require.Equal(t, 6, keys)

	require.Equal(t, "[redacted] [redacted]", fmt.Sprintf("%v %#v", opts, &opts))

	var log bytes.Buffer
	opts.Log = slog.New(slog.NewTextHandler(&log, nil))
	opts.Store = &otptest.FaultyStore{Store: store,
		Fault: func(otptest.StoreCall) otptest.StoreFault {
			return otptest.StoreFault{Before: errors.New("down")}
		}}
	err := newSender(t, &counter{}, opts).Send(t.Context(), m)
	require.EqualError(t, err, "sendlimit: not sent: the store of the limits failed")
	require.Contains(t, log.String(), "level=ERROR")
	require.Contains(t, log.String(), "limits=sms")
	require.Contains(t, log.String(), "down")
	require.NotContains(t, log.String(), "example.com")
	require.Equal(t, 1, strings.Count(log.String(), "\n"))
}

// A value that is no record, or of a later version, refuses.
func TestForeignValue(t *testing.T) {
	store := &callCounter{Store: memstore.New(nil)}
	send := func() error {
		return newSender(t, &counter{}, over(store, 1)).Send(t.Context(), otp.Message{})
	}
	require.NoError(t, send())

	store.keys.Range(func(key, value any) bool {
		later := slices.Clone(value.([]byte))
		later[0]++
		swapped, err := store.Store.CompareAndSwap(t.Context(), key.(string), value.([]byte), later,
			time.Time{})
		require.NoError(t, err)
		require.True(t, swapped)
		return true
	})
	require.ErrorContains(t, send(), "the store of the limits failed")
}
