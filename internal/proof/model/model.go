// Package model is what package otp is held against: the rules of docs/design.md for one address, in the plainest form
// that is still exact. It has no keys, no bytes, no store and no concurrency: a code is its text, times are time.Time,
// and every answer is counted out from what has happened. It is slow and meant to be read beside the rules.
package model

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// ErrUnjudged stands for every error of Verify that is no rejection.
var ErrUnjudged = errors.New("the submission cannot be judged")

// An Instance is one running version of the service.
type Instance struct {
	Policy otp.Policy // every field set
	Keys   []string   // names of its code keys, newest first
}

// A Code is one code that was issued.
type Code struct {
	Text     string // empty as long as nobody has seen it
	Bind     string
	Decoy    bool
	Key      string // the name of the key that it is derived with
	Alphabet otp.Alphabet
	Length   int
	Issued   time.Time
	Expires  time.Time
	Left     int // wrong submissions until it is exhausted
	Used     bool
}

// A Send is one Send that was not refused.
type Send struct {
	ID     int // which call it was
	At     time.Time
	Failed bool // certainly nothing was sent
}

// An Address is all that is known of one purpose and address. The zero value is an address never heard of.
type Address struct {
	Codes    []Code // oldest first, those of Revoke and the like taken out
	Sends    []Send
	Failures []time.Time // the wrong submissions since the last success

	KeepUntil time.Time // until when a store was told to keep the record
}

// Clone returns a copy that shares nothing with a.
func (a *Address) Clone() *Address {
	return &Address{slices.Clone(a.Codes), slices.Clone(a.Sends), slices.Clone(a.Failures), a.KeepUntil}
}

// Times that begin a life are rounded down to whole seconds, those that begin a wait are rounded up.
func down(t time.Time) time.Time { return t.Truncate(time.Second).UTC() }

func up(t time.Time) time.Time {
	if t.Equal(down(t)) {
		return down(t)
	}
	return down(t).Add(time.Second)
}

// live: unexpired (rule 2), unused (rule 1) and not exhausted (rule 3).
func (c *Code) live(now time.Time) bool {
	return now.Before(c.Expires) && !c.Used && c.Left > 0
}

// failures counts the wrong submissions in a row, which are forgotten when none has come for RememberFailures.
func (a *Address) failures(in *Instance, now time.Time) int {
	if n := len(a.Failures); n > 0 && now.Before(a.Failures[n-1].Add(in.Policy.RememberFailures)) {
		return n
	}
	return 0
}

// counts: a send counts towards each limit for as long as its window; a failed one towards the shortest limit only.
func (s *Send) counts(in *Instance, limit otp.Limit, now time.Time) bool {
	shortest := limit
	for _, l := range in.Policy.SendLimits {
		if l.Window < shortest.Window {
			shortest = l
		}
	}
	return now.Before(s.At.Add(limit.Window)) && (!s.Failed || limit == shortest)
}

// countsAtAll: towards any limit.
func (s Send) countsAtAll(in *Instance, now time.Time) bool {
	return slices.ContainsFunc(in.Policy.SendLimits, func(l otp.Limit) bool { return s.counts(in, l, now) })
}

// sendsThatCount returns how many sends count towards any limit.
func (a *Address) sendsThatCount(in *Instance, now time.Time) (n int) {
	for _, s := range a.Sends {
		if s.countsAtAll(in, now) {
			n++
		}
	}
	return n
}

const (
	maxSends = 20 // that are remembered
	maxCodes = 5  // that are remembered
)

// admit says what a Send would do at that time: send the code at index again, or issue a new one (index -1), or be
// refused. Codes of the other kind do not matter, since the Send would void them (rule 5).
func (a *Address) admit(in *Instance, now time.Time, bind string, decoy bool) (index int, refused error) {
	p := &in.Policy
	index = -1
	live, open := 0, 0
	for i, c := range a.Codes {
		if !c.live(now) || c.Decoy != decoy {
			continue
		}
		live++
		open += c.Left
		halfLeft := 2*c.Expires.Sub(now) >= c.Expires.Sub(c.Issued)
		if c.Bind == bind && halfLeft && c.Alphabet == p.Alphabet && slices.Contains(in.Keys, c.Key) {
			index = i
		}
	}
	if index < 0 { // rules 7 and 9 are about new codes
		if a.failures(in, now)+open+p.MaxAttempts > p.MaxFailures {
			return -1, otp.ErrLocked
		}
		if live >= p.LiveCodes {
			return -1, otp.ErrLimited
		}
	}
	for _, limit := range p.SendLimits { // rule 8
		n := 0
		for _, s := range a.Sends {
			if s.counts(in, limit, now) {
				n++
			}
		}
		if n >= limit.Count {
			return -1, otp.ErrLimited
		}
	}
	if a.sendsThatCount(in, now) >= maxSends {
		return -1, otp.ErrLimited
	}
	return index, nil
}

// Send is the call number id that asks for a code. It returns the code to deliver, and whether that was there before; or why none is.
func (a *Address) Send(in *Instance, now time.Time, id int, bind string, decoy bool) (code *Code, again bool, refused error) {
	index, refused := a.admit(in, now, bind, decoy)
	if refused != nil {
		return nil, false, refused
	}
	again = index >= 0
	chosen := Code{
		Bind: bind, Decoy: decoy, Key: in.Keys[0], Alphabet: in.Policy.Alphabet, Length: in.Policy.Length,
		Issued: down(now), Expires: down(now).Add(in.Policy.Lifetime), Left: in.Policy.MaxAttempts,
	}
	if again {
		chosen = a.Codes[index]
	}
	a.void(func(c *Code) bool { return c.live(now) && c.Decoy != decoy })
	if !again {
		a.Codes = append(a.Codes, chosen)
		a.forget(now)
	}
	if len(a.Sends) >= maxSends { // one that does not count any more makes room
		i := slices.IndexFunc(a.Sends, func(s Send) bool { return !s.countsAtAll(in, now) })
		a.Sends = slices.Delete(a.Sends, i, i+1)
	}
	a.Sends = append(a.Sends, Send{ID: id, At: up(now)})
	a.written(in)
	i := slices.IndexFunc(a.Codes, func(c Code) bool { return c == chosen })
	return &a.Codes[i], again, nil
}

// forget drops the codes that there is no room to remember: dead ones, oldest first, those that were used last.
func (a *Address) forget(now time.Time) {
	for len(a.Codes) > maxCodes {
		i := slices.IndexFunc(a.Codes, func(c Code) bool { return !c.live(now) && !c.Used })
		if i < 0 {
			i = slices.IndexFunc(a.Codes, func(c Code) bool { return c.Used })
		}
		a.Codes = slices.Delete(a.Codes, i, i+1)
	}
}

// NotSent marks the Send of that number as one that certainly did not leave (rule 14), if it still counts at all.
func (a *Address) NotSent(in *Instance, id int) {
	if i := slices.IndexFunc(a.Sends, func(s Send) bool { return s.ID == id }); i >= 0 {
		a.Sends[i].Failed = true
		a.written(in)
	}
}

// Verify submits a text, written as the code is. It returns nil, a reason for rejection, or ErrUnjudged.
func (a *Address) Verify(in *Instance, now time.Time, bind, text string) error {
	var candidates []int // live codes of this Bind
	reason := otp.ErrNoCode
	for i, c := range a.Codes {
		switch {
		case c.Bind != bind: // rule 9
		case c.live(now):
			candidates = append(candidates, i)
		case c.Used:
			reason = otp.ErrUsed
		case !now.Before(c.Expires):
			reason = otp.ErrExpired
		default:
			reason = otp.ErrExhausted
		}
	}
	if len(candidates) == 0 {
		return reason
	}
	fits := func(i int) bool { return a.Codes[i].Alphabet == in.Policy.Alphabet && a.Codes[i].Length == len(text) }
	known := func(i int) bool { return fits(i) && slices.Contains(in.Keys, a.Codes[i].Key) }
	right := func(i int) bool { return known(i) && a.Codes[i].Text == text && !a.Codes[i].Decoy } // rule 10
	if !slices.ContainsFunc(candidates, fits) {
		return otp.ErrMalformed
	}
	if !slices.ContainsFunc(candidates, known) {
		return ErrUnjudged
	}
	if i := slices.IndexFunc(candidates, right); i >= 0 { // rules 1 and 6
		a.Codes[candidates[i]].Used = true
		a.void(func(c *Code) bool { return c.live(now) })
		a.Failures = nil
		a.written(in)
		return nil
	}
	for _, i := range candidates { // rule 3
		a.Codes[i].Left--
	}
	if a.failures(in, now) == 0 {
		a.Failures = nil
	}
	a.Failures = append(a.Failures, up(now))
	a.written(in)
	if slices.ContainsFunc(candidates, func(i int) bool { return fits(i) && !known(i) }) {
		return ErrUnjudged // it may be the code that nobody here can derive
	}
	return otp.ErrMismatch
}

// Revoke voids all live codes (rule 6).
func (a *Address) Revoke(in *Instance, now time.Time) {
	if a.void(func(c *Code) bool { return c.live(now) }) {
		a.written(in)
	}
}

// Unlock clears the failures (rule 6).
func (a *Address) Unlock(in *Instance) {
	if len(a.Failures) > 0 {
		a.Failures = nil
		a.written(in)
	}
}

func (a *Address) void(match func(*Code) bool) (any bool) {
	n := len(a.Codes)
	a.Codes = slices.DeleteFunc(a.Codes, func(c Code) bool { return match(&c) })
	return len(a.Codes) < n
}

// Status returns the Status for a Bind and the kind of code (decoy or not) that the next Send would ask for.
func (a *Address) Status(in *Instance, now time.Time, bind string, decoy bool) (st otp.Status) {
	for _, c := range a.Codes {
		if c.Bind != bind || !c.live(now) {
			continue
		}
		st.Live = true
		st.AttemptsLeft = max(st.AttemptsLeft, c.Left)
		if c.Expires.After(st.ExpiresAt) {
			st.ExpiresAt = c.Expires
		}
	}
	_, refused := a.admit(in, now, bind, decoy)
	if refused == nil {
		return st
	}
	st.Locked = refused == otp.ErrLocked
	// Whatever a refusal is about ends at one of these times.
	var ends []time.Time
	for _, c := range a.Codes {
		ends = append(ends, c.Expires)
	}
	for _, s := range a.Sends {
		for _, l := range in.Policy.SendLimits {
			ends = append(ends, s.At.Add(l.Window))
		}
	}
	for _, f := range a.Failures {
		ends = append(ends, f.Add(in.Policy.RememberFailures))
	}
	slices.SortFunc(ends, time.Time.Compare)
	for _, t := range slices.Compact(ends) {
		if !t.After(now) {
			continue
		}
		if _, refused := a.admit(in, t, bind, decoy); refused == nil {
			st.RetryAt = t
			break
		}
	}
	return st
}

// LastKind is the kind of code that was last asked for, as far as it is remembered.
func (a *Address) LastKind() (decoy bool) {
	n := len(a.Codes)
	return n > 0 && a.Codes[n-1].Decoy
}

// written notes until when the rules need what is known now.
func (a *Address) written(in *Instance) {
	a.KeepUntil = time.Time{}
	keep := func(t time.Time) {
		if t.After(a.KeepUntil) {
			a.KeepUntil = t
		}
	}
	for _, c := range a.Codes {
		keep(c.Expires)
	}
	for _, s := range a.Sends {
		for _, l := range in.Policy.SendLimits {
			keep(s.At.Add(l.Window))
		}
	}
	for _, f := range a.Failures {
		keep(f.Add(in.Policy.RememberFailures))
	}
}

// Dropped says that the store has dropped the record, its time being over. Only the codes go: they are dead, and what
// became of them is no longer known. Sends and failures stay here, to show that none of them counts any more.
func (a *Address) Dropped() { a.Codes = nil }

// String describes all that is known, for reports of disagreement and to compare states.
func (a *Address) String() string {
	text := ""
	for _, c := range a.Codes {
		text += fmt.Sprintf("[%q bind %q decoy %v key %s issued %s life %v left %d used %v] ",
			c.Text, c.Bind, c.Decoy, c.Key, clock(c.Issued), c.Expires.Sub(c.Issued), c.Left, c.Used)
	}
	for _, s := range a.Sends {
		text += fmt.Sprintf("sent %d %s failed %v ", s.ID, clock(s.At), s.Failed)
	}
	for _, f := range a.Failures {
		text += "wrong " + clock(f) + " "
	}
	return text
}

func clock(t time.Time) string { return t.Format("02T15:04:05.999999999") }
