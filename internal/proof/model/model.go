// Package model is what package otp is held against: the rules of docs/design.md for one record, in
// the plainest form that is still exact. It has no keys, no bytes, no store and no concurrency: a
// code is its text, and every answer is counted out from what has happened. It is slow and meant to
// be read beside the rules.
package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// ErrUnjudged stands for every error of Verify that is no rejection.
var ErrUnjudged = errors.New("the submission cannot be judged")

// An Instance is one running version of the service.
type Instance struct {
	Policy otp.Policy // every field set
	Keys   []string   // names of its code keys; the first issues
}

// A Code is one code that was issued.
type Code struct {
	Text     string // empty as long as nobody has seen it
	Binding  string
	Decoy    bool   // nobody was sent it
	Key      string // the name of the key that it is derived with
	Alphabet otp.Alphabet
	Length   int
	Issued   time.Time
	Expires  time.Time
	Given    int // Given − Left is the number of failures that it has counted
	Left     int // wrong submissions until it is exhausted
	Used     bool
	With     string // the idempotency key that it was used with; empty if it cannot be repeated
}

// A Record is all that is known of one purpose, address and Trust. The zero value is an address
// never heard of.
type Record struct {
	Codes         []Code // in the order of issue, used ones in the order of use
	Sends         []time.Time
	Failures      int
	FailuresUntil time.Time
	KeepUntil     time.Time // until when codes and sends need the record
}

// Until returns until when a store was told to keep the record.
func (r *Record) Until() time.Time { return later(r.KeepUntil, r.FailuresUntil) }

const (
	remembered   = 60  // sends
	maxCodes     = 5   // of all kinds
	maxUsed      = 2   // used ones
	countsTo     = 255 // failures; then the record no longer knows how many there were
	longestNotes = 3650 * 24 * time.Hour
)

// Clone returns a copy that shares nothing with r.
func (r *Record) Clone() *Record {
	c := *r
	c.Codes, c.Sends = slices.Clone(r.Codes), slices.Clone(r.Sends)
	return &c
}

// Times that begin a life are rounded down to whole seconds, those that begin a wait are rounded
// up.
func down(t time.Time) time.Time { return t.Truncate(time.Second).UTC() }

func up(t time.Time) time.Time {
	if t.Equal(down(t)) {
		return down(t)
	}
	return down(t).Add(time.Second)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// atMost keeps a time that was noted under a wrong clock from staying.
func atMost(t, now time.Time) time.Time {
	if end := up(now.Add(longestNotes)); t.After(end) {
		return end
	}
	return t
}

// Rules 2 and 3: where no code is comparable, none is compared.
func (c *Code) comparable(now time.Time) bool { return now.Before(c.Expires) && c.Left > 0 }

// Live codes can be accepted, unless they are decoys.
func (c *Code) Live(now time.Time) bool { return c.comparable(now) && !c.Used }

// failures counts the failures that count at now.
func (r *Record) failures(now time.Time) int {
	if now.Before(r.FailuresUntil) {
		return r.Failures
	}
	return 0
}

// An Answer is what a Send would do: send the code at Index again, or issue a new one of this
// length (Index -1), or be refused.
type Answer struct {
	Index   int
	Length  int
	Refused error
}

func (r *Record) ask(in *Instance, now time.Time, binding string) Answer {
	p := &in.Policy
	live, open, again := 0, 0, -1

	for i := range r.Codes {
		c := &r.Codes[i]
		if !c.Live(now) {
			continue
		}

		live++
		open += c.Left
		halfLeft := 2*c.Expires.Sub(now) >= c.Expires.Sub(c.Issued)
		if c.Binding == binding && halfLeft && slices.Contains(in.Keys, c.Key) { // rule 5
			again = i
		}
	}

	answer := Answer{Index: again, Length: p.Length}
	tooMany := r.failures(now)+open+p.MaxAttempts > p.MaxFailures // rule 7
	if tooMany && !p.Lock {
		answer.Length = p.MaxLength
	}

	switch {
	case again < 0 && tooMany && p.Lock:
		answer.Refused = otp.ErrLocked
	case r.limited(p, now):
		answer.Refused = otp.ErrLimited
	case again < 0 && live >= p.MaxLiveCodes:
		answer.Refused = otp.ErrLiveCodes
	}
	return answer
}

// limited is rule 8.
func (r *Record) limited(p *otp.Policy, now time.Time) bool {
	return slices.ContainsFunc(p.SendLimits, func(limit otp.Limit) bool {
		n := 0
		for _, at := range r.Sends {
			if now.Before(at.Add(limit.Window)) {
				n++
			}
		}
		return n >= limit.Count
	})
}

// Send asks for a code. It returns the code to deliver, and whether that was there before; or why
// the Send is refused.
func (r *Record) Send(
	in *Instance, now time.Time, binding string, decoy bool,
) (code *Code, again bool, refused error) {
	answer := r.ask(in, now, binding)
	if answer.Refused != nil {
		return nil, false, answer.Refused
	}

	i := answer.Index
	if i < 0 {
		r.Codes = append(r.Codes, Code{
			Binding: binding, Decoy: decoy, Key: in.Keys[0],
			Alphabet: in.Policy.Alphabet, Length: answer.Length,
			Issued: down(now), Expires: down(now).Add(in.Policy.Lifetime),
			Given: in.Policy.MaxAttempts, Left: in.Policy.MaxAttempts,
		})
		r.forget(now)
		i = len(r.Codes) - 1
	}
	if !decoy {
		r.Codes[i].Decoy = false // rule 5
	}

	r.Sends = append(r.Sends, up(now)) // rule 14: every recorded Send counts
	if len(r.Sends) > remembered {
		r.Sends = r.Sends[1:]
	}
	r.written(in, now)
	return &r.Codes[i], answer.Index >= 0, nil
}

// Found is what a Send finds that was recorded but whose reply was lost: the code to deliver, if
// there is one.
func (r *Record) Found(in *Instance, now time.Time, binding string, decoy bool) (found *Code) {
	for i := range r.Codes {
		c := &r.Codes[i]
		if c.Binding == binding && c.Live(now) && (decoy || !c.Decoy) &&
			slices.Contains(in.Keys, c.Key) {
			found = c
		}
	}
	return found
}

// forget drops the codes that there is no room to remember: first those that are neither live nor
// needed for repeats, then the one that was used first.
func (r *Record) forget(now time.Time) {
	for len(r.Codes) > maxCodes {
		i := slices.IndexFunc(r.Codes, func(c Code) bool {
			return !c.Live(now) && (!c.Used || !now.Before(c.Expires))
		})
		if i < 0 {
			i = slices.IndexFunc(r.Codes, func(c Code) bool { return c.Used })
		}
		r.Codes = slices.Delete(r.Codes, i, i+1)
	}
}

// Verify submits a text, written as the code is, with an idempotency key that is never empty. It
// returns nil, ErrRepeated, a reason for rejection, or ErrUnjudged. One that does not spend is a
// Check.
func (r *Record) Verify(
	in *Instance, now time.Time, binding, text, key string, spends bool,
) error {
	var compared []*Code // rule 3: expired ones, too, beside a comparable one
	comparable, reason := false, otp.ErrNoCode
	for i := range r.Codes {
		c := &r.Codes[i]
		expired := !now.Before(c.Expires)
		switch {
		case c.Binding != binding: // rule 9
			continue
		case c.comparable(now):
			comparable = true
		case expired:
			reason = otp.ErrExpired
		default:
			reason = otp.ErrExhausted
		}

		if c.Left > 0 && (!expired || slices.Contains(in.Keys, c.Key)) {
			compared = append(compared, c)
		}
	}
	if !comparable {
		return reason
	}

	fits := func(c *Code) bool { return len(reading(c.Alphabet, text)) == c.Length }
	known := func(c *Code) bool { return fits(c) && slices.Contains(in.Keys, c.Key) }
	equal := func(c *Code) bool { return known(c) && c.Text == reading(c.Alphabet, text) }
	usedOne := func(c *Code) bool { return equal(c) && c.Used && now.Before(c.Expires) }
	rightOne := func(c *Code) bool { return equal(c) && c.Live(now) && !c.Decoy } // rule 10
	oldOne := func(c *Code) bool { return equal(c) && !now.Before(c.Expires) }

	if i := lastIndex(compared, usedOne); i >= 0 { // rule 1
		if compared[i].With == key {
			return otp.ErrRepeated
		}
		return otp.ErrUsed
	}
	if i := lastIndex(compared, rightOne); i >= 0 {
		if spends {
			r.accept(in, now, compared[i], key)
		}
		return nil
	}
	if slices.ContainsFunc(compared, oldOne) { // rule 3: typed from an older mail
		return otp.ErrExpired
	}
	if !slices.ContainsFunc(compared, fits) {
		return otp.ErrMalformed
	}
	if !slices.ContainsFunc(compared, known) {
		return ErrUnjudged
	}

	r.miss(in, now, compared)
	if slices.ContainsFunc(compared, func(c *Code) bool { return fits(c) && !known(c) }) {
		return ErrUnjudged // it may be the code that nobody here can derive
	}
	return otp.ErrMismatch
}

func lastIndex(codes []*Code, match func(*Code) bool) int {
	for i, c := range slices.Backward(codes) {
		if match(c) {
			return i
		}
	}
	return -1
}

// reading returns what a text of digits, or of letters, means in an alphabet; nothing if it cannot
// be read there. Some digits are read as the letters that look alike.
func reading(a otp.Alphabet, text string) string {
	const digits, lookAlikes = "0123456789", "QLZ--SG-B-"
	isDigits := strings.Trim(text, digits) == ""

	switch {
	case isDigits == (a == otp.Digits):
		return text
	case !isDigits:
		return ""
	}

	letters := ""
	for _, digit := range text {
		letter := lookAlikes[digit-'0']
		if letter == '-' {
			return ""
		}
		letters += string(letter)
	}
	return letters
}

// accept is rule 6.
func (r *Record) accept(in *Instance, now time.Time, code *Code, key string) {
	counted := code.Given - code.Left
	if r.Failures < countsTo {
		r.Failures = max(0, r.failures(now)-counted)
	}
	if r.Failures == 0 {
		r.clear()
	}

	used := *code
	used.Used, used.With = true, key
	var kept []Code
	for i := range r.Codes {
		c := r.Codes[i]
		if c.Binding == code.Binding && (c.Live(now) || &r.Codes[i] == code) {
			continue
		}
		if c.Binding == code.Binding {
			c.With = "" // no more repeats
		}
		kept = append(kept, c)
	}
	r.Codes = append(kept, used)

	n := 0
	for _, c := range r.Codes {
		if c.Used {
			n++
		}
	}
	if n > maxUsed {
		i := slices.IndexFunc(r.Codes, func(c Code) bool { return c.Used })
		r.Codes = slices.Delete(r.Codes, i, i+1)
	}

	r.written(in, now)
}

// miss is what a wrong submission costs (rule 3): an attempt of each code that it was compared
// with, and one failure for each live one.
func (r *Record) miss(in *Instance, now time.Time, compared []*Code) {
	if r.failures(now) == 0 {
		r.clear()
	}

	failures := 0
	for _, c := range compared {
		if c.Live(now) {
			failures++
		} else {
			c.Given--
		}
	}
	for _, c := range compared {
		c.Left--
	}

	if failures > 0 {
		r.Failures = min(r.failures(now)+failures, countsTo)
		until := later(r.FailuresUntil, up(now.Add(in.Policy.FailureWindow)))
		r.FailuresUntil = atMost(until, now)
	}
	r.written(in, now)
}

// clear forgets the failures, those that codes have counted too.
func (r *Record) clear() {
	r.Failures, r.FailuresUntil = 0, time.Time{}
	for i := range r.Codes {
		r.Codes[i].Given = r.Codes[i].Left
	}
}

// Revoke voids the live codes of the Binding and ends the repeats of its used ones (rule 6).
func (r *Record) Revoke(in *Instance, now time.Time, binding string) {
	own := func(b string) bool { return b == binding }
	r.revoke(in, now, own, own)
}

// RevokeAll voids all live codes and ends the repeats of all Bindings but one (rule 6).
func (r *Record) RevokeAll(in *Instance, now time.Time, except string) {
	all := func(string) bool { return true }
	r.revoke(in, now, all, func(b string) bool { return b != except })
}

func (r *Record) revoke(in *Instance, now time.Time, void, end func(binding string) bool) {
	n, ended := len(r.Codes), false
	r.Codes = slices.DeleteFunc(r.Codes, func(c Code) bool {
		return c.Live(now) && void(c.Binding)
	})

	for i := range r.Codes {
		if c := &r.Codes[i]; c.Used && c.With != "" && end(c.Binding) {
			c.With, ended = "", true
		}
	}
	if ended || len(r.Codes) < n {
		r.written(in, now)
	}
}

// Unlock clears failures and remembered sends (rule 6).
func (r *Record) Unlock(in *Instance, now time.Time) {
	if r.Failures == 0 && len(r.Sends) == 0 {
		return
	}

	r.clear()
	r.Sends = nil
	r.written(in, now)
}

// Status returns what Send would say for a Binding.
func (r *Record) Status(in *Instance, now time.Time, binding string) (st otp.Status) {
	answer := r.ask(in, now, binding)
	st.CodeLength = answer.Length
	st.Locked = answer.Refused == otp.ErrLocked

	for i := range r.Codes {
		c := &r.Codes[i]
		if c.Binding != binding || !c.Live(now) {
			continue
		}

		st.Live = true
		st.CodeLength = c.Length
		st.AttemptsLeft = max(st.AttemptsLeft, c.Left)
		st.ExpiresAt = later(st.ExpiresAt, c.Expires)
	}

	if answer.Refused != nil {
		st.RetryAt = r.retryAt(in, now, binding)
	}
	return st
}

// retryAt looks at every time at which whatever a refusal is about may end.
func (r *Record) retryAt(in *Instance, now time.Time, binding string) time.Time {
	ends := []time.Time{r.FailuresUntil}
	for _, c := range r.Codes {
		ends = append(ends, c.Expires)
	}
	for _, at := range r.Sends {
		for _, l := range in.Policy.SendLimits {
			ends = append(ends, at.Add(l.Window))
		}
	}

	slices.SortFunc(ends, time.Time.Compare)
	for _, t := range slices.Compact(ends) {
		if t.After(now) && r.ask(in, t, binding).Refused == nil {
			return t
		}
	}
	return time.Time{}
}

// written notes until when codes and sends are needed, and never less than before: not less than a
// code needed that is gone.
func (r *Record) written(in *Instance, now time.Time) {
	r.FailuresUntil = atMost(r.FailuresUntil, now)
	until := r.KeepUntil
	for _, c := range r.Codes {
		until = later(until, c.Expires)
	}
	for _, at := range r.Sends {
		for _, l := range in.Policy.SendLimits {
			until = later(until, at.Add(l.Window))
		}
	}

	r.KeepUntil = atMost(until, now)
}

// Dropped says that the store has dropped the record, whose time is over. Only the codes go: they
// are dead, and what became of them is no longer known. Sends and failures stay here, to show that
// none of them counts any more.
func (r *Record) Dropped() { r.Codes, r.KeepUntil = nil, time.Time{} }

// String describes all that is known, for reports of disagreement and to compare records.
func (r *Record) String() string { return fmt.Sprintf("%+v", *r) }

// A Token is what is known of one id of Spend. The zero value is an id never heard of.
type Token struct {
	spent bool
	key   string
}

// Spend returns nil for the first call, then ErrRepeated for the same key, which is never empty,
// and ErrUsed for another.
func (t *Token) Spend(key string) error {
	switch {
	case !t.spent:
		*t = Token{true, key}
		return nil
	case t.key == key:
		return otp.ErrRepeated
	}
	return otp.ErrUsed
}
