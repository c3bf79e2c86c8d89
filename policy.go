package otp

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Policy holds the numbers behind the rules. The zero value of a field means its default. A value
// out of its bounds is an error from [New], never clamped.
//
// Services with different policies may work on the same records, as they do while a new version is
// rolled out. Each judges by its own numbers, and a code keeps the alphabet, length, expiry and
// attempts that it was issued with.
type Policy struct {
	// Alphabet is what codes are made of. Default Digits.
	Alphabet Alphabet

	// Length is the number of symbols of a code: 6 to 14 for Digits, 5 to 11 for Letters, so that
	// there are at least 10^6 codes (NIST SP 800-63B-4 §3.1.3.2). Default 6.
	Length int

	// MaxLength is the number of symbols of a code while an address is under attack. New codes have
	// MaxLength symbols once the failures that count, the attempts left on live codes and those of
	// one more code could exceed MaxFailures together. More than Length, unless that is the
	// alphabet's longest, and at most that. Default Length + 4, or the alphabet's longest. Not with
	// Lock.
	MaxLength int

	// Lock refuses new codes where others would get longer ones: Send returns ErrLocked until
	// Service.Unlock, or until the failures no longer count. A stranger can bring that about, so it
	// is for rules that require it (NIST SP 800-63B-4 §3.2.2).
	Lock bool

	// MaxAttempts is the number of wrong submissions after which a code no longer works, 1 to 10.
	// Default 5.
	MaxAttempts int

	// MaxFailures is the number of wrong submissions, over any number of codes, up to which an
	// address gets codes of Length symbols. From MaxAttempts to 100. Default 50.
	//
	// A policy that locks needs at least (MaxLiveCodes + 1) × MaxAttempts, or a stranger with one
	// open code locks the person out. NIST's bound of 100 consecutive failures (SP 800-63B-4
	// §3.2.2) needs a policy that locks.
	MaxFailures int

	// MaxLiveCodes is the number of codes that can be live at a time for one address and Trust,
	// over all Bindings, 1 to 3. Default 3. With 1, a Send in the second half of a code's lifetime
	// is refused until the code has expired.
	MaxLiveCodes int

	// Lifetime is how long a code can be accepted, in whole seconds, from 1 s to 24 h (the ceiling
	// for codes by email, NIST SP 800-63B-4 §4.2.1.2). Default 10 minutes (OWASP ASVS 5.0, 6.5.5).
	Lifetime time.Duration

	// FailureWindow is how long failures count after the last one, in whole seconds, from Lifetime
	// to ten years. Default 30 days.
	FailureWindow time.Duration

	// MinSendTime is the least time that Send takes on every path, so that its duration does not
	// tell known from unknown addresses. Set it above what the Sender takes. At most 10 s; negative
	// turns it off. Default 500 ms.
	MinSendTime time.Duration

	// DeliveryTimeout ends the context of the Sender, 1 ms to 5 minutes. Default 10 s. In a
	// function (AWS Lambda), the function's own timeout must be longer than DeliveryTimeout and the
	// 10 s that the store may take.
	DeliveryTimeout time.Duration

	// SendLimits bound how often Send goes through for one address and Trust, whoever asks, each
	// over a sliding window: 1 to 8 limits, each with a Count of 1 to 60 and a Window of whole
	// seconds from 1 s to 30 days. Every recorded Send counts: one that sends the same code again,
	// and one whose delivery failed. Default 1 in a minute, 5 in an hour and 10 in a day.
	//
	// Limits stop mail bombs, and a stranger can use them up: ten requests a day keep a person on a
	// new device from getting a code for as long as the stranger goes on. Trust is the remedy.
	SendLimits []Limit

	// RequireBinding makes an empty Binding an error that matches ErrInvalid. Set it where there is
	// a session or an app to keep a random Binding in.
	RequireBinding bool
}

// Limit allows Count sends in any period of length Window.
type Limit struct {
	Count  int
	Window time.Duration
}

const (
	maxAttempts      = 10
	maxFailures      = 100 // NIST SP 800-63B-4 §3.2.2
	maxLiveCodes     = 3
	maxLifetime      = 24 * time.Hour // NIST SP 800-63B-4 §4.2.1.2, codes by email
	maxFailureWindow = 3650 * 24 * time.Hour
	maxSends         = 60 // each send is remembered in the record
	maxWindow        = 30 * 24 * time.Hour
	maxLimits        = 8

	defaultLengthening = 4 // symbols
)

// withDefaults replaces zero fields. The result shares nothing with p.
func (p Policy) withDefaults() Policy {
	setDefault(&p.Length, 6)
	setDefault(&p.MaxAttempts, 5)
	setDefault(&p.MaxFailures, 50)
	setDefault(&p.MaxLiveCodes, maxLiveCodes)
	setDefault(&p.Lifetime, 10*time.Minute)
	setDefault(&p.FailureWindow, 30*24*time.Hour)
	setDefault(&p.MinSendTime, 500*time.Millisecond)
	setDefault(&p.DeliveryTimeout, 10*time.Second)

	if p.Alphabet.valid() && !p.Lock {
		setDefault(&p.MaxLength, min(p.Length+defaultLengthening, p.Alphabet.maxLength()))
	}

	if p.SendLimits == nil {
		p.SendLimits = []Limit{{1, time.Minute}, {5, time.Hour}, {10, 24 * time.Hour}}
	}
	p.SendLimits = slices.SortedStableFunc(slices.Values(p.SendLimits), func(a, b Limit) int {
		return cmp.Compare(a.Window, b.Window)
	})
	return p
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// check returns an error that names the first field out of its bounds, the value and the bound. p
// has its defaults.
func (p *Policy) check() error {
	if !p.Alphabet.valid() {
		return fmt.Errorf("Policy.Alphabet is %d: it must be Digits or Letters", p.Alphabet)
	}
	return cmp.Or(
		between("Length", p.Length, p.Alphabet.minLength(), p.Alphabet.maxLength()),
		p.checkMaxLength(),
		between("MaxAttempts", p.MaxAttempts, 1, maxAttempts),
		between("MaxFailures", p.MaxFailures, p.MaxAttempts, maxFailures),
		between("MaxLiveCodes", p.MaxLiveCodes, 1, maxLiveCodes),
		wholeSeconds("Lifetime", p.Lifetime, time.Second, maxLifetime),
		wholeSeconds("FailureWindow", p.FailureWindow, p.Lifetime, maxFailureWindow),
		between("DeliveryTimeout", p.DeliveryTimeout, time.Millisecond, 5*time.Minute),
		p.checkMinSendTime(),
		p.checkLock(),
		p.checkLimits(),
	)
}

func between[T int | time.Duration](field string, value, least, most T) error {
	if value >= least && value <= most {
		return nil
	}
	return fmt.Errorf("%s is %v: it must be %v to %v", "Policy."+field, value, least, most)
}

func wholeSeconds(field string, value, least, most time.Duration) error {
	if value >= least && value <= most && value%time.Second == 0 {
		return nil
	}
	return fmt.Errorf("%s is %v: it must be whole seconds from %v to %v",
		"Policy."+field, value, least, most)
}

func (p *Policy) checkMinSendTime() error {
	if p.MinSendTime <= 10*time.Second {
		return nil
	}
	return fmt.Errorf("Policy.MinSendTime is %v: it must be at most 10s (negative turns it off)",
		p.MinSendTime)
}

// checkMaxLength refuses lengths that would give guesses at short codes without end (rule 7).
func (p *Policy) checkMaxLength() error {
	longest := p.Alphabet.maxLength()

	switch {
	case p.Lock && p.MaxLength != 0:
		return fmt.Errorf("Policy.MaxLength is %d: a policy that locks (Policy.Lock) has none",
			p.MaxLength)
	case p.Lock:
		return nil
	case p.MaxLength == p.Length && p.Length < longest:
		return fmt.Errorf("Policy.MaxLength is %d, as is Length: it must be %d to %d, "+
			"or set Policy.Lock", p.MaxLength, p.Length+1, longest)
	}
	return between("MaxLength", p.MaxLength, min(p.Length+1, longest), longest)
}

// checkLock refuses a lock (rule 7) that one open code and a typing error could bring about.
func (p *Policy) checkLock() error {
	least := (p.MaxLiveCodes + 1) * p.MaxAttempts
	if !p.Lock || p.MaxFailures >= least {
		return nil
	}
	return fmt.Errorf("Policy.MaxFailures is %d: a policy that locks (Policy.Lock) "+
		"needs at least (MaxLiveCodes + 1) × MaxAttempts, which is %d", p.MaxFailures, least)
}

func (p *Policy) checkLimits() error {
	if n := len(p.SendLimits); n < 1 || n > maxLimits {
		return fmt.Errorf("Policy.SendLimits has %d limits: it must have 1 to %d "+
			"(nil means the default)", n, maxLimits)
	}

	for _, limit := range p.SendLimits {
		if err := between("SendLimits: a Count", limit.Count, 1, maxSends); err != nil {
			return err
		}
		err := wholeSeconds("SendLimits: a Window", limit.Window, time.Second, maxWindow)
		if err != nil {
			return err
		}
	}
	return nil
}

// longestWindow returns the window of the longest limit. p has its defaults.
func (p *Policy) longestWindow() time.Duration { return p.SendLimits[len(p.SendLimits)-1].Window }

// GuessProbability is an upper bound for the probability that an attacker guesses a code of one
// given address, with one Trust, within a period of length d. The attacker asks for codes as often
// as SendLimits allow and spends MaxAttempts guesses on each.
//
// With T = MaxAttempts × sends in d, n = min(T, MaxFailures × (1 + ⌊d / FailureWindow⌋)), and N and
// N' the numbers of codes of Length and of MaxLength symbols, the bound is
//
//	1 − (1 − 1/N)ⁿ × (1 − 1/N')^(T − n)
//
// A policy that locks has no second factor. With the defaults the bound is 5.0e-5 for a day, 1.0e-4
// for 30 days and 6.5e-4 for a year. Length 8 divides it by a hundred.
//
// Three things add to it. Codes that are live when the period begins add up to MaxLiveCodes ×
// MaxAttempts guesses. Without a Binding, each success of the person adds up to MaxAttempts − 1
// guesses at codes of Length symbols. Each Unlock adds up to MaxFailures of them.
//
// The bound is for one address. An attacker who sprays guesses over n addresses finds about n times
// as many codes. No limit per address changes that; longer codes do, and so do the caller's own
// limits per client and network.
//
// The result for a policy that New refuses has no meaning.
func (p Policy) GuessProbability(d time.Duration) float64 {
	p = p.withDefaults()
	if d < 0 || !p.Alphabet.valid() {
		return 0
	}

	guesses := float64(p.MaxAttempts) * mostSends(p.SendLimits, d)
	windows := math.Floor(1 + float64(d)/float64(p.FailureWindow))
	short := min(guesses, float64(p.MaxFailures)*windows)
	missed := short * logMiss(p.Alphabet, p.Length)
	if !p.Lock {
		missed += (guesses - short) * logMiss(p.Alphabet, p.MaxLength)
	}
	return -math.Expm1(missed)
}

// logMiss returns the logarithm of the probability that one guess misses a code of this length.
func logMiss(a Alphabet, length int) float64 {
	return math.Log1p(-math.Pow(float64(len(a.symbols())), -float64(length)))
}

// mostSends returns the number of sends that the limits, shortest window first, allow in a period
// of length d, both its ends included. The longest limit allows Count in each full window and again
// in the rest, where the shorter ones may allow less.
func mostSends(limits []Limit, d time.Duration) float64 {
	if len(limits) == 0 {
		return math.Inf(1)
	}

	longest, shorter := limits[len(limits)-1], limits[:len(limits)-1]
	if longest.Window <= 0 {
		return mostSends(shorter, d) // limits nothing
	}

	count := float64(longest.Count)
	windows := float64(d / longest.Window)
	sends := count*windows + min(count, mostSends(shorter, d%longest.Window))
	return min(sends, mostSends(shorter, d))
}
