package otp

import (
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"
)

// The binary form of a state, version 1. Numbers are big-endian.
//
//	version                 1 byte
//	failures                1
//	last failure            8  seconds since 1970
//	number of sends         1
//	  time                  8
//	  id                   16
//	  flags                 1  1: failed
//	number of codes         1
//	  seed                 16
//	  key id                4
//	  bind tag             16
//	  issued                8
//	  lifetime              4  seconds
//	  alphabet              1
//	  length                1
//	  attempts left         1
//	  flags                 1  1: decoy, 2: used
//	  used by              16  if used
//	MAC                    16  HMAC-SHA-256 over the record's key and all of the above, cut
//
// A release must be able to read a new version before any release writes it, so that instances of both can work on
// the same records while one replaces the other.
const (
	formatVersion = 1

	flagFailed = 1
	flagDecoy  = 1
	flagUsed   = 2

	macSize  = 16
	headSize = 1 + 1 + 8
	sendSize = 8 + 16 + 1
	codeSize = 16 + 4 + 16 + 8 + 4 + 1 + 1 + 1 + 1 + 16

	// maxValue is the size of the largest value. A DynamoDB item of up to 1024 bytes costs one write unit, and some of
	// that goes to the names and values of its other attributes.
	maxValue = headSize + 1 + maxSends*sendSize + 1 + maxCodesKept*codeSize + macSize
)

var (
	errTampered = errors.New("the stored value is not authentic: it was changed or moved from outside, or written under another Config.Secret; " +
		"find out how before anything else (the record expires by itself)")
	errCorrupt = errors.New("the stored value is authentic but makes no sense to this release")
)

// append appends the binary form of s, without MAC, to b.
func (s *state) append(b []byte) []byte {
	b = append(b, formatVersion, byte(s.failures))
	b = appendTime(b, s.lastFailure)
	b = append(b, byte(len(s.sends)))
	for i := range s.sends {
		e := &s.sends[i]
		b = appendTime(b, e.at)
		b = append(b, e.id[:]...)
		b = append(b, flag(e.failed, flagFailed))
	}
	b = append(b, byte(len(s.codes)))
	for i := range s.codes {
		c := &s.codes[i]
		b = append(b, c.seed[:]...)
		b = append(b, c.key[:]...)
		b = append(b, c.bind[:]...)
		b = appendTime(b, c.issued)
		b = binary.BigEndian.AppendUint32(b, uint32(c.lifetime))
		b = append(b, byte(c.alphabet), byte(c.length), byte(c.left), flag(c.decoy, flagDecoy)|flag(c.used(), flagUsed))
		if c.used() {
			b = append(b, c.usedBy[:]...)
		}
	}
	return b
}

func appendTime(b []byte, seconds int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(seconds))
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// decode reads what append wrote into s and checks every bound, so that no rule ever sees a state that no rule made.
func (s *state) decode(b []byte) error {
	r := reader{rest: b}
	if version := r.byte(); version != formatVersion {
		return fmt.Errorf("the stored value has the format version %d; this release reads version %d", version, formatVersion)
	}
	s.failures = r.upTo(maxFailures)
	s.lastFailure = r.time()
	s.sends = s.sends[:0]
	for range r.upTo(maxSends) {
		var e send
		e.at = r.time()
		r.read(e.id[:])
		e.failed = r.upTo(flagFailed) == flagFailed
		s.sends = append(s.sends, e)
	}
	s.codes = s.codes[:0]
	for range r.upTo(maxCodesKept) {
		var c code
		r.read(c.seed[:])
		r.read(c.key[:])
		r.read(c.bind[:])
		c.issued = r.time()
		c.lifetime = int64(r.uint32())
		c.alphabet = Alphabet(r.upTo(int(Letters)))
		c.length = r.upTo(c.alphabet.maxLength())
		c.left = r.upTo(maxAttempts)
		flags := r.upTo(flagDecoy | flagUsed)
		c.decoy = flags&flagDecoy != 0
		if flags&flagUsed != 0 {
			r.read(c.usedBy[:])
			r.bad = r.bad || !c.used()
		}
		if c.length < c.alphabet.minLength() || c.lifetime < 1 || c.lifetime > seconds(maxLifetime) {
			r.bad = true
		}
		s.codes = append(s.codes, c)
	}
	if r.bad || len(r.rest) > 0 {
		return errCorrupt
	}
	return nil
}

// A reader takes values off the front of rest. What goes wrong is remembered in bad.
type reader struct {
	rest []byte
	bad  bool
}

// take returns the next n bytes, n up to 16; zeros if they are not there.
func (r *reader) take(n int) []byte {
	if len(r.rest) < n {
		r.bad, r.rest = true, nil
		return zeros[:n]
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

var zeros [16]byte

func (r *reader) read(into []byte) { copy(into, r.take(len(into))) }
func (r *reader) byte() byte       { return r.take(1)[0] }
func (r *reader) uint32() uint32   { return binary.BigEndian.Uint32(r.take(4)) }

// upTo reads a byte that must be at most limit.
func (r *reader) upTo(limit int) int {
	n := int(r.byte())
	if n > limit {
		r.bad = true
		return 0
	}
	return n
}

// time reads seconds since 1970. What is far beyond any clock is bad, so that adding to a time cannot overflow.
func (r *reader) time() int64 {
	t := binary.BigEndian.Uint64(r.take(8))
	if t > 1<<40 {
		r.bad = true
		return 0
	}
	return int64(t)
}

// seal appends to b, which must be empty, the value that the store keeps for s under the key of the record.
func (s *state) seal(b []byte, m *mac, record string) []byte {
	b = s.append(b)
	return append(b, valueMAC(m, record, b)...)
}

// open reads a value that the store returned for the key of the record, nil for none, into s.
func (s *state) open(m *mac, record string, value []byte) error {
	if len(value) == 0 {
		s.failures, s.lastFailure = 0, 0
		s.sends, s.codes = s.sends[:0], s.codes[:0]
		return nil
	}
	if len(value) < macSize {
		return errTampered
	}
	body, sum := value[:len(value)-macSize], value[len(value)-macSize:]
	if !hmac.Equal(valueMAC(m, record, body), sum) {
		return errTampered
	}
	return s.decode(body)
}

// valueMAC returns the MAC of a value, which holds until m has the next message.
func valueMAC(m *mac, record string, body []byte) []byte {
	m.begin()
	m.appendField(record)
	m.buf = append(m.buf, body...)
	return m.sum()[:macSize]
}
