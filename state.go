package otp

import (
	"crypto/subtle"
	"slices"
	"time"
)

// A state is what a store keeps for one purpose, address and Trust. Its methods are the rules of
// docs/design.md, under their numbers. They read and change only the state, take the time as an
// argument, and know neither store nor sender nor keys.
//
// Times are in whole seconds. The start of a lifetime is rounded down and the start of a waiting
// period up, so that rounding never makes a code live longer or a limit end sooner.
type state struct {
	keepUntil     time.Time // of codes and sends
	failures      int
	failuresUntil time.Time     // failures count until then; zero if there are none
	sends         []time.Time   // in the order of recording
	ids           []operationID // of the latest Sends
	codes         []code        // in the order of issue, used ones in the order of use
}

// A code is what its text is derived from, and what became of it.
type code struct {
	seed     operationID // the id of the Send that issued it; no secret without the key
	key      keyID
	binding  tag
	issued   time.Time
	lifetime time.Duration
	alphabet Alphabet
	length   int
	given    int  // attempts before its counted failures; given − left is what success takes back
	left     int  // wrong submissions until it is exhausted
	decoy    bool // nobody was sent it
	usedBy   operationID
	usedWith tag // of the idempotency key
}

// An operationID is random. Each Send and Verify draws one and keeps it through all its rounds.
type operationID [16]byte

const (
	maxIDs       = 4
	maxUsedCodes = 2 // remembered for repeats
	maxCodes     = maxLiveCodes + maxUsedCodes

	// maxCounted is where the count of failures saturates. A saturated count is never reduced: the
	// true number is lost.
	maxCounted = 255
)

func (s *state) reset() {
	*s = state{sends: s.sends[:0], ids: s.ids[:0], codes: s.codes[:0]}
}

func (c *code) expires() time.Time { return c.issued.Add(c.lifetime) }
func (c *code) used() bool         { return c.usedBy != operationID{} }

// Rule 2: a code is unexpired strictly before its expiry.
func (c *code) unexpired(now time.Time) bool { return now.Before(c.expires()) }

// Rule 3: without a comparable code of its Binding, a submission is compared with none.
func (c *code) comparable(now time.Time) bool { return c.unexpired(now) && c.left > 0 }

func (c *code) live(now time.Time) bool { return c.comparable(now) && !c.used() }

// Rule 5: a code is sent again while at least half of its lifetime is left.
func (c *code) resendable(now time.Time) bool { return 2*c.expires().Sub(now) >= c.lifetime }

// A sendRequest is the part of a Send that the rules look at.
type sendRequest struct {
	id      operationID
	binding tag
	decoy   bool
	key     keyID  // of a new code
	keys    knower // a code of an unknown key cannot be sent again
}

// A sent is the outcome of a Send.
type sent struct {
	refused error // ErrLimited, ErrLiveCodes, ErrLocked or errVoided
	code    code  // to deliver, unless refused
	resent  bool
	status  Status
}

// send records one Send. If the record already holds the id of this Send, the swap succeeded and
// only the reply was lost. Later writers do not matter.
func (s *state) send(p *Policy, now time.Time, a *sendRequest) (sent, bool) {
	if s.recorded(a.id) {
		return s.delivery(p, now, a), false
	}

	c, length, refused := s.admit(p, now, a)
	if refused != nil {
		return sent{refused: refused, status: s.status(p, now, a)}, false
	}

	resent := c != nil
	if !resent {
		c = s.issue(p, now, a, length)
	}
	if !a.decoy {
		c.decoy = false // Rule 5: a real Send of a decoy clears the flag
	}
	s.count(now, a.id)
	return sent{code: *c, resent: resent, status: s.status(p, now, a)}, true
}

// recorded reports whether the Send with this id has been counted.
func (s *state) recorded(id operationID) bool {
	for i := range s.codes {
		if s.codes[i].seed == id {
			return true
		}
	}
	return slices.Contains(s.ids, id)
}

// delivery returns what a Send that is recorded has to deliver: the latest live code of its
// Binding.
func (s *state) delivery(p *Policy, now time.Time, a *sendRequest) sent {
	result := sent{refused: errVoided, status: s.status(p, now, a)}

	for _, c := range s.codes {
		if c.binding != a.binding || !c.live(now) || !a.keys.knows(c.key) || c.decoy && !a.decoy {
			continue
		}

		result.refused, result.code, result.resent = nil, c, c.seed != a.id
	}
	return result
}

// admit decides what a Send would do at now: send a code again, issue one of this length, or be
// refused. The decoy flag plays no part in it (rule 5).
func (s *state) admit(p *Policy, now time.Time, a *sendRequest) (
	resend *code, length int, refused error,
) {
	live, attempts := 0, 0
	for i := range s.codes {
		c := &s.codes[i]
		if !c.live(now) {
			continue
		}

		live++
		attempts += c.left
		if c.binding == a.binding && c.resendable(now) && a.keys.knows(c.key) {
			resend = c // Rule 5: the latest
		}
	}

	// Rule 7: longer codes, or a lock, where one more code could lead past MaxFailures.
	length = p.Length
	if s.failuresAt(now)+attempts+p.MaxAttempts > p.MaxFailures {
		switch {
		case !p.Lock:
			length = p.MaxLength
		case resend == nil:
			return nil, length, ErrLocked
		}
	}

	switch {
	case s.limited(p, now):
		return nil, length, ErrLimited
	case resend == nil && live >= p.MaxLiveCodes:
		return nil, length, ErrLiveCodes
	}
	return resend, length, nil
}

// Rule 8: limited reports whether SendLimits refuse a Send at now.
func (s *state) limited(p *Policy, now time.Time) bool {
	for _, limit := range p.SendLimits {
		count := 0
		for _, at := range s.sends {
			if now.Before(at.Add(limit.Window)) {
				count++
			}
		}

		if count >= limit.Count {
			return true
		}
	}
	return false
}

// issue appends a new code. Rule 4: it touches neither the attempts of other codes nor the
// failures.
func (s *state) issue(p *Policy, now time.Time, a *sendRequest, length int) *code {
	s.codes = append(s.codes, code{
		seed:     a.id,
		key:      a.key,
		binding:  a.binding,
		issued:   roundDown(now),
		lifetime: p.Lifetime,
		alphabet: p.Alphabet,
		length:   length,
		given:    p.MaxAttempts,
		left:     p.MaxAttempts,
		decoy:    a.decoy,
	})

	s.forget(now)
	return &s.codes[len(s.codes)-1]
}

// forget removes dead codes until the others fit into a value: first those that are neither live
// nor remembered for repeats, then the oldest used ones.
func (s *state) forget(now time.Time) {
	spent := func(c code) bool { return !c.live(now) && !(c.used() && c.unexpired(now)) }

	for len(s.codes) > maxCodes {
		i := slices.IndexFunc(s.codes, spent)
		if i < 0 {
			i = slices.IndexFunc(s.codes, func(c code) bool { return !c.live(now) })
		}
		s.codes = slices.Delete(s.codes, i, i+1)
	}
}

// count remembers a Send. Rule 14: every recorded Send counts. It keeps sends that this policy no
// longer counts, since another instance may have longer windows. The oldest is dropped only when
// the list is full.
func (s *state) count(now time.Time, id operationID) {
	if len(s.sends) >= maxSends {
		s.sends = slices.Delete(s.sends, 0, 1)
	}
	s.sends = append(s.sends, roundUp(now))

	if len(s.ids) >= maxIDs {
		s.ids = slices.Delete(s.ids, 0, 1)
	}
	s.ids = append(s.ids, id)
}

// A guess is the part of a Verify that the rules look at.
type guess struct {
	id      operationID
	binding tag
	typed   typedCode
	spends  bool // the right code, as Verify does

	idempotencyKey string

	codes deriver
}

// A knower reports whether codes of a key can be derived.
type knower interface{ knows(keyID) bool }

// A deriver computes what the state does not hold: the record in use.
type deriver interface {
	knower

	// text returns the text of a code, or false if the key of the code is unknown.
	text(*code) (codeText, bool)

	// repeatTag returns the tag of an idempotency key for a code.
	repeatTag(c *code, idempotencyKey string) tag
}

// A comparison is what became of comparing a guess with the codes of its Binding.
type comparison struct {
	shaped  int   // codes of the same length
	derived int   // those of them whose key is known
	used    *code // the used code with the same text
	live    *code // the live code with the same text; no decoy
	expired bool  // an expired code has the same text
}

// verify judges one submission. It returns nil if the code is accepted, else the reason.
func (s *state) verify(p *Policy, now time.Time, g *guess) (reason error, changed bool) {
	// Rule 1: if a code is used by this operation's own id, the swap succeeded and only the reply
	// was lost. What has happened since does not matter.
	if slices.ContainsFunc(s.codes, func(c code) bool { return c.usedBy == g.id }) {
		return nil, false
	}

	comparable := func(c code) bool { return c.binding == g.binding && c.comparable(now) }
	if !slices.ContainsFunc(s.codes, comparable) {
		return s.deadReason(now, g.binding), false
	}

	// Rule 1: the text is always compared first.
	found := s.compare(now, g)

	switch {
	case found.used != nil:
		return g.verdictOnUsed(found.used), false
	case found.live != nil && !g.spends:
		return nil, false
	case found.live != nil:
		s.accept(now, found.live, g)
		return nil, true
	case found.expired:
		return ErrExpired, false
	case found.shaped == 0:
		return ErrMalformed, false
	case found.derived == 0:
		return errUnknownKey, false
	}

	s.miss(p, now, g)
	if found.derived < found.shaped {
		// The text may be that of a code whose key is unknown here, so it is not called wrong.
		return errUnknownKey, true
	}
	return ErrMismatch, true
}

// compares reports whether a guess is compared with the code. Rules 3 and 9: it has the Binding of
// the guess, and attempts left. Where it is expired, its key must be known, too.
func (g *guess) compares(now time.Time, c *code) bool {
	if c.binding != g.binding || c.left == 0 {
		return false
	}
	return c.unexpired(now) || g.codes.knows(c.key)
}

// compare derives the text of every code that the guess is compared with, decoys too, so that its
// time does not tell them apart.
func (s *state) compare(now time.Time, g *guess) (found comparison) {
	for i := range s.codes {
		c := &s.codes[i]
		if !g.compares(now, c) {
			continue
		}

		typed := &g.typed[c.alphabet]
		if typed.length != c.length {
			continue
		}

		found.shaped++
		text, known := g.codes.text(c)
		if !known {
			continue
		}

		found.derived++
		switch equal := typed.equal(&text); {
		case equal && !c.unexpired(now):
			found.expired = true
		case equal && c.used():
			found.used = c
		case equal && !c.decoy:
			found.live = c
		}
	}
	return found
}

// verdictOnUsed tells what the text of a used code means. Rule 1: with the idempotency key that it
// was used with, it is a repeat.
func (g *guess) verdictOnUsed(used *code) error {
	repeat := g.codes.repeatTag(used, g.idempotencyKey)
	if subtle.ConstantTimeCompare(repeat[:], used.usedWith[:]) == 1 {
		return ErrRepeated
	}
	return ErrUsed
}

// deadReason tells why no code of the Binding is comparable, as far as the record remembers.
func (s *state) deadReason(now time.Time, binding tag) error {
	reason := ErrNoCode

	for i := range s.codes {
		switch c := &s.codes[i]; {
		case c.binding != binding:
		case !c.unexpired(now):
			reason = ErrExpired
		default:
			reason = ErrExhausted
		}
	}
	return reason
}

// accept marks the code as used. Rule 6: success takes back the failures that its own code has
// counted, voids the live codes of its Binding, and ends the repeats of those used before.
func (s *state) accept(now time.Time, c *code, g *guess) {
	s.takeBack(now, c.given-c.left)

	accepted := *c
	accepted.usedBy, accepted.usedWith = g.id, g.codes.repeatTag(c, g.idempotencyKey)
	s.revoke(now, g.binding)
	s.codes = append(s.codes, accepted)

	for s.usedCodes() > maxUsedCodes {
		oldest := slices.IndexFunc(s.codes, func(c code) bool { return c.used() })
		s.codes = slices.Delete(s.codes, oldest, oldest+1)
	}
}

func (s *state) usedCodes() (n int) {
	for i := range s.codes {
		if s.codes[i].used() {
			n++
		}
	}
	return n
}

// miss counts a wrong submission. Rule 3: each code that it is compared with loses an attempt, and
// the record counts one failure for each live one.
func (s *state) miss(p *Policy, now time.Time, g *guess) {
	if s.failuresAt(now) == 0 {
		s.clearFailures()
	}

	failures := 0

	for i := range s.codes {
		c := &s.codes[i]
		if !g.compares(now, c) {
			continue
		}

		if c.live(now) {
			failures++
		} else {
			c.given-- // it counts no failure that success could take back
		}
		c.left--
	}

	if failures == 0 {
		return
	}

	// Another instance may have a longer window, so failures never count for less long than they
	// did.
	s.failures = min(s.failuresAt(now)+failures, maxCounted)
	s.failuresUntil = ratchet(s.failuresUntil, roundUp(now.Add(p.FailureWindow)), now)
}

func (s *state) failuresAt(now time.Time) int {
	if !now.Before(s.failuresUntil) {
		return 0
	}
	return s.failures
}

func (s *state) takeBack(now time.Time, failures int) {
	if s.failures == maxCounted {
		return
	}

	s.failures = max(0, s.failuresAt(now)-failures)
	if s.failures == 0 {
		s.clearFailures()
	}
}

// clearFailures forgets the failures, those that codes have counted too: success takes none back
// that no longer count.
func (s *state) clearFailures() {
	s.failures, s.failuresUntil = 0, time.Time{}
	for i := range s.codes {
		s.codes[i].given = s.codes[i].left
	}
}

// revoke voids the live codes of a Binding and ends the repeats of its used ones (rule 6).
func (s *state) revoke(now time.Time, binding tag) (changed bool) {
	own := func(t tag) bool { return t == binding }
	voided := s.void(now, own)
	return s.endRepeats(own) || voided
}

// revokeAll voids all live codes and ends the repeats of all Bindings but the excepted ones (rule
// 6).
func (s *state) revokeAll(now time.Time, excepted func(binding tag) bool) (changed bool) {
	voided := s.void(now, func(tag) bool { return true })
	return s.endRepeats(func(t tag) bool { return !excepted(t) }) || voided
}

// void removes the live codes whose Binding matches.
func (s *state) void(now time.Time, match func(binding tag) bool) (changed bool) {
	before := len(s.codes)
	s.codes = slices.DeleteFunc(s.codes, func(c code) bool {
		return c.live(now) && match(c.binding)
	})
	return len(s.codes) < before
}

// endRepeats makes the text of a used code ErrUsed from now on, whatever comes with it. The code
// stays, so that an operation whose reply was lost still finds itself.
func (s *state) endRepeats(match func(binding tag) bool) (changed bool) {
	for i := range s.codes {
		if c := &s.codes[i]; c.used() && c.usedWith != (tag{}) && match(c.binding) {
			c.usedWith = tag{}
			changed = true
		}
	}
	return changed
}

// unlock clears failures and remembered sends (rule 6). The ids stay, so that a Send whose reply
// was lost is not counted twice.
func (s *state) unlock() (changed bool) {
	changed = s.failures > 0 || len(s.sends) > 0

	s.clearFailures()
	s.sends = s.sends[:0]
	return changed
}

// retain returns the time until which the rules need the state. The time for codes and sends is
// kept in the state (keepUntil). No other instance may shorten it, and it never falls below the
// expiry of any code that the state has held: otherwise a first write that lands late, where
// nothing is left, would revive a code that was voided since. Failures end by themselves or by
// success.
func (s *state) retain(p *Policy, now time.Time) time.Time {
	s.failuresUntil = ratchet(s.failuresUntil, s.failuresUntil, now)

	var until time.Time
	for i := range s.codes {
		until = later(until, s.codes[i].expires())
	}
	for _, at := range s.sends {
		until = later(until, at.Add(p.longestWindow()))
	}

	s.keepUntil = ratchet(s.keepUntil, until, now)
	return later(s.keepUntil, s.failuresUntil)
}

// ratchet returns the later of two times, bounded by the longest window of any policy from now: a
// time that was written under a wrong clock does not stay.
func ratchet(before, wanted, now time.Time) time.Time {
	until := later(before, wanted)
	if most := roundUp(now.Add(maxFailureWindow)); until.After(most) {
		return most
	}
	return until
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func roundDown(t time.Time) time.Time { return t.Truncate(time.Second) }

func roundUp(t time.Time) time.Time {
	if whole := roundDown(t); whole.Before(t) {
		return whole.Add(time.Second)
	}
	return roundDown(t)
}

// Status tells what can be done for one address, Trust and Binding at one moment. Times are in
// whole seconds, UTC.
type Status struct {
	// Live reports whether there is a code that can be submitted.
	Live bool `json:"live"`

	// Locked reports whether Send would return ErrLocked.
	Locked bool `json:"locked"`

	// AttemptsLeft is the number of wrong submissions until no code is live.
	AttemptsLeft int `json:"attempts_left"`

	// CodeLength is the number of symbols of the live code that was sent last, or of the next one
	// if none is live. Codes get longer under attack: a form must not count on Policy.Length.
	CodeLength int `json:"code_length"`

	// ExpiresAt is when the last of the live codes expires. It is refused from that moment on. Zero
	// if none is live.
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// RetryAt is the first time at which Send would not be refused. Zero if Send would not be
	// refused now.
	RetryAt time.Time `json:"retry_at,omitzero"`
}

// status describes what the Binding of a can do at now.
func (s *state) status(p *Policy, now time.Time, a *sendRequest) (st Status) {
	_, next, refused := s.admit(p, now, a)
	st.CodeLength = next
	st.Locked = refused == ErrLocked
	if refused != nil {
		st.RetryAt = s.retryAt(p, now, a)
	}

	for i := range s.codes {
		c := &s.codes[i]
		if c.binding != a.binding || !c.live(now) {
			continue
		}

		st.Live = true
		st.CodeLength = c.length
		st.AttemptsLeft = max(st.AttemptsLeft, c.left)
		st.ExpiresAt = later(st.ExpiresAt, c.expires())
	}
	return st
}

// retryAt returns the first time after now at which a Send is admitted if nothing else happens.
// Only the end of a limit's window, of a code or of the failures can turn a refusal into an
// admission.
func (s *state) retryAt(p *Policy, now time.Time, a *sendRequest) (first time.Time) {
	consider := func(at time.Time) {
		if !at.After(now) || !first.IsZero() && !at.Before(first) {
			return
		}

		if _, _, refused := s.admit(p, at, a); refused == nil {
			first = at
		}
	}

	for _, at := range s.sends {
		for _, limit := range p.SendLimits {
			consider(at.Add(limit.Window))
		}
	}
	for i := range s.codes {
		consider(s.codes[i].expires())
	}
	consider(s.failuresUntil)
	return first
}
