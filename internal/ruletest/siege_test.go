package ruletest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A siege is thirty days in which a stranger asks at each RetryAt and guesses each of his codes
// until it is exhausted, and a person asks for a code every three hours, under the default policy.
// The person has a session of her own; the stranger has one for each request.
type siege struct {
	*fixture
	strangers []otp.Trust // that the stranger has
	person    otp.Trust
	toll
}

// A toll is what became of a siege.
type toll struct {
	requests     int // of the stranger, refused ones too
	asked        int // by the person
	completed    int // codes that she was sent and used
	longestCode  int // that anybody was sent
	statusLength int // the longest that Status announced
}

// besieged is a service with the limits of the defaults.
func besieged(t *testing.T) *fixture {
	s, in := otptest.New(t, otp.Config{Secret: testSecret})
	return &fixture{s, in, t}
}

func (g *siege) run(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g.fixture = besieged(t)
		begin := time.Now()
		next := map[otp.Trust]time.Time{}
		for _, trust := range g.strangers {
			next[trust] = begin
		}

		for visit := begin; time.Since(begin) < 30*day; {
			soonest := visit
			for _, at := range next {
				if at.Before(soonest) {
					soonest = at
				}
			}
			time.Sleep(time.Until(soonest))

			for _, trust := range g.strangers {
				if !time.Now().Before(next[trust]) {
					next[trust] = g.attack(trust)
				}
			}
			if !time.Now().Before(visit) {
				visit = visit.Add(3 * time.Hour)
				g.visit()
			}
		}
	})
}

// attack is one request of the stranger. It returns when to ask again.
func (g *siege) attack(trust otp.Trust) time.Time {
	g.requests++
	binding := fmt.Sprint("stranger's session ", g.requests)

	status, err := g.Send(g.t.Context(), otp.Request{To: ada, Binding: binding, Trust: trust})
	if err != nil {
		require.ErrorIs(g.t, err, otp.ErrLimited)
		return status.RetryAt
	}

	code := g.in.Code(g.t, ada) // of which he sees the length only
	g.longestCode = max(g.longestCode, len(code))
	g.statusLength = max(g.statusLength, status.CodeLength)
	g.exhaust(otp.Submission{To: ada, Binding: binding, Trust: trust, Code: code})
	if soon := time.Now().Add(time.Second); status.RetryAt.Before(soon) {
		return soon
	}
	return status.RetryAt
}

// visit is one try of the person to get in.
func (g *siege) visit() {
	g.asked++
	request := otp.Request{To: ada, Binding: "person's session", Trust: g.person}
	if _, err := g.Send(g.t.Context(), request); err != nil {
		require.ErrorIs(g.t, err, otp.ErrLimited)
		return
	}

	g.verify(otp.Submission{
		To: ada, Binding: request.Binding, Trust: g.person, Code: g.in.Code(g.t, ada)}, nil)
	g.completed++
}

// The numbers of the table in docs/security.md.
func TestThirtyDaysUnderSiege(t *testing.T) {
	table, err := os.ReadFile("../../docs/security.md")
	require.NoError(t, err)

	strangers := []otp.Trust{otp.Stranger}
	solvers := []otp.Trust{otp.Stranger, otp.Challenged}
	for _, c := range []struct {
		person, stranger string // as the table calls them
		trust            otp.Trust
		asks             []otp.Trust
		requests         string
		getsIn           int
	}{
		{"on a new device (`Stranger`)", "asks and guesses",
			otp.Stranger, strangers, "301, ten a day", 0},
		{"on a new device, and solves a challenge (`Challenged`)", "asks and guesses",
			otp.Challenged, strangers, "301", 241},
		{"the same", "solves challenges too", otp.Challenged, solvers, "602", 0},
		{"on a known device (`Known`)", "asks and guesses", otp.Known, strangers, "301", 241},
		{"the same", "solves challenges too", otp.Known, solvers, "602", 241},
	} {
		t.Run(c.person+", who "+c.stranger, func(t *testing.T) {
			got := siege{strangers: c.asks, person: c.trust}
			got.run(t)
			require.Contains(t, string(table), fmt.Sprintf("| %s | %s | %s | %d | **%d** |",
				c.person, c.stranger, c.requests, got.asked, got.completed))
			require.Equal(t, c.getsIn, got.completed)
			require.True(t, strings.HasPrefix(c.requests, fmt.Sprint(got.requests)), got.requests)

			assert.Equal(t, 10, got.longestCode, "codes get longer under attack")
			assert.Equal(t, got.longestCode, got.statusLength)
		})
	}
}

// Nobody is locked out by the 124 requests that once did so for thirty days, or by 1,000: codes get
// longer, Status says how long, and the person gets in once the stranger leaves.
func TestNobodyIsLockedOut(t *testing.T) {
	for _, requests := range []int{124, 1000} {
		t.Run(fmt.Sprint(requests), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := siege{fixture: besieged(t)}
				for range requests {
					next := g.attack(otp.Stranger)
					if time.Until(next) > time.Hour { // he also asks while he is refused
						next = time.Now().Add(time.Hour)
					}
					time.Sleep(time.Until(next))
				}

				time.Sleep(day)
				ask := otp.Request{To: ada, Binding: "person's session"}
				status, err := g.Status(t.Context(), ask)
				require.NoError(t, err)
				assert.Equal(t, 10, status.CodeLength)
				assert.True(t, status.RetryAt.IsZero())
				g.visit()
				assert.Equal(t, 1, g.completed)
			})
		})
	}
}

// Attackers that spend their whole budget against a real Service come near GuessProbability and
// never pass it. A guess at a short code is right with a probability of one in a million, so the
// test counts guesses by the length of the code rather than hits.
func TestGuessProbabilityAgainstAttackers(t *testing.T) {
	policies := map[string]otp.Policy{
		"defaults": {},
		"locks":    {Lock: true},
		"pairs of codes": {Lifetime: time.Hour, MaxFailures: 100, SendLimits: []otp.Limit{
			{Count: 6, Window: 6 * time.Hour}}},
		"short window": {MaxFailures: 20, FailureWindow: day, SendLimits: []otp.Limit{
			{Count: 3, Window: 6 * time.Hour}}},
	}
	attackers := map[string]attacker{
		"greedy":                              {},
		"patient":                             {patient: true},
		"the older has expired":               {pairs: true, waits: true},
		"pairs, an owner daily, failing mail": {pairs: true, owner: true, failing: true},
	}
	const within = 35*day - tick

	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "defaults" {
				t.Skip("takes a fifth of a second of a processor")
			}
			bound, best := policy.GuessProbability(within), 0.0
			for who, a := range attackers {
				got := a.run(t, policy, within)
				assert.LessOrEqual(t, got, bound*(1+1e-12), who) // rounding
				best = max(best, got)
			}
			assert.Greater(t, best, 0.75*bound, "the bound is near")
		})
	}
}

type attacker struct {
	patient bool // stops where codes get longer, until the failures count no more
	pairs   bool // asks again in the second half, and guesses at two codes at a time
	waits   bool // until the older of two codes has expired
	owner   bool // the person uses a code of her own each day, bound to her session
	failing bool // the Sender always fails
}

// run returns the probability that one of the guesses is right.
func (a *attacker) run(t *testing.T, policy otp.Policy, within time.Duration) float64 {
	missed := 0.0 // logarithm of the probability that all guesses miss

	synctest.Test(t, func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{
			Policy: policy,
			Sender: otp.SenderFunc(func(context.Context, otp.Message) error {
				if a.failing {
					return otp.ErrNotSent
				}
				return nil
			}),
		})
		ask := func(binding string) (codes []string, status otp.Status) {
			status, err := s.Send(t.Context(), otp.Request{To: ada, Binding: binding})
			if err != nil && !errors.Is(err, otp.ErrDelivery) {
				return nil, status
			}
			return []string{in.Code(t, ada)}, status
		}

		policy := s.Policy()
		begin, visit := time.Now(), time.Now().Add(day)
		for round := 0; time.Since(begin) <= within; round++ {
			if a.owner && !time.Now().Before(visit) {
				visit = time.Now().Add(day)
				if codes, _ := ask("owner"); codes != nil {
					require.NoError(t, submitBound(t, s, "owner", codes[0]))
				}
			}

			binding := fmt.Sprint("stranger ", round)
			next, err := s.Status(t.Context(), otp.Request{To: ada, Binding: binding})
			require.NoError(t, err)
			if a.patient && next.CodeLength > policy.Length {
				time.Sleep(time.Hour)

				continue
			}

			codes, status := ask(binding)
			if codes == nil {
				time.Sleep(min(max(time.Until(status.RetryAt), time.Second), day))

				continue
			}
			if a.pairs && time.Since(begin)+policy.Lifetime <= within {
				time.Sleep(policy.Lifetime/2 + time.Second)
				second, _ := ask(binding) // unless the limits refuse it
				codes = append(codes, second...)
			}
			if a.waits && len(codes) == 2 {
				time.Sleep(policy.Lifetime / 2)
				require.ErrorIs(t, submitBound(t, s, binding, codes[0]), otp.ErrExpired)
				codes = codes[1:] // the older one is compared, but can no longer be guessed
			}
			missed += guessAll(t, s, binding, codes)
		}
	})
	return -math.Expm1(missed)
}

// guessAll guesses until the codes of the Binding are exhausted. It returns what the guesses add to
// the logarithm of the probability of missing: each is compared with every code of its length.
func guessAll(t *testing.T, s *otp.Service, binding string, codes []string) (missed float64) {
	t.Helper()

	byLength := map[int]int{}
	for _, code := range codes {
		byLength[len(code)]++
	}

	for _, code := range codes {
		chance := math.Log1p(-math.Pow(10, -float64(len(code))))
		for errors.Is(submitBound(t, s, binding, wrong(code, 0)), otp.ErrMismatch) {
			missed += float64(byLength[len(code)]) * chance
		}
	}
	return missed
}
