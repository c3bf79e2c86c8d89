package otp

import (
	"math"
	"slices"
	"time"
)

// A state is what a store keeps for one purpose and address. Its methods are the rules: they read and change only the
// state, take the time as an argument, and know neither store nor sender. The rules are numbered in docs/design.md.
//
// Times are whole seconds since 1970. What starts a lifetime is rounded down, what starts a waiting period up, so that
// rounding never makes a code live longer or a limit end sooner.
type state struct {
	failures    int   // wrong submissions since the last success
	lastFailure int64 // 0 if failures is
	sends       []send
	codes       []code // in the order of issue; live ones and the latest of the others
}

// A send is remembered for SendLimits, and to know a write whose reply was lost.
type send struct {
	at     int64
	id     operationID
	failed bool // certainly nothing was sent: counts towards the shortest limit only
}

// A code is what its text is derived from, and what became of it.
type code struct {
	seed     operationID // the id of the Send that issued it: random, unique, and not secret without the key
	key      keyID
	bind     bindTag
	issued   int64
	lifetime int64 // seconds
	alphabet Alphabet
	length   int
	left     int // wrong submissions until it is exhausted; MaxAttempts of the policy that issued it, at first
	decoy    bool
	usedBy   operationID // the Verify that it was accepted for; zero if there is none
}

// An operationID is random and drawn once for each Send and Verify, which keeps it until it returns.
type operationID [16]byte

// A bindTag stands for a value of Bind; the zero tag for none.
type bindTag [16]byte

const (
	maxDeadCodes = 2 // used, expired and exhausted codes that are kept beside LiveCodes live ones
	maxCodesKept = maxLiveCodes + maxDeadCodes
)

func (c *code) expires() int64 { return c.issued + c.lifetime }
func (c *code) used() bool     { return c.usedBy != operationID{} }

// live: unexpired, unused and not exhausted.
func (c *code) live(now time.Time) bool {
	return now.Unix() < c.expires() && !c.used() && c.left > 0
}

// young: at least half of the lifetime is left.
func (c *code) young(now time.Time) bool {
	// In half seconds: the fraction of now takes 0 to 2 of them, rounded up.
	fraction := (2*int64(now.Nanosecond()) + int64(time.Second) - 1) / int64(time.Second)
	return 2*(c.expires()-now.Unix())-fraction >= c.lifetime
}

// roundUp returns now in whole seconds, not earlier.
func roundUp(now time.Time) int64 {
	seconds := now.Unix()
	if now.Nanosecond() > 0 {
		seconds++
	}
	return seconds
}

// A sendRequest is the part of a Send that the rules look at.
type sendRequest struct {
	id    operationID
	bind  bindTag
	decoy bool
	// What a new code gets.
	key      keyID
	knownKey func(keyID) bool // whether a code of this key can be derived, and so sent again
}

// admit says what a Send at now would do: send a code again, issue a new one (nil), or be refused. It is judged as if
// the codes of the other kind (decoy or not) were gone, as the Send that is admitted voids them.
func (s *state) admit(p *Policy, now time.Time, r *sendRequest) (again *code, refused error) {
	live, open := 0, 0
	for i := range s.codes {
		c := &s.codes[i]
		if c.decoy != r.decoy || !c.live(now) {
			continue
		}
		live++
		open += c.left
		if c.bind == r.bind && c.young(now) && c.alphabet == p.Alphabet && r.knownKey(c.key) {
			again = c // the latest wins; Verify reads no alphabet but that of the policy
		}
	}
	switch {
	case again != nil:
	case s.failuresAt(p, now)+open+p.MaxAttempts > p.MaxFailures:
		return nil, ErrLocked
	case live >= p.LiveCodes:
		return nil, ErrLimited
	}
	remembered := 0
	for i := range s.sends {
		if s.sends[i].countsAtAll(p, now) {
			remembered++
		}
	}
	if remembered >= maxSends {
		return nil, ErrLimited // no room to remember one more
	}
	for i, limit := range p.SendLimits {
		count := 0
		for j := range s.sends {
			if s.sends[j].counts(i == 0, limit, now) {
				count++
			}
		}
		if count >= limit.Count {
			return nil, ErrLimited
		}
	}
	return again, nil
}

// counts reports whether the send counts towards the limit at now. A time in the future counts as now.
func (s *send) counts(shortest bool, limit Limit, now time.Time) bool {
	return (shortest || !s.failed) && now.Unix() < s.at+seconds(limit.Window)
}

// countsAtAll reports whether the send counts towards any limit at now.
func (s *send) countsAtAll(p *Policy, now time.Time) bool {
	for i, limit := range p.SendLimits {
		if s.counts(i == 0, limit, now) {
			return true
		}
	}
	return false
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// failuresAt returns the consecutive failures that still count at now.
func (s *state) failuresAt(p *Policy, now time.Time) int {
	if now.Unix() >= s.lastFailure+seconds(p.RememberFailures) {
		return 0
	}
	return s.failures
}

// send records one Send. It returns the code to deliver and whether that was live before, or why the Send is refused.
// write says whether the state has changed.
//
// A Send that finds itself recorded has won its swap and lost only the reply. Its code is then the one it issued or
// else sent again; there is none if that was voided or used since.
func (s *state) send(p *Policy, now time.Time, r *sendRequest) (c *code, again, write bool, refused error) {
	if slices.ContainsFunc(s.sends, func(e send) bool { return e.id == r.id }) {
		for i := range s.codes {
			if e := &s.codes[i]; e.bind == r.bind && e.decoy == r.decoy && e.live(now) && r.knownKey(e.key) {
				c, again = e, e.seed != r.id
			}
		}
		return c, again, false, nil
	}
	c, refused = s.admit(p, now, r)
	if refused != nil {
		return nil, false, false, refused
	}
	again = c != nil
	var seed operationID
	if again {
		seed = c.seed
	}
	s.void(now, func(e code) bool { return e.decoy != r.decoy })
	if !again {
		seed = r.id
		s.codes = append(s.codes, code{
			seed: seed, key: r.key, bind: r.bind, decoy: r.decoy,
			issued: now.Unix(), lifetime: seconds(p.Lifetime), alphabet: p.Alphabet, length: p.Length, left: p.MaxAttempts,
		})
		s.forgetDead(now)
	}
	s.recordSend(p, now, r.id)
	i := slices.IndexFunc(s.codes, func(e code) bool { return e.seed == seed })
	return &s.codes[i], again, true, nil
}

// recordSend appends the send. One that counts towards no limit any more makes room where there is none, and not before:
// an instance with longer windows, during a roll-out, may still count it. Admit has seen to it that there is one.
func (s *state) recordSend(p *Policy, now time.Time, id operationID) {
	if len(s.sends) >= maxSends {
		i := slices.IndexFunc(s.sends, func(e send) bool { return !e.countsAtAll(p, now) })
		s.sends = slices.Delete(s.sends, i, i+1)
	}
	s.sends = append(s.sends, send{at: roundUp(now), id: id})
}

// void removes the live codes that match.
func (s *state) void(now time.Time, match func(code) bool) (write bool) {
	before := len(s.codes)
	s.codes = slices.DeleteFunc(s.codes, func(c code) bool { return c.live(now) && match(c) })
	return len(s.codes) < before
}

// forgetDead removes the oldest codes that are not live until no more are left than a value has room for. Codes that
// were used go last: their ids tell a Verify whose reply was lost that it has won.
func (s *state) forgetDead(now time.Time) {
	dead := func(c code) bool { return !c.live(now) }
	unused := func(c code) bool { return dead(c) && !c.used() }
	for len(s.codes) > maxCodesKept {
		i := slices.IndexFunc(s.codes, unused)
		if i < 0 {
			i = slices.IndexFunc(s.codes, dead)
		}
		s.codes = slices.Delete(s.codes, i, i+1)
	}
}

// fail marks the Send of this id as one that certainly did not leave.
func (s *state) fail(id operationID) (write bool) {
	i := slices.IndexFunc(s.sends, func(e send) bool { return e.id == id })
	if i < 0 || s.sends[i].failed {
		return false
	}
	s.sends[i].failed = true
	return true
}

// verify judges one submission. It returns nil if the code is accepted, else the reason or what kept it from being
// judged. compare tells whether the submission is the text of the code, and whether its length and key allow to tell;
// it must take the same time for equal and unequal texts.
//
// A Verify that finds itself recorded in a used code has won its swap and lost only the reply.
func (s *state) verify(p *Policy, now time.Time, id operationID, bind bindTag, compare func(*code) comparison) (write bool, reason error) {
	dead, accepted := error(ErrNoCode), -1
	live, shaped, derived := 0, 0, 0
	for i := range s.codes {
		c := &s.codes[i]
		switch {
		case c.usedBy == id:
			return false, nil
		case c.bind != bind:
		case c.live(now):
			live++
			result := compare(c)
			if result.shaped {
				shaped++
			}
			if result.derived {
				derived++
			}
			if result.equal && !c.decoy {
				accepted = i
			}
		case c.used():
			dead = ErrUsed
		case now.Unix() >= c.expires():
			dead = ErrExpired
		default:
			dead = ErrExhausted
		}
	}
	switch {
	case live == 0:
		return false, dead
	case shaped == 0:
		return false, ErrMalformed
	case derived == 0:
		return false, errUnknownKey
	case accepted >= 0:
		s.codes[accepted].usedBy = id
		s.void(now, func(code) bool { return true })
		s.failures, s.lastFailure = 0, 0
		return true, nil
	}
	for i := range s.codes {
		if c := &s.codes[i]; c.bind == bind && c.live(now) {
			c.left--
		}
	}
	s.failures = min(s.failuresAt(p, now)+1, maxFailures)
	s.lastFailure = roundUp(now)
	if derived < shaped {
		return true, errUnknownKey // it may have been the code that cannot be derived here: not "wrong"
	}
	return true, ErrMismatch
}

// A comparison is what became of comparing a submission with a code.
type comparison struct {
	shaped  bool // the lengths are equal
	derived bool // and the key of the code is known here
	equal   bool // and the texts are equal
}

// unlock clears the failures.
func (s *state) unlock() (write bool) {
	write = s.failures > 0
	s.failures, s.lastFailure = 0, 0
	return write
}

// status describes what the address can do at now with this Bind.
func (s *state) status(p *Policy, now time.Time, r *sendRequest) (st Status) {
	var last int64
	for i := range s.codes {
		c := &s.codes[i]
		if c.bind != r.bind || !c.live(now) {
			continue
		}
		st.Live = true
		st.AttemptsLeft = max(st.AttemptsLeft, c.left)
		last = max(last, c.expires())
	}
	if st.Live {
		st.ExpiresAt = time.Unix(last, 0).UTC()
	}
	_, refused := s.admit(p, now, r)
	if refused != nil {
		st.RetryAt = s.retryAt(p, now, r)
	}
	st.Locked = refused == ErrLocked
	return st
}

// retryAt returns the first time after now from which on a Send is admitted if nothing else happens. Only the end of
// a limit's window, of a code and of the memory of failures can turn a refusal into an admission.
func (s *state) retryAt(p *Policy, now time.Time, r *sendRequest) time.Time {
	first := int64(math.MaxInt64)
	consider := func(at int64) {
		if at <= now.Unix() || at >= first {
			return
		}
		if _, refused := s.admit(p, time.Unix(at, 0), r); refused == nil {
			first = at
		}
	}
	for i := range s.sends {
		for _, limit := range p.SendLimits {
			consider(s.sends[i].at + seconds(limit.Window))
		}
	}
	for i := range s.codes {
		consider(s.codes[i].expires())
	}
	consider(s.lastFailure + seconds(p.RememberFailures))
	if first == math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(first, 0).UTC()
}

// keepUntil returns the time until which the rules need the state.
func (s *state) keepUntil(p *Policy) time.Time {
	var until int64
	for i := range s.codes {
		until = max(until, s.codes[i].expires())
	}
	for i := range s.sends {
		until = max(until, s.sends[i].at+seconds(p.longestWindow()))
	}
	if s.failures > 0 {
		until = max(until, s.lastFailure+seconds(p.RememberFailures))
	}
	return time.Unix(until, 0).UTC()
}
