package otp

import (
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

func TestDefaults(t *testing.T) {
	assert.Equal(t, Policy{
		Alphabet: Digits, Length: 6, MaxLength: 10,
		MaxAttempts: 5, MaxFailures: 50, MaxLiveCodes: 3,
		Lifetime: 10 * time.Minute, FailureWindow: 30 * day,
		MinSendTime: 500 * time.Millisecond, DeliveryTimeout: 10 * time.Second,
		SendLimits: []Limit{{1, time.Minute}, {5, time.Hour}, {10, day}},
	}, Policy{}.withDefaults())

	// MaxLength: four symbols more, or the alphabet's longest.
	for _, c := range []struct{ policy, want Policy }{
		{Policy{Length: 12}, Policy{MaxLength: 14}},
		{Policy{Alphabet: Letters, Length: 5}, Policy{MaxLength: 9}},
		{Policy{Alphabet: Letters, Length: 8}, Policy{MaxLength: 11}},
		{Policy{Length: 8, Lock: true}, Policy{}},
	} {
		assert.Equal(t, c.want.MaxLength, c.policy.withDefaults().MaxLength)
	}
}

// Each value is taken at its bounds. Beyond them, the error names the field, the value and the
// bound.
func TestBoundsOfThePolicy(t *testing.T) {
	limit := func(l Limit) Policy { return Policy{SendLimits: []Limit{l}} }
	limits := func(n int) Policy {
		p := Policy{SendLimits: []Limit{}}
		for i := range n {
			p.SendLimits = append(p.SendLimits, Limit{1, time.Duration(i+1) * time.Second})
		}
		return p
	}

	for _, c := range []struct {
		policy Policy
		want   string // the error, "" for none
	}{
		{Policy{Alphabet: -1}, "Policy.Alphabet is -1: it must be Digits or Letters"},
		{Policy{Alphabet: 2}, "Policy.Alphabet is 2: it must be Digits or Letters"},
		{Policy{Length: 5}, "Policy.Length is 5: it must be 6 to 14"},
		{Policy{Length: 14}, ""},
		{Policy{Length: 15, MaxLength: 15}, "Policy.Length is 15: it must be 6 to 14"},
		{Policy{Alphabet: Letters, Length: 4}, "Policy.Length is 4: it must be 5 to 11"},
		{Policy{Alphabet: Letters, Length: 5}, ""},
		{Policy{Alphabet: Letters, Length: 12}, "Policy.Length is 12: it must be 5 to 11"},
		{Policy{Length: 8, MaxLength: 7}, "Policy.MaxLength is 7: it must be 9 to 14"},
		{Policy{MaxLength: 15}, "Policy.MaxLength is 15: it must be 7 to 14"},
		{Policy{MaxLength: 14}, ""},
		{Policy{MaxLength: 6},
			"Policy.MaxLength is 6, as is Length: it must be 7 to 14, or set Policy.Lock"},
		{Policy{Length: 14, MaxLength: 14}, ""},
		{Policy{Lock: true}, ""},
		{Policy{Lock: true, Length: 14}, ""},
		{Policy{Lock: true, MaxLength: 6},
			"Policy.MaxLength is 6: a policy that locks (Policy.Lock) has none"},
		{Policy{Lock: true, MaxLength: 10},
			"Policy.MaxLength is 10: a policy that locks (Policy.Lock) has none"},
		{Policy{MaxAttempts: 1}, ""},
		{Policy{MaxAttempts: 10}, ""},
		{Policy{MaxAttempts: 11}, "Policy.MaxAttempts is 11: it must be 1 to 10"},
		{Policy{MaxAttempts: -1}, "Policy.MaxAttempts is -1: it must be 1 to 10"},
		{Policy{MaxFailures: 5}, ""},
		{Policy{MaxFailures: 100}, ""},
		{Policy{MaxFailures: 4}, "Policy.MaxFailures is 4: it must be 5 to 100"},
		{Policy{MaxFailures: 101}, "Policy.MaxFailures is 101: it must be 5 to 100"},
		{Policy{MaxFailures: 20, Lock: true}, ""},
		{Policy{MaxFailures: 19, Lock: true}, "Policy.MaxFailures is 19: " +
			"a policy that locks (Policy.Lock) needs at least " +
			"(MaxLiveCodes + 1) × MaxAttempts, which is 20"},
		{Policy{MaxLiveCodes: 1}, ""},
		{Policy{MaxLiveCodes: 4}, "Policy.MaxLiveCodes is 4: it must be 1 to 3"},
		{Policy{MaxLiveCodes: -1}, "Policy.MaxLiveCodes is -1: it must be 1 to 3"},
		{Policy{Lifetime: time.Second}, ""},
		{Policy{Lifetime: day}, ""},
		{Policy{Lifetime: day + time.Second},
			"Policy.Lifetime is 24h0m1s: it must be whole seconds from 1s to 24h0m0s"},
		{Policy{Lifetime: 1500 * time.Millisecond},
			"Policy.Lifetime is 1.5s: it must be whole seconds from 1s to 24h0m0s"},
		{Policy{FailureWindow: 10 * time.Minute}, ""},
		{Policy{FailureWindow: 10*time.Minute - time.Second},
			"Policy.FailureWindow is 9m59s: it must be whole seconds from 10m0s to 87600h0m0s"},
		{Policy{FailureWindow: 3650 * day}, ""},
		{Policy{FailureWindow: 3650*day + time.Second},
			"Policy.FailureWindow is 87600h0m1s: it must be whole seconds " +
				"from 10m0s to 87600h0m0s"},
		{Policy{MinSendTime: 10 * time.Second}, ""},
		{Policy{MinSendTime: -time.Hour}, ""},
		{Policy{MinSendTime: 10*time.Second + 1}, "Policy.MinSendTime is 10.000000001s: " +
			"it must be at most 10s (negative turns it off)"},
		{Policy{DeliveryTimeout: time.Millisecond}, ""},
		{Policy{DeliveryTimeout: 5 * time.Minute}, ""},
		{Policy{DeliveryTimeout: -1}, "Policy.DeliveryTimeout is -1ns: it must be 1ms to 5m0s"},
		{Policy{DeliveryTimeout: time.Hour},
			"Policy.DeliveryTimeout is 1h0m0s: it must be 1ms to 5m0s"},
		{limits(0), "Policy.SendLimits has 0 limits: it must have 1 to 8 (nil means the default)"},
		{limits(8), ""},
		{limits(9), "Policy.SendLimits has 9 limits: it must have 1 to 8 (nil means the default)"},
		{limit(Limit{60, time.Second}), ""},
		{limit(Limit{1, 30 * day}), ""},
		{limit(Limit{0, time.Hour}), "Policy.SendLimits: a Count is 0: it must be 1 to 60"},
		{limit(Limit{61, time.Hour}), "Policy.SendLimits: a Count is 61: it must be 1 to 60"},
		{limit(Limit{1, 0}), "Policy.SendLimits: a Window is 0s: " +
			"it must be whole seconds from 1s to 720h0m0s"},
		{limit(Limit{1, 1500 * time.Millisecond}), "Policy.SendLimits: a Window is 1.5s: " +
			"it must be whole seconds from 1s to 720h0m0s"},
		{limit(Limit{1, 31 * day}), "Policy.SendLimits: a Window is 744h0m0s: " +
			"it must be whole seconds from 1s to 720h0m0s"},
	} {
		p := c.policy.withDefaults()
		if err := p.check(); c.want == "" {
			assert.NoError(t, err, "%+v", c.policy)
		} else {
			assert.EqualError(t, err, c.want)
		}
	}
}

// The figures that the documentation gives, and some others. A period is given without its last
// moment, at which a new window begins.
func TestGuessProbability(t *testing.T) {
	locking := Policy{Lock: true}

	for _, c := range []struct {
		policy Policy
		within time.Duration
		want   float64
	}{
		{Policy{}, -1, 0},
		{Policy{}, 0, 5e-6},
		{Policy{}, day - 1, 5e-5},
		{Policy{}, 30*day - 1, 5e-5},
		{Policy{}, 30 * day, 1e-4},
		{Policy{}, year, 6.5e-4},
		{Policy{Length: 8}, year, 6.5e-6},
		{locking, 30*day - 1, 5e-5},
		{locking, year, 6.5e-4},
		{Policy{MaxAttempts: 1}, 30*day - 1, 5e-5},
		{Policy{SendLimits: []Limit{{1, time.Hour}}, MaxFailures: 100}, 30 * day, 2e-4},
		{Policy{MaxAttempts: 10, MaxFailures: 100, FailureWindow: time.Hour, Lifetime: time.Hour,
			SendLimits: []Limit{{60, time.Second}}}, 10 * 365 * day, 1},
		{Policy{MaxAttempts: 10, MaxFailures: 10, MaxLength: 7, Lifetime: time.Second, // long codes
			FailureWindow: time.Hour, SendLimits: []Limit{{60, time.Second}}}, time.Hour - 1,
			1 - math.Pow(1-1e-6, 10)*math.Pow(1-1e-7, 60*10*3600-10)},

		// Refused by New, but no reason to panic.
		{Policy{SendLimits: []Limit{{5, 0}}}, day, 0},
		{Policy{SendLimits: []Limit{}}, 0, 1},
		{Policy{Alphabet: 7}, day, 0},
	} {
		got := c.policy.GuessProbability(c.within)
		if c.want == 0 && c.within > 0 {
			assert.True(t, got >= 0 && got <= 1, "%+v: %v", c.policy, got)

			continue
		}
		assert.InDelta(t, c.want, got, 0.03*c.want, "%+v, %v", c.policy, c.within)
	}
}

// mostSends is what somebody reaches who asks at each moment at which the limits allow it.
func TestMostSendsOfAGreedySender(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	exact := 0

	for range 300 {
		var limits []Limit
		for window := time.Duration(1); len(limits) < 1+r.IntN(3); {
			window *= time.Duration(2 + r.IntN(20))
			limits = append(limits, Limit{1 + r.IntN(20), window * time.Second})
		}
		within := time.Duration(r.IntN(4000)) * time.Second

		sends, most := float64(greedySends(limits, within)), mostSends(limits, within)
		require.LessOrEqual(t, sends, most, "%v within %v", limits, within)
		if sends == most {
			exact++
		}
	}

	assert.Greater(t, exact, 200, "of 300: exact but where windows overlap oddly")
}

// greedySends counts the sends of somebody who asks every second.
func greedySends(limits []Limit, within time.Duration) int {
	var sends []time.Duration
	allowed := func(at time.Duration) bool {
		for _, l := range limits {
			if n := len(sends); n >= l.Count && at < sends[n-l.Count]+l.Window {
				return false
			}
		}
		return true
	}

	for at := time.Duration(0); at <= within; at += time.Second {
		for allowed(at) {
			sends = append(sends, at)
		}
	}
	return len(sends)
}

// What adds to the bound of GuessProbability is the same here and in docs/security.md.
func TestWhatAddsToTheBound(t *testing.T) {
	for _, file := range []string{"policy.go", "docs/security.md"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		text := strings.NewReplacer("//", "", "`", "").Replace(string(source))
		text = strings.Join(strings.Fields(text), " ")

		assert.Contains(t, text, "Three things add to "+
			"it. Codes that are live when the period begins add up to MaxLiveCodes × MaxAttempts "+
			"guesses. Without a Binding, each success of the person adds up to MaxAttempts − 1 "+
			"guesses at codes of Length symbols. Each Unlock adds up to MaxFailures of them.", file)
	}
}
