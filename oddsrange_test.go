package otp

import (
	"testing"
	"time"
)

// Odds are a probability, above zero where there is time for a guess.
func TestOddsAreAProbability(t *testing.T) {
	for _, p := range []Policy{{}, {Length: 14}, {Alphabet: Letters, Length: 5, MaxAttempts: 10}} {
		for _, d := range []time.Duration{0, time.Hour, 1000 * time.Hour, 1<<63 - 1} {
			if odds := p.Odds(d); !(odds > 0 && odds <= 1) { // NaN is neither
				t.Errorf("%+v: the odds within %v are %v", p, d, odds)
			}
		}
	}
}
