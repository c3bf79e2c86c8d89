package otp

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
)

// randomState returns a state within all bounds.
func randomState(r *rand.Rand) *state {
	s := &state{failures: r.IntN(maxFailures + 1), lastFailure: r.Int64N(1 << 40)}
	id := func() (id operationID) {
		for i := range id {
			id[i] = byte(1 + r.IntN(255))
		}
		return id
	}
	for range r.IntN(maxSends + 1) {
		s.sends = append(s.sends, send{at: r.Int64N(1 << 40), id: id(), failed: r.IntN(2) == 0})
	}
	for range r.IntN(maxCodesKept + 1) {
		a := Alphabet(r.IntN(2))
		c := code{
			seed: id(), bind: bindTag(id()), issued: r.Int64N(1 << 40), lifetime: 1 + r.Int64N(seconds(maxLifetime)),
			alphabet: a, length: a.minLength() + r.IntN(a.maxLength()-a.minLength()+1),
			left: r.IntN(maxAttempts + 1), decoy: r.IntN(2) == 0,
		}
		if r.IntN(2) == 0 {
			c.usedBy = id()
		}
		copy(c.key[:], c.bind[:])
		s.codes = append(s.codes, c)
	}
	return s
}

func testMAC() *mac { return newMAC(bytes.Repeat([]byte{7}, 32)) }

// same compares states, nil and empty lists alike.
func same(a, b *state) bool {
	return a.failures == b.failures && a.lastFailure == b.lastFailure &&
		len(a.sends) == len(b.sends) && len(a.codes) == len(b.codes) &&
		(len(a.sends) == 0 || reflect.DeepEqual(a.sends, b.sends)) &&
		(len(a.codes) == 0 || reflect.DeepEqual(a.codes, b.codes))
}

func TestDecodeGivesBackWhatAppendWrote(t *testing.T) {
	m := testMAC()
	var got state // used again and again, as update does
	for i := range uint64(5000) {
		want := randomState(rand.New(rand.NewPCG(1, i)))
		value := want.seal(nil, m, "record")
		if len(value) > maxValue {
			t.Fatalf("a value of %d bytes, want at most %d", len(value), maxValue)
		}
		if err := got.open(m, "record", value); err != nil {
			t.Fatalf("state %d: %v", i, err)
		}
		if !same(&got, want) {
			t.Fatalf("state %d: got %+v, want %+v", i, got, *want)
		}
	}
}

func TestLargestValue(t *testing.T) {
	s := &state{failures: maxFailures, lastFailure: 1 << 40}
	for range maxSends {
		s.sends = append(s.sends, send{at: 1 << 40, failed: true})
	}
	for range maxCodesKept {
		s.codes = append(s.codes, code{lifetime: 1, length: 6, usedBy: operationID{1}})
	}
	if got := len(s.seal(nil, testMAC(), "record")); got != maxValue || got > 900 {
		t.Errorf("the largest value has %d bytes, want maxValue (%d) and at most 900, to leave room in 1024", got, maxValue)
	}
}

func TestUnknownVersionIsNamed(t *testing.T) {
	m := testMAC()
	body := (&state{}).append(nil)
	body[0] = 2
	sum := valueMAC(m, "record", body)
	err := new(state).open(m, "record", append(body, sum...))
	if err == nil || errors.Is(err, errTampered) || !bytes.Contains([]byte(err.Error()), []byte("version 2")) {
		t.Errorf("got %v, want an error that names version 2", err)
	}
}

func TestFlippedBitsAreNoticed(t *testing.T) {
	m := testMAC()
	value := randomState(rand.New(rand.NewPCG(3, 3))).seal(nil, m, "record")
	for i := range len(value) * 8 {
		value[i/8] ^= 1 << (i % 8)
		if err := new(state).open(m, "record", value); !errors.Is(err, errTampered) {
			t.Fatalf("bit %d flipped: got %v", i, err)
		}
		value[i/8] ^= 1 << (i % 8)
	}
	if err := new(state).open(m, "another", value); !errors.Is(err, errTampered) {
		t.Errorf("moved to another record: got %v", err)
	}
	for n := 1; n < len(value); n++ {
		if err := new(state).open(m, "record", value[:n]); !errors.Is(err, errTampered) {
			t.Fatalf("cut to %d bytes: got %v", n, err)
		}
	}
}

// FuzzDecode: decoding anything never panics; what decodes is within all bounds and encodes to the same bytes.
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
		if again := s.append(nil); !bytes.Equal(again, b) {
			t.Errorf("%x decodes to %+v, which encodes to %x", b, s, again)
		}
		if s.failures > maxFailures || len(s.sends) > maxSends || len(s.codes) > maxCodesKept {
			t.Errorf("%x decodes to a state out of bounds: %+v", b, s)
		}
		for _, c := range s.codes {
			if c.length < c.alphabet.minLength() || c.length > maxCodeLength || c.left > maxAttempts || c.lifetime > seconds(maxLifetime) {
				t.Errorf("%x decodes to a code out of bounds: %+v", b, c)
			}
		}
	})
}

// FuzzOpen: what was not sealed is never opened.
func FuzzOpen(f *testing.F) {
	m := testMAC()
	f.Add([]byte("x"))
	f.Add(randomState(rand.New(rand.NewPCG(2, 2))).append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := new(state).open(m, "record", b); err == nil && len(b) > 0 {
			t.Errorf("%x was opened", b)
		}
	})
}

// What is authentic but that no rule can have made is an error, field by field.
func TestDecodeRefusesWhatNoRuleMakes(t *testing.T) {
	valid := &state{
		failures: 1, lastFailure: 5, sends: []send{{at: 6, id: operationID{1}}},
		codes: []code{{seed: operationID{1}, issued: 6, lifetime: 600, length: 6, usedBy: operationID{2}}},
	}
	const sendAt = headSize + 1
	const codeAt = sendAt + sendSize + 1
	for name, change := range map[string]func([]byte) []byte{
		"too many failures":      func(b []byte) []byte { b[1] = maxFailures + 1; return b },
		"last failure too late":  func(b []byte) []byte { b[2] = 1; return b },
		"too many sends":         func(b []byte) []byte { b[headSize] = maxSends + 1; return b },
		"more sends than given":  func(b []byte) []byte { b[headSize] = 2; return b },
		"send too late":          func(b []byte) []byte { b[sendAt] = 1; return b },
		"unknown flag of a send": func(b []byte) []byte { b[sendAt+24] = 2; return b },
		"too many codes":         func(b []byte) []byte { b[codeAt-1] = maxCodesKept + 1; return b },
		"issued too late":        func(b []byte) []byte { b[codeAt+36] = 1; return b },
		"lifetime too long":      func(b []byte) []byte { b[codeAt+44] = 1; return b },
		"no lifetime":            func(b []byte) []byte { b[codeAt+46], b[codeAt+47] = 0, 0; return b },
		"unknown alphabet":       func(b []byte) []byte { b[codeAt+48] = 2; return b },
		"too short":              func(b []byte) []byte { b[codeAt+49] = 5; return b },
		"too long":               func(b []byte) []byte { b[codeAt+49] = 15; return b },
		"too many attempts":      func(b []byte) []byte { b[codeAt+50] = maxAttempts + 1; return b },
		"unknown flag of a code": func(b []byte) []byte { b[codeAt+51] = 4; return b },
		"used by nobody":         func(b []byte) []byte { b[codeAt+52] = 0; return b },
		"something behind":       func(b []byte) []byte { return append(b, 0) },
		"something missing":      func(b []byte) []byte { return b[:len(b)-1] },
		"nothing but a version":  func(b []byte) []byte { return b[:1] },
	} {
		if err := new(state).decode(change(valid.append(nil))); !errors.Is(err, errCorrupt) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := new(state).decode(valid.append(nil)); err != nil {
		t.Errorf("the valid one: %v", err)
	}
}
