package otp

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// randomState returns a state within all bounds.
func randomState(r *rand.Rand) *state {
	random := func(into []byte) {
		for i := range into {
			into[i] = byte(1 + r.IntN(255))
		}
	}
	moment := func() time.Time { return time.Unix(1+r.Int64N(maxTime), 0).UTC() }

	s := &state{keepUntil: moment(), failures: r.IntN(maxCounted + 1), failuresUntil: moment()}
	for range r.IntN(maxSends + 1) {
		s.sends = append(s.sends, moment())
	}
	for range r.IntN(maxIDs + 1) {
		var id operationID
		random(id[:])
		s.ids = append(s.ids, id)
	}
	for range r.IntN(maxCodes + 1) {
		a := Alphabet(r.IntN(len(alphabets)))
		given := r.IntN(maxAttempts + 1)
		c := code{
			issued:   moment(),
			lifetime: time.Duration(1+r.IntN(24*60*60)) * time.Second,
			alphabet: a,
			length:   a.minLength() + r.IntN(a.maxLength()-a.minLength()+1),
			given:    given,
			left:     r.IntN(given + 1),
			decoy:    r.IntN(2) == 0,
		}
		random(c.seed[:])
		random(c.key[:])
		random(c.binding[:])
		if s.usedCodes() < maxUsedCodes && r.IntN(2) == 0 {
			random(c.usedBy[:])
			random(c.usedWith[:])
		}
		s.codes = append(s.codes, c)
	}
	return s
}

func testMAC() *mac { return newMAC(bytes.Repeat([]byte{7}, 32)) }

// largestState returns a state that leaves no room for more.
func largestState() *state {
	late := time.Unix(maxTime, 0).UTC()
	s := &state{keepUntil: late, failures: maxCounted, failuresUntil: late}
	for range maxSends {
		s.sends = append(s.sends, late)
	}
	for range maxIDs {
		s.ids = append(s.ids, operationID{1})
	}
	for i := range maxCodes {
		c := code{issued: late, lifetime: maxLifetime, length: 14, given: 10, left: 10}
		if i < maxUsedCodes {
			c.usedBy = operationID{1}
		}
		s.codes = append(s.codes, c)
	}
	return s
}

// A time that five bytes do not hold is stored as the nearest one that they do.
func TestTimesAreBounded(t *testing.T) {
	for at, want := range map[time.Time]string{
		{}:                          "\x00\x00\x00\x00\x00",
		time.Unix(1, 0):             "\x00\x00\x00\x00\x01",
		time.Unix(1<<40-1, 0):       "\xff\xff\xff\xff\xff",
		time.Unix(1<<40, 0):         "\xff\xff\xff\xff\xff",
		time.Unix(math.MaxInt64, 0): "\xff\xff\xff\xff\xff",
	} {
		assert.Equal(t, want, string(appendTime(nil, at)), at)
	}
}

// What append writes, decode reads.
func TestDecodeGivesBackWhatAppendWrote(t *testing.T) {
	m := testMAC()
	var got state // reused, as in a record

	for i := range uint64(5000) {
		want := randomState(rand.New(rand.NewPCG(1, i)))
		value := want.seal(nil, m, "record")
		require.LessOrEqual(t, len(value), maxValue)
		require.NoError(t, got.unseal(m, "record", value))

		require.Equal(t, want.append(nil), got.append(nil))
		require.Equal(t, append([]code{}, want.codes...), append([]code{}, got.codes...))
		require.Equal(t, append([]time.Time{}, want.sends...), append([]time.Time{}, got.sends...))
		require.Equal(t, want.keepUntil, got.keepUntil)
		require.Equal(t, want.failuresUntil, got.failuresUntil)
	}

	// The zero times are those of an empty record.
	require.NoError(t, got.unseal(m, "record", (&state{}).seal(nil, m, "record")))
	assert.True(t, got.keepUntil.IsZero() && got.failuresUntil.IsZero())
}

// The largest value leaves room for the other attributes of a DynamoDB item of one write unit.
func TestLargestValue(t *testing.T) {
	value := largestState().seal(nil, testMAC(), "record")

	assert.Len(t, value, maxValue)
	assert.LessOrEqual(t, maxValue, 868)
	require.NoError(t, new(state).unseal(testMAC(), "record", value))
}

// A value of a later release is an error that names both versions, not a forgery.
func TestUnknownVersionIsNamed(t *testing.T) {
	m := testMAC()
	body := (&state{}).append(nil)
	body[0] = 2
	value := append(bytes.Clone(body), valueMAC(m, "record", body)...)

	err := new(state).unseal(m, "record", value)
	require.ErrorContains(t, err, "version 2")
	require.ErrorContains(t, err, "version 1")
	require.NotErrorIs(t, err, errTampered)
}

// What is authentic but that no rule can have made is an error, field by field.
func TestDecodeRefusesWhatNoRuleMakes(t *testing.T) {
	valid := &state{
		keepUntil: start, failures: 1, failuresUntil: start,
		sends: []time.Time{start},
		ids:   []operationID{{1}},
		codes: []code{{
			seed: operationID{1}, issued: start, lifetime: time.Minute,
			length: 6, given: 5, left: 5, usedBy: operationID{2}, usedWith: tag{3},
		}},
	}
	const (
		sends  = 1 + timeSize + 1 + timeSize
		ids    = sends + 1 + timeSize
		codes  = ids + 1 + 16
		first  = codes + 1
		length = first + 16 + 4 + 16 + timeSize + 3 + 1
	)
	set := func(at int, to ...byte) func([]byte) []byte {
		return func(b []byte) []byte {
			copy(b[at:], to)
			return b
		}
	}

	for name, change := range map[string]func([]byte) []byte{
		"too many sends":          set(sends, maxSends+1),
		"more sends than given":   set(sends, 2),
		"too many ids":            set(ids, maxIDs+1),
		"too many codes":          set(codes, maxCodes+1),
		"no lifetime":             set(length-4, 0, 0, 0),
		"lifetime too long":       set(length-4, 1, 0x51, 0x81),
		"unknown alphabet":        set(length-1, 2),
		"too short":               set(length, 5),
		"too long":                set(length, 15),
		"too many attempts":       set(length+1, maxAttempts+1),
		"more left than given":    set(length+2, 6),
		"neither a decoy nor not": set(length+3, 2),
		"used by nobody":          set(length+4, make([]byte, 16)...),
		"something behind":        func(b []byte) []byte { return append(b, 0) },
		"something missing":       func(b []byte) []byte { return b[:len(b)-1] },
		"only a version":          func(b []byte) []byte { return b[:1] },
	} {
		assert.ErrorIs(t, new(state).decode(change(valid.append(nil))), errCorrupt, name)
	}

	three := &state{codes: []code{valid.codes[0], valid.codes[0], valid.codes[0]}}
	assert.ErrorIs(t, new(state).decode(three.append(nil)), errCorrupt, "three used codes")
	assert.NoError(t, new(state).decode(valid.append(nil)))
}

// The stored form is never to change: a release reads what the last one wrote. These bytes were
// written by hand, by the table in encode.go.
func TestKnownAnswerOfAState(t *testing.T) {
	s := &state{
		keepUntil:     time.Unix(0x0102030405, 0).UTC(),
		failures:      6,
		failuresUntil: time.Unix(0x0708090a0b, 0).UTC(),
		sends:         []time.Time{time.Unix(0x0c, 0).UTC(), time.Unix(0x0d, 0).UTC()},
		ids:           []operationID{{0x0e}, {0x0f}},
		codes: []code{
			{
				seed: operationID{0x10}, key: keyID{0x11}, binding: tag{0x12},
				issued: time.Unix(0x13, 0).UTC(), lifetime: 600 * time.Second,
				alphabet: Letters, length: 7, given: 5, left: 4, decoy: true,
			},
			{
				seed: operationID{0x20}, key: keyID{0x21}, binding: tag{0x22},
				issued: time.Unix(0x23, 0).UTC(), lifetime: 600 * time.Second,
				alphabet: Digits, length: 6, given: 5, left: 3,
				usedBy: operationID{0x24}, usedWith: tag{0x25},
			},
		},
	}
	zeros := func(n int) string { return strings.Repeat("00", n) }
	want := "01" + "0102030405" + "06" + "0708090a0b" +
		"02" + "000000000c" + "000000000d" +
		"02" + "0e" + zeros(15) + "0f" + zeros(15) +
		"02" +
		"10" + zeros(15) + "11" + zeros(3) + "12" + zeros(15) + "0000000013" + "000258" +
		"01" + "07" + "05" + "04" + "01" + zeros(32) +
		"20" + zeros(15) + "21" + zeros(3) + "22" + zeros(15) + "0000000023" + "000258" +
		"00" + "06" + "05" + "03" + "00" + "24" + zeros(15) + "25" + zeros(15)

	require.Equal(t, want, hex.EncodeToString(s.append(nil)))

	var got state
	require.NoError(t, got.decode(s.append(nil)))
	assert.Equal(t, *s, got)
}

// FuzzDecode: decoding anything never panics. What decodes is within all bounds and encodes to the
// same bytes.
func FuzzDecode(f *testing.F) {
	for i := range uint64(20) {
		f.Add(randomState(rand.New(rand.NewPCG(2, i))).append(nil))
	}
	f.Add([]byte(nil))
	f.Add([]byte{2})

	f.Fuzz(func(t *testing.T, b []byte) {
		var s state
		if s.decode(b) != nil {
			return
		}

		require.Equal(t, b, s.append(nil))
		require.LessOrEqual(t, len(b)+macSize, maxValue)
		for _, c := range s.codes {
			require.GreaterOrEqual(t, c.length, c.alphabet.minLength())
			require.LessOrEqual(t, c.length, maxCodeLength)
			require.LessOrEqual(t, c.left, maxAttempts)
			require.LessOrEqual(t, c.lifetime, maxLifetime)
		}
	})
}
