package otp

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start is a moment for tests of the state, in whole seconds.
var start = time.Unix(1_000_000_000, 0).UTC()

// testKeys returns the keys of a Service with one code key.
func testKeys(t testing.TB) *keyring {
	t.Helper()

	keys, err := newKeyring(&Config{Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32)})
	require.NoError(t, err)
	return keys
}

// requestFor returns a Send without a Binding.
func requestFor(keys *keyring, id operationID) *sendRequest {
	return &sendRequest{id: id, key: keys.codes[0].id, keys: keys}
}

// testPolicy returns the policy with its defaults and without tight limits.
func testPolicy(p Policy) *Policy {
	if p.SendLimits == nil {
		p.SendLimits = []Limit{{60, time.Second}}
	}
	p = p.withDefaults()
	return &p
}

// liveCode returns a code that was issued at start.
func liveCode(seed byte) code {
	return code{
		seed: operationID{seed}, issued: start, lifetime: 10 * time.Minute, length: 6,
		given: 5, left: 5,
	}
}

// An answers is a deriver that notes what it was asked for.
type answers struct {
	texts   map[operationID]string // by seed; an absent one has an unknown key
	derived []operationID
}

func (a *answers) knows(key keyID) bool { return key != unknownKey }

var unknownKey = keyID{9}

func (a *answers) text(c *code) (text codeText, known bool) {
	a.derived = append(a.derived, c.seed)
	symbols, known := a.texts[c.seed]
	text.length = copy(text.symbols[:], symbols)
	return text, known
}

func (a *answers) repeatTag(c *code, key string) (t tag) {
	copy(t[:], string(c.seed[:1])+key)
	return t
}

// submission returns a guess at a code of digits.
func submission(t testing.TB, id byte, text string, codes deriver) *guess {
	t.Helper()

	typed, ok := readCode(text)
	require.True(t, ok)
	return &guess{
		id: operationID{id}, typed: typed, spends: true, idempotencyKey: "key", codes: codes,
	}
}

// A Send that finds itself recorded delivers the latest live code of its Binding, if that can be
// derived, and is not recorded twice.
func TestARecordedSend(t *testing.T) {
	var s state
	p, keys := testPolicy(Policy{}), testKeys(t)
	var asks []*sendRequest
	for i, binding := range []byte{1, 1, 2} {
		ask := requestFor(keys, operationID{byte(i + 1)})
		ask.binding = tag{binding}
		outcome, changed := s.send(p, start, ask)
		require.NoError(t, outcome.refused)
		require.True(t, changed)
		asks = append(asks, ask)
	}

	again := func(now time.Time, ask *sendRequest) sent {
		outcome, changed := s.send(p, now, ask)
		require.False(t, changed)
		return outcome
	}
	for i, want := range []sent{
		{code: code{seed: operationID{1}}},
		{code: code{seed: operationID{1}}, resent: true},
		{code: code{seed: operationID{3}}},
	} {
		got := again(start, asks[i])
		require.NoError(t, got.refused)
		assert.Equal(t, want.code.seed, got.code.seed)
		assert.Equal(t, want.resent, got.resent)
	}

	require.ErrorIs(t, again(start.Add(p.Lifetime), asks[0]).refused, ErrNotSent, "expired")
	s.codes[0].decoy = true
	require.ErrorIs(t, again(start, asks[0]).refused, ErrNotSent, "issued by a decoy")
	asks[2].keys = &keyring{}
	require.ErrorIs(t, again(start, asks[2]).refused, ErrNotSent, "unknown key")
}

// Rule 8: the oldest Send is dropped when the list is full, and never earlier.
func TestSendsAreForgottenForRoomOnly(t *testing.T) {
	p, keys := testPolicy(Policy{SendLimits: []Limit{{1, time.Second}}}), testKeys(t)

	var s state
	now := start
	for i := range 100 {
		_, changed := s.send(p, now, requestFor(keys, newOperationID()))
		require.True(t, changed)
		require.Len(t, s.sends, min(i+1, maxSends))
		now = now.Add(time.Second)
	}

	assert.Equal(t, start.Add(40*time.Second), s.sends[0])
}

// Rule 3: every code that has attempts left is derived, decoys and expired ones too, so that time
// does not tell them apart; exhausted ones and those of other Bindings are not.
func TestWhatIsDerived(t *testing.T) {
	decoy, used, real := liveCode(1), liveCode(2), liveCode(3)
	decoy.decoy = true
	used.usedBy = operationID{9}
	exhausted, expired, other, long := liveCode(4), liveCode(5), liveCode(6), liveCode(7)
	exhausted.left = 0
	expired.issued = start.Add(-expired.lifetime)
	other.binding = tag{1}
	long.length = 10

	s := state{codes: []code{decoy, used, real, exhausted, expired, other, long}}
	codes := &answers{texts: map[operationID]string{
		{1}: "111111", {2}: "222222", {3}: "333333", {5}: "555555",
	}}
	reason, changed := s.verify(testPolicy(Policy{}), start, submission(t, 8, "000000", codes))

	require.Equal(t, ErrMismatch, reason)
	require.True(t, changed)
	assert.Equal(t, []operationID{{1}, {2}, {3}, {5}}, codes.derived)
	assert.Equal(t, []int{4, 4, 4, 0, 4, 5, 4},
		[]int{s.codes[0].left, s.codes[1].left, s.codes[2].left, s.codes[3].left, s.codes[4].left,
			s.codes[5].left, s.codes[6].left})
	assert.Equal(t, 3, s.failures, "one for each live code")
}

// Rule 6: nothing is taken back from a count that has reached its end, because the record no longer
// knows how many failures there were.
func TestRule06AFullCountStays(t *testing.T) {
	for failures, left := range map[int]int{
		maxCounted:     maxCounted,
		maxCounted - 1: maxCounted - 5,
		3:              0,
	} {
		s := state{
			codes:    []code{liveCode(1)},
			failures: failures, failuresUntil: start.Add(time.Hour),
		}
		s.codes[0].left = 1
		codes := &answers{texts: map[operationID]string{{1}: "111111"}}

		reason, _ := s.verify(testPolicy(Policy{}), start, submission(t, 7, "111111", codes))
		require.NoError(t, reason)
		assert.Equal(t, left, s.failuresAt(start))
		assert.Equal(t, left == 0, s.failuresUntil.IsZero())
	}
}

// Dead codes never push out live ones, and used ones go last, the one that was used first before
// the other.
func TestForget(t *testing.T) {
	used, used2, expired, exhausted := liveCode(1), liveCode(2), liveCode(3), liveCode(4)
	used.usedBy, used2.usedBy = operationID{9}, operationID{8}
	expired.issued = start.Add(-expired.lifetime)
	exhausted.left = 0
	expiredUsed := expired
	expiredUsed.usedBy = operationID{7}
	live := []code{liveCode(5), liveCode(6), liveCode(7)}

	for name, c := range map[string]struct{ dead, stay []code }{
		"unused ones":    {[]code{used, expired, used2, exhausted}, []code{used, used2}},
		"the older used": {[]code{used, used2, liveCode(8)}, []code{used2, liveCode(8)}},
		"expired used":   {[]code{used, expiredUsed, used2}, []code{used, used2}},
		"none":           {[]code{expired, exhausted}, []code{expired, exhausted}},
	} {
		s := state{codes: append(slices.Clone(c.dead), live...)}
		s.forget(start)
		assert.Equal(t, append(slices.Clone(c.stay), live...), s.codes, name)
	}
}

// What the store is told to keep lasts as long as any rule needs it, and never shorter than the
// record already said.
func TestRetain(t *testing.T) {
	p := Policy{}.withDefaults()
	short, long := liveCode(1), liveCode(2)
	long.lifetime = day

	for _, c := range []struct {
		name string
		s    state
		want time.Duration // after start
	}{
		{"a code", state{codes: []code{short}}, 10 * time.Minute},
		{"a longer code", state{codes: []code{long, short}}, day},
		{"a send", state{sends: []time.Time{start}, codes: []code{short}}, day},
		{"before", state{keepUntil: start.Add(50 * day), codes: []code{short}}, 50 * day},
		{"a wrong clock", state{keepUntil: start.Add(1e6 * time.Hour)}, maxFailureWindow},
	} {
		assert.Equal(t, start.Add(c.want), c.s.retain(&p, start), c.name)
		assert.Equal(t, start.Add(c.want), c.s.keepUntil, c.name)
	}

	// Failures are needed as long as they count, and no longer once success has taken them back.
	for until, want := range map[time.Duration]time.Duration{
		time.Minute: 10 * time.Minute, 40 * day: 40 * day, 1e6 * time.Hour: maxFailureWindow,
	} {
		s := state{codes: []code{short}, failures: 1, failuresUntil: start.Add(until)}
		assert.Equal(t, start.Add(want), s.retain(&p, start))
		assert.Equal(t, start.Add(10*time.Minute), s.keepUntil)
		s.clearFailures()
		assert.Equal(t, start.Add(10*time.Minute), s.retain(&p, start))
	}
}

// Rule 6: success takes back no failures that no longer count: those that Unlock has cleared, or
// that have lapsed in the shorter window of another instance. A stranger's stay.
func TestRule06FailuresAreTakenBackOnce(t *testing.T) {
	policies := map[string]*Policy{
		"Unlock": testPolicy(Policy{}),
		"lapsed": testPolicy(Policy{Lifetime: time.Minute, FailureWindow: time.Minute}),
	}

	for name, short := range policies {
		own, other := liveCode(1), liveCode(2)
		other.binding = tag{1}
		own.lifetime, other.lifetime = maxLifetime, maxLifetime
		s := state{codes: []code{own, other}}
		codes := &answers{texts: map[operationID]string{{1}: "111111", {2}: "222222"}}

		for id := range byte(4) {
			reason, _ := s.verify(short, start, submission(t, id+10, "000000", codes))
			require.Equal(t, ErrMismatch, reason)
		}
		require.Equal(t, 4, s.failuresAt(start))

		now := start.Add(time.Hour)
		if name == "Unlock" {
			s.unlock()
		}
		for id := range byte(4) {
			g := submission(t, id+20, "000000", codes)
			g.binding = other.binding
			reason, _ := s.verify(testPolicy(Policy{}), now, g)
			require.Equal(t, ErrMismatch, reason)
		}

		reason, _ := s.verify(testPolicy(Policy{}), now, submission(t, 30, "111111", codes))
		require.NoError(t, reason)
		assert.Equal(t, 4, s.failuresAt(now), name)
	}
}

// Rule 3: the text of a used code is told before that of a live one.
func TestRule03UsedBeforeLive(t *testing.T) {
	used := liveCode(1)
	used.usedBy = operationID{9}
	s := state{codes: []code{used, liveCode(2)}}
	codes := &answers{texts: map[operationID]string{{1}: "111111", {2}: "111111"}}

	reason, changed := s.verify(testPolicy(Policy{}), start, submission(t, 7, "111111", codes))
	assert.Equal(t, ErrUsed, reason)
	assert.False(t, changed)
}

// Rule 3: beside a comparable code, expired ones are compared, too. What has the text of one costs
// nothing; what has not costs each of them an attempt, so that an instance whose clock is ahead
// gives no free guess at a code that lives for another. An expired code of an unknown key is passed
// over, and so is one that is exhausted.
func TestRule03ExpiredCodesAreCompared(t *testing.T) {
	live, expired, usedUp := liveCode(1), liveCode(2), liveCode(3)
	expired.issued = start.Add(-expired.lifetime)
	usedUp.issued, usedUp.left = expired.issued, 0
	long := liveCode(1)
	long.length = 10
	used := expired
	used.usedBy, used.usedWith = operationID{9}, tag{2}
	copy(used.usedWith[1:], "key")
	lost, unknown := expired, live
	lost.key, unknown.seed, unknown.key = unknownKey, operationID{4}, unknownKey
	texts := map[operationID]string{{1}: "111111", {2}: "222222", {3}: "333333"}

	for _, c := range []struct {
		name  string
		codes []code
		typed string
		want  error
		left  []int
	}{
		{"the older mail", []code{expired, live}, "222222", ErrExpired, []int{5, 5}},
		{"a guess", []code{expired, live}, "000000", ErrMismatch, []int{4, 4}},
		{"the live one", []code{expired, live}, "111111", nil, nil},
		{"none is comparable", []code{expired}, "222222", ErrExpired, []int{5}},
		{"none, a guess", []code{expired}, "000000", ErrExpired, []int{5}},
		{"a used one is no repeat", []code{used, live}, "222222", ErrExpired, []int{5, 5}},
		{"an exhausted one", []code{usedUp, live}, "333333", ErrMismatch, []int{0, 4}},
		{"one of a removed key", []code{lost, live}, "222222", ErrMismatch, []int{5, 4}},
		{"another length", []code{expired, long}, "000000", ErrMismatch, []int{4, 4}},
		{"the same, of a removed key", []code{lost, long}, "000000", ErrMalformed, []int{5, 5}},
		{"an unexpired one, alone", []code{unknown}, "000000", errUnknownKey, []int{5}},
		{"the same, beside another", []code{unknown, live}, "000000", errUnknownKey, []int{4, 4}},
	} {
		s := state{codes: slices.Clone(c.codes)}
		reason, _ := s.verify(testPolicy(Policy{}), start,
			submission(t, 8, c.typed, &answers{texts: texts}))
		assert.Equal(t, c.want, reason, c.name)
		for i, left := range c.left {
			assert.Equal(t, left, s.codes[i].left, "%s, code %d", c.name, i)
		}
	}

	// The attempts that it loses are no failures: success takes none back for them.
	s := state{codes: []code{expired, live}}
	p, codes := testPolicy(Policy{}), &answers{texts: texts}
	for id := range byte(3) {
		s.verify(p, start, submission(t, id+20, "000000", codes))
	}
	require.Equal(t, 3, s.failuresAt(start))
	reason, _ := s.verify(p, start.Add(-time.Second), submission(t, 30, "222222", codes))
	require.NoError(t, reason, "by a clock that is a second behind")
	assert.Equal(t, 3, s.failuresAt(start), "those of the other code")
}
