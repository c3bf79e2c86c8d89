package otp_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

// An attacker spends the whole budget against a real Service: he asks whenever he may and guesses until the code is
// exhausted. The victim's successes are stood in for by Unlock. What he guesses of each code is a set of different
// last two digits, so that he hits one in a hundred instead of one in a million, and often enough to be counted.
func TestOddsAgainstASimulatedAttacker(t *testing.T) {
	for _, policy := range []otp.Policy{
		{},
		{MaxAttempts: 3, Lifetime: time.Hour},
		{MaxAttempts: 10, SendLimits: []otp.Limit{{Count: 2, Window: time.Hour}, {Count: 3, Window: 5 * time.Hour}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			const within = 3*day - time.Nanosecond
			var code string
			s, err := otp.New(otp.Config{
				Purpose: "test", Secret: testSecret, Store: memstore.New(nil), Policy: policy,
				Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error { code = m.Code.Reveal(); return nil }),
			})
			want(t, "New", err, nil)
			r := rand.New(rand.NewPCG(17, 17))
			const victims = 300
			guesses, hit := 0, 0
			attack := func(to string) (guesses int, hit bool) {
				for begin := time.Now(); time.Since(begin) <= within; {
					status, err := s.Send(t.Context(), otp.Request{To: to})
					if err != nil {
						want(t, "Send", err, otp.ErrLimited)
						time.Sleep(time.Until(status.RetryAt))
						continue
					}
					for _, n := range r.Perm(100) {
						guess := fmt.Sprintf("%s%02d", wrong(code, 0)[:4], n)
						err := s.Verify(t.Context(), otp.Submission{To: to, Code: guess})
						if !errors.Is(err, otp.ErrMismatch) {
							want(t, "a guess too many", err, otp.ErrExhausted)
							break
						}
						guesses++
						hit = hit || guess[4:] == code[4:]
					}
					want(t, "Unlock", s.Unlock(t.Context(), to), nil)
				}
				return guesses, hit
			}
			for i := range victims {
				n, found := attack(fmt.Sprint("victim", i))
				if guesses = n; found {
					hit++
				}
			}

			attempts := policy.MaxAttempts
			if attempts == 0 {
				attempts = 5
			}
			odds := func(codes float64) float64 {
				p := float64(attempts) / codes
				return 1 - math.Pow(1-p, float64(guesses/attempts))
			}
			// The budget that Odds assumes is the one that was spent.
			if got, want := policy.Odds(within), odds(1e6); math.Abs(got-want) > 1e-9 {
				t.Errorf("Odds says %v; %d guesses of which %d at each code give %v", got, guesses, attempts, want)
			}
			// And the formula gives what happened, within four standard deviations.
			p := odds(100)
			if expected := p * victims; math.Abs(float64(hit)-expected) > 4*math.Sqrt(expected*(1-p)) {
				t.Errorf("%d of %d victims were hit with two digits, want about %.0f", hit, victims, expected)
			}
		})
	}
}
