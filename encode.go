package otp

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"time"
)

// The binary form of a state, version 1. Numbers are big-endian, times are seconds since 1970.
//
//	version                 1 byte
//	keep until              5
//	failures                1
//	failures count until    5  zero if there are none
//	number of sends         1
//	  time                  5
//	number of ids           1
//	  id                   16
//	number of codes         1
//	  seed                 16
//	  key id                4
//	  binding tag          16
//	  issued                5
//	  lifetime              3  seconds
//	  alphabet              1
//	  length                1
//	  attempts given        1
//	  attempts left         1
//	  decoy                 1  0 or 1
//	  used by              16  the operation; zeros if unused
//	  used with            16  the tag of the idempotency key; zeros if unused or not to repeat
//	MAC                    16  HMAC-SHA-256 over the key of the record and all of the above, cut
//
// A code takes the same room before and after its use, so that a value keeps its size on Verify:
// InnoDB rewrites a page where a row grows.
//
// A release must be able to read a new version before any release writes it, so that instances of
// both can work on the same records while one replaces the other.
const (
	formatVersion = 1

	macSize  = 16
	timeSize = 5
	codeSize = 16 + 4 + 16 + timeSize + 3 + 5 + 16 + 16

	// maxValue is the size of the largest value. A DynamoDB item of up to 1024 bytes costs one
	// write unit, and the names and values of its other attributes take some of that.
	maxValue = 1 + timeSize + 1 + timeSize + 1 + maxSends*timeSize + 1 + maxIDs*16 +
		1 + maxCodes*codeSize + macSize

	// maxTime is far beyond any clock, so that adding a duration to a time cannot overflow it.
	maxTime = 1<<(8*timeSize) - 1
)

var (
	errTampered = errors.New("the stored value is not authentic: it was changed or moved from " +
		"outside, or written under another Config.Secret; find out how before anything else " +
		"(the record expires by itself)")

	errCorrupt = errors.New("the stored value is authentic but makes no sense to this release")
)

// append appends the binary form of s, without the MAC, to b.
func (s *state) append(b []byte) []byte {
	b = append(b, formatVersion)
	b = appendTime(b, s.keepUntil)
	b = append(b, byte(s.failures))
	b = appendTime(b, s.failuresUntil)

	b = append(b, byte(len(s.sends)))
	for _, at := range s.sends {
		b = appendTime(b, at)
	}

	b = append(b, byte(len(s.ids)))
	for i := range s.ids {
		b = append(b, s.ids[i][:]...)
	}

	b = append(b, byte(len(s.codes)))
	for i := range s.codes {
		b = s.codes[i].append(b)
	}
	return b
}

func (c *code) append(b []byte) []byte {
	b = append(b, c.seed[:]...)
	b = append(b, c.key[:]...)
	b = append(b, c.binding[:]...)
	b = appendTime(b, c.issued)
	b = appendUint(b, uint64(c.lifetime/time.Second), 3)

	b = append(b,
		byte(c.alphabet), byte(c.length), byte(c.given), byte(c.left), flag(c.decoy))
	b = append(b, c.usedBy[:]...)
	return append(b, c.usedWith[:]...)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return appendUint(b, 0, timeSize)
	}
	return appendUint(b, uint64(min(max(t.Unix(), 0), maxTime)), timeSize)
}

// appendUint appends the lowest size bytes of n.
func appendUint(b []byte, n uint64, size int) []byte {
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		b = append(b, byte(n>>shift))
	}
	return b
}

// decode reads what append wrote into s. It checks every bound, so that no rule ever sees a state
// that no rule made.
func (s *state) decode(b []byte) error {
	r := reader{rest: b}

	if version := r.byte(); version != formatVersion {
		return fmt.Errorf("the stored value has the format version %d; "+
			"this release reads version %d", version, formatVersion)
	}

	s.reset()
	s.keepUntil = r.time()
	s.failures = r.upTo(maxCounted)
	s.failuresUntil = r.time()

	for range r.upTo(maxSends) {
		s.sends = append(s.sends, r.time())
	}
	for range r.upTo(maxIDs) {
		var id operationID
		r.read(id[:])
		s.ids = append(s.ids, id)
	}
	for range r.upTo(maxCodes) {
		s.codes = append(s.codes, r.code())
	}

	if r.bad || len(r.rest) > 0 || s.usedCodes() > maxUsedCodes {
		return errCorrupt
	}
	return nil
}

// A reader takes values off the front of rest. bad is set when the input is malformed.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) code() (c code) {
	r.read(c.seed[:])
	r.read(c.key[:])
	r.read(c.binding[:])
	c.issued = r.time()
	c.lifetime = time.Duration(r.uint(3)) * time.Second
	c.alphabet = Alphabet(r.upTo(len(alphabets) - 1))
	c.length = r.upTo(c.alphabet.maxLength())
	c.given = r.upTo(maxAttempts)
	c.left = r.upTo(c.given)

	c.decoy = r.upTo(1) == 1
	r.read(c.usedBy[:])
	r.read(c.usedWith[:])
	r.bad = r.bad || !c.used() && c.usedWith != tag{}

	if c.length < c.alphabet.minLength() || c.lifetime < time.Second || c.lifetime > maxLifetime {
		r.bad = true
	}
	return c
}

// take returns the next n bytes, zeros if there are too few.
func (r *reader) take(n int) []byte {
	if len(r.rest) < n {
		r.bad, r.rest = true, nil
		return zeros[:n]
	}

	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

var zeros [16]byte

func (r *reader) read(into []byte) { copy(into, r.take(len(into))) }
func (r *reader) byte() byte       { return r.take(1)[0] }

// uint reads a number of size bytes.
func (r *reader) uint(size int) (n uint64) {
	for _, b := range r.take(size) {
		n = n<<8 | uint64(b)
	}
	return n
}

// upTo reads a byte that must be at most limit.
func (r *reader) upTo(limit int) int {
	n := int(r.byte())
	if n > limit {
		r.bad = true
		return 0
	}
	return n
}

func (r *reader) time() time.Time {
	seconds := r.uint(timeSize)
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// seal appends to b, which must be empty, the value that the store keeps for s.
func (s *state) seal(b []byte, m *mac, recordKey string) []byte {
	b = s.append(b)
	return append(b, valueMAC(m, recordKey, b)...)
}

// unseal reads a value that the store returned under the key of the record, nil for none, into s.
func (s *state) unseal(m *mac, recordKey string, value []byte) error {
	if len(value) == 0 {
		s.reset()
		return nil
	}

	body, err := authentic(m, recordKey, value)
	if err != nil {
		return err
	}
	return s.decode(body)
}

// authentic returns a value without its MAC, or an error if that is not of this value and key.
func authentic(m *mac, key string, value []byte) (body []byte, err error) {
	if len(value) < macSize {
		return nil, errTampered
	}

	body, sum := value[:len(value)-macSize], value[len(value)-macSize:]
	if !hmac.Equal(valueMAC(m, key, body), sum) {
		return nil, errTampered
	}
	return body, nil
}

// valueMAC returns the MAC of a value, which is valid until the next sum of m.
func valueMAC(m *mac, recordKey string, body []byte) []byte {
	m.begin()
	m.field(recordKey)
	m.message = append(m.message, body...)
	return m.sum()[:macSize]
}
