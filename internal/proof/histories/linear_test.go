package histories

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// TestLinearizableOverMemstore has clients call two instances at once, over a store that is slow,
// fails and loses replies, and checks that some order of the calls explains what all of them saw.
// Delays are those of testing/synctest.
func TestLinearizableOverMemstore(t *testing.T) {
	totals := map[string]int{}
	histories, undecided := 0, 0
	checkTimes(t, *concurrent, func(rt *rapid.T) {
		r := record(t, plans().Draw(rt, "plan"), totals)
		histories++

		err := r.check(10 * time.Second)
		if errors.Is(err, errUndecided) {
			undecided++
			return
		}
		require.NoError(rt, err)
	})

	if t.Failed() {
		return
	}
	t.Logf("%d concurrent histories, %d calls, 0 not linearizable, %d undecided; steps: %v",
		histories, totals["calls"], undecided, totals)
	require.LessOrEqual(t, undecided*100, histories, "histories that could not be decided")
	if histories < 300 {
		return
	}

	for _, step := range []string{
		"send", "send?", "observe", "verify", "verify?", "wrong?", "revoke", "revoke?", "unlock",
		"status", "check", "revoke-all", "spend", "spend?", "spend: " + otp.ErrUsed.Error(),
		"spend: " + otp.ErrRepeated.Error(), "send: " + otp.ErrLimited.Error(),
		"send: " + otp.ErrLiveCodes.Error(), "verify: " + otp.ErrMismatch.Error(),
		"verify: " + otp.ErrUsed.Error(), "verify: " + otp.ErrRepeated.Error(),
		"verify: " + otp.ErrExhausted.Error(),
	} {
		assert.Positive(t, totals[step], "histories that have come across %q", step)
	}
}

// record carries out a plan and returns what the clients saw.
func record(t *testing.T, p plan, counts map[string]int) (r *recorder) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Duration(p.seed % uint64(time.Second))) // off the full second

		var store otp.Store = memstore.New(nil)
		if p.late {
			store = &late{Store: store, seed: p.seed, rate: p.faults / 2}
		}
		store = &otptest.FaultyStore{
			Store: store,
			Fault: otptest.RandomFaults(p.seed, p.faults, p.delay),
		}
		if p.repeats {
			store = repeating{store}
		}

		var err error
		r, err = newRecorder(p, store, counts)
		require.NoError(t, err)
		p.run(t.Context(), r)
	})
	return r
}

// repeating tries a failed swap again, and so may find its own write: it then reports a lost race.
type repeating struct{ otp.Store }

func (s repeating) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (swapped bool, err error) {
	for range 3 {
		swapped, err = s.Store.CompareAndSwap(ctx, key, old, new, expires)
		if err == nil {
			break
		}
	}
	return swapped, err
}

// late reports some swaps as failed that happen up to ten milliseconds later.
type late struct {
	otp.Store
	seed  uint64
	rate  float64
	swaps atomic.Uint64
}

func (s *late) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	random := rand.New(rand.NewPCG(s.seed, s.swaps.Add(1)))
	if random.Float64() >= s.rate {
		return s.Store.CompareAndSwap(ctx, key, old, new, expires)
	}

	old, new = bytes.Clone(old), bytes.Clone(new)
	time.AfterFunc(time.Duration(random.Int64N(int64(10*time.Millisecond))), func() {
		s.Store.CompareAndSwap(context.WithoutCancel(ctx), key, old, new, expires)
	})
	return false, otptest.ErrInjected
}
