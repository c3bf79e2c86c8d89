package histories

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/linear"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
	"pgregory.net/rapid"
)

// TestLinearizableOverMemstore has clients call two instances at once, over a store that is slow, fails and loses replies,
// and checks that some order of the calls explains what all of them saw. Delays are those of testing/synctest.
func TestLinearizableOverMemstore(t *testing.T) {
	totals := map[string]int{}
	histories, undecided := 0, 0
	check := func(rt *rapid.T) {
		plan := linear.Drawn(true).Draw(rt, "plan")
		var r *linear.Recorder
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Duration(plan.Seed % uint64(time.Second)))
			store := &otptest.FaultyStore{Store: memstore.New(nil), Fault: otptest.RandomFaults(plan.Seed, plan.Faults, plan.Delay)}
			var err error
			r, err = linear.NewRecorder("ada@example.com", store, keys["secret"], plan.Instances...)
			if err != nil {
				t.Fatal(err)
			}
			plan.Run(t.Context(), r)
		})
		r.Counts(totals)
		histories++
		switch verdict := r.Check(10 * time.Second); {
		case errors.Is(verdict, linear.ErrUndecided):
			undecided++
		case verdict != nil:
			rt.Fatal(verdict)
		}
	}
	checkTimes(t, *concurrent, check)
	if t.Failed() {
		return
	}
	t.Logf("%d concurrent histories, %d calls, 0 not linearizable, %d undecided; steps: %v", histories, totals["calls"], undecided, totals)
	if undecided*100 > histories {
		t.Errorf("%d of %d histories could not be decided", undecided, histories)
	}
	if histories < 300 {
		return
	}
	for _, step := range []string{
		"send", "send?", "observe", "verify", "verify?", "wrong?", "revoke", "revoke?", "unlock", "status",
		"send: " + otp.ErrLimited.Error(), "verify: " + otp.ErrMismatch.Error(), "verify: " + otp.ErrUsed.Error(), "verify: " + otp.ErrRepeated.Error(),
		"verify: " + otp.ErrExhausted.Error(),
	} {
		if totals[step] == 0 {
			t.Errorf("no history has come across %q", step)
		}
	}
}
