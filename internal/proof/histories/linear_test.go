package histories

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/linear"
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
		r := record(t, linear.Drawn(true).Draw(rt, "plan"))
		r.Counts(totals)
		histories++

		err := r.Check(10 * time.Second)
		if errors.Is(err, linear.ErrUndecided) {
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
		"status", "send: " + otp.ErrLimited.Error(), "verify: " + otp.ErrMismatch.Error(),
		"verify: " + otp.ErrUsed.Error(), "verify: " + otp.ErrRepeated.Error(),
		"verify: " + otp.ErrExhausted.Error(),
	} {
		assert.Positive(t, totals[step], "histories that have come across %q", step)
	}
}

// record carries out a plan and returns what the clients saw.
func record(t *testing.T, plan linear.Plan) (r *linear.Recorder) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Duration(plan.Seed % uint64(time.Second))) // off the full second

		store := &otptest.FaultyStore{
			Store: memstore.New(nil),
			Fault: otptest.RandomFaults(plan.Seed, plan.Faults, plan.Delay),
		}
		var err error
		r, err = linear.NewRecorder(
			"ada@example.com", store, keys["secret"], plan.Instances...)
		require.NoError(t, err)

		plan.Run(t.Context(), r)
	})
	return r
}
