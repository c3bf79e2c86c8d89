package otp

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Policy is the set of numbers behind the rules. The zero value of each field means its default; a value out of its
// bounds is an error from [New], never clamped.
//
// Services with different policies may work on the same records, as they do while a new version is rolled out: each
// judges by its own numbers what it finds, and a code keeps the length, alphabet, expiry and attempts that it was
// issued with.
type Policy struct {
	// Alphabet is what codes are made of. Default Digits.
	Alphabet Alphabet
	// Length is the number of symbols of a code. The number of possible codes must be at least 10^6 (NIST SP
	// 800-63B-4 §3.1.3.2) and at most 2^48: 6 to 14 for Digits, 5 to 11 for Letters. Default 6.
	Length int
	// Lifetime is how long a code can be accepted, in whole seconds, from 1 s to 24 h (the ceiling for codes by email,
	// NIST SP 800-63B-4 §4.2.1.2). Default 10 minutes (OWASP ASVS 5.0, 6.5.5).
	Lifetime time.Duration
	// MaxAttempts is how many wrong submissions a code survives being compared with, 1 to 10. Default 5.
	MaxAttempts int
	// MaxFailures is how many wrong submissions in a row, over any number of codes, an address can collect; where one
	// more code could lead past it, Send returns ErrLocked. From MaxAttempts to 100, NIST's ceiling (SP 800-63B-4
	// §3.2.2). Default 100.
	MaxFailures int
	// RememberFailures is how long after the last wrong submission the count for MaxFailures is kept, from 1 h to ten
	// years. Default 30 days. An accepted code and Unlock clear the count at once.
	RememberFailures time.Duration
	// SendLimits bound how often Send goes through for one address, each over a sliding window: 1 to 8 limits, each
	// with a Count of 1 to 20 and a Window of whole seconds from 1 s to 30 days. Sending the same code again counts.
	// Default 1 in a minute, 5 in an hour and 10 in a day.
	SendLimits []Limit
	// LiveCodes is how many codes an address can have at a time, over all values of Bind, 1 to 3. Default 3. With 1,
	// asking again in the second half of a code's lifetime is refused until it has expired.
	LiveCodes int
	// MinSendTime is the least that Send takes on every path, so that its time does not tell known from unknown
	// addresses: choose it above what the Sender takes. At most 10 s; negative turns it off. Default 500 ms.
	MinSendTime time.Duration
	// RequireBind makes an empty Bind an error. Set it where there is a session or an app to keep a random one in.
	RequireBind bool
}

// Limit allows Count sends in any period of length Window.
type Limit struct {
	Count  int
	Window time.Duration
}

const (
	minCodes = 1_000_000 // NIST SP 800-63B-4 §3.1.3.2: at least six digits
	maxCodes = 1 << 48

	maxAttempts  = 10
	maxFailures  = 100 // NIST SP 800-63B-4 §3.2.2
	maxLiveCodes = 3
	maxLifetime  = 24 * time.Hour // NIST SP 800-63B-4 §4.2.1.2, codes by email
	maxSends     = 20             // bounded by the size of a value: each send is remembered
	maxWindow    = 30 * 24 * time.Hour
	maxLimits    = 8
)

// withDefaults returns p with its zero fields replaced and nothing shared with the caller.
func (p Policy) withDefaults() Policy {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	setDuration := func(field *time.Duration, value time.Duration) {
		if *field == 0 {
			*field = value
		}
	}
	set(&p.Length, 6)
	set(&p.MaxAttempts, 5)
	set(&p.MaxFailures, maxFailures)
	set(&p.LiveCodes, maxLiveCodes)
	setDuration(&p.Lifetime, 10*time.Minute)
	setDuration(&p.RememberFailures, 30*24*time.Hour)
	setDuration(&p.MinSendTime, 500*time.Millisecond)
	if p.SendLimits == nil {
		p.SendLimits = []Limit{{1, time.Minute}, {5, time.Hour}, {10, 24 * time.Hour}}
	}
	// Shortest window first: the first limit is the one that failed sends count towards.
	p.SendLimits = slices.Clone(p.SendLimits)
	slices.SortStableFunc(p.SendLimits, func(a, b Limit) int { return cmp.Compare(a.Window, b.Window) })
	return p
}

// check returns an error that names the first field out of bounds, its value and the bound. p has its defaults.
func (p Policy) check() error {
	switch {
	case p.Alphabet != Digits && p.Alphabet != Letters:
		return fmt.Errorf("Policy.Alphabet is %d: it must be Digits or Letters", p.Alphabet)
	case p.Length < p.Alphabet.minLength() || p.Length > p.Alphabet.maxLength():
		return fmt.Errorf("Policy.Length is %d: with %d symbols it must be %d to %d, which makes 10^6 to 2^48 codes",
			p.Length, len(p.Alphabet.symbols()), p.Alphabet.minLength(), p.Alphabet.maxLength())
	case p.Lifetime < time.Second || p.Lifetime > maxLifetime || p.Lifetime%time.Second != 0:
		return fmt.Errorf("Policy.Lifetime is %v: it must be whole seconds from 1s to %v", p.Lifetime, maxLifetime)
	case p.MaxAttempts < 1 || p.MaxAttempts > maxAttempts:
		return fmt.Errorf("Policy.MaxAttempts is %d: it must be 1 to %d", p.MaxAttempts, maxAttempts)
	case p.MaxFailures < p.MaxAttempts || p.MaxFailures > maxFailures:
		return fmt.Errorf("Policy.MaxFailures is %d: it must be MaxAttempts (%d) to %d", p.MaxFailures, p.MaxAttempts, maxFailures)
	case p.RememberFailures < time.Hour || p.RememberFailures > 3650*24*time.Hour:
		return fmt.Errorf("Policy.RememberFailures is %v: it must be 1h to 87600h (ten years)", p.RememberFailures)
	case p.LiveCodes < 1 || p.LiveCodes > maxLiveCodes:
		return fmt.Errorf("Policy.LiveCodes is %d: it must be 1 to %d", p.LiveCodes, maxLiveCodes)
	case p.MinSendTime > 10*time.Second:
		return fmt.Errorf("Policy.MinSendTime is %v: it must be at most 10s (negative turns it off)", p.MinSendTime)
	case len(p.SendLimits) < 1 || len(p.SendLimits) > maxLimits:
		return fmt.Errorf("Policy.SendLimits has %d limits: it must have 1 to %d (nil means the default)", len(p.SendLimits), maxLimits)
	}
	for _, l := range p.SendLimits {
		if l.Count < 1 || l.Count > maxSends {
			return fmt.Errorf("Policy.SendLimits has a Count of %d: it must be 1 to %d", l.Count, maxSends)
		}
		if l.Window < time.Second || l.Window > maxWindow || l.Window%time.Second != 0 {
			return fmt.Errorf("Policy.SendLimits has a Window of %v: it must be whole seconds from 1s to %v", l.Window, maxWindow)
		}
	}
	return nil
}

// longestWindow returns the window of the longest limit. p has its defaults.
func (p *Policy) longestWindow() time.Duration { return p.SendLimits[len(p.SendLimits)-1].Window }

// Odds returns the probability that an attacker guesses a code of one given address within d, if he spends the whole
// budget: he asks for a code as often as SendLimits allow and tries MaxAttempts guesses on each. MaxFailures is assumed
// never to stop him, as when the person at the address signs in now and then and so clears the failures; where that
// does not happen, the odds end at MaxFailures divided by the number of codes (10^-4 with the defaults).
//
// With N possible codes, a attempts each and s(d) sends that the limits allow within d, the odds are
// 1 - (1 - a/N)^s(d). With the defaults, N = 10^6, a = 5 and s is ten a day: 5.5e-5 in a day (its ends
// included, eleven sends), 0.15 % in 30 days, 1.8 % in a year. Length 8 divides them by a hundred.
//
// The odds are those of one address. An attacker who sprays guesses over n addresses finds about n times as many
// codes: five guesses at each of 200,000 addresses find one code of six digits on average. No limit per address
// changes that; longer codes do, and so do budgets per client and network, which are the caller's.
//
// Zero fields count as their defaults. The odds of a policy that New refuses mean nothing.
func (p Policy) Odds(d time.Duration) float64 {
	p = p.withDefaults()
	codes := math.Pow(float64(len(p.Alphabet.symbols())), float64(p.Length))
	return guessOdds(float64(p.MaxAttempts)/codes, mostSends(p.SendLimits, d))
}

// guessOdds returns the probability of at least one hit in n independent tries.
func guessOdds(hit, n float64) float64 { return -math.Expm1(n * math.Log1p(-hit)) }

// mostSends returns how many sends the limits, shortest window first, allow in a period of length d, both its ends
// included. The longest limit allows Count in each full window and again in what is left over, where the shorter ones
// may allow less.
func mostSends(limits []Limit, d time.Duration) float64 {
	if d < 0 {
		return 0
	}
	if len(limits) == 0 {
		return math.Inf(1)
	}
	longest, shorter := limits[len(limits)-1], limits[:len(limits)-1]
	count := float64(longest.Count)
	whole := count*float64(d/longest.Window) + min(count, mostSends(shorter, d%longest.Window))
	return min(whole, mostSends(shorter, d))
}
