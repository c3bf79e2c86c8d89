package otp

import (
	"encoding/binary"
	"unicode"
)

// Alphabet is the set of symbols that codes are made of.
type Alphabet int

const (
	// Digits are 0 to 9.
	Digits Alphabet = iota
	// Letters are the twenty capitals BCDFGHJKLMNPQRSTVWXZ, as RFC 8628 §6.1 suggests for codes that people type: no
	// vowels, hence no words, and no two that look alike. People may type them in lower case, and 0, 1, 2, 5, 6, 8, I,
	// O and U for Q, L, Z, S, G, B, L, Q and V.
	Letters
)

const (
	digits  = "0123456789"
	letters = "BCDFGHJKLMNPQRSTVWXZ"
)

// symbols returns the alphabet's symbols, all of them ASCII.
func (a Alphabet) symbols() string {
	if a == Letters {
		return letters
	}
	return digits
}

// minLength is the length from which on there are at least minCodes codes.
func (a Alphabet) minLength() int {
	if a == Letters {
		return 5
	}
	return 6
}

// maxLength is the length up to which there are at most maxCodes codes.
func (a Alphabet) maxLength() int {
	if a == Letters {
		return 11
	}
	return 14
}

// String returns the alphabet's name.
func (a Alphabet) String() string {
	switch a {
	case Digits:
		return "Digits"
	case Letters:
		return "Letters"
	}
	return "Alphabet(?)"
}

// symbol returns the alphabet's symbol for what a person typed, or false if there is none.
func (a Alphabet) symbol(r rune) (byte, bool) {
	switch {
	case r >= '！' && r <= '～': // full-width forms of ASCII
		r -= '！' - '!'
	case r >= '٠' && r <= '٩': // Arabic-Indic digits
		r -= '٠' - '0'
	case r >= '۰' && r <= '۹': // Extended Arabic-Indic digits, as in Persian and Urdu
		r -= '۰' - '0'
	}
	if a == Digits {
		return byte(r), r >= '0' && r <= '9'
	}
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	switch r {
	case '0', 'O':
		r = 'Q'
	case '1', 'I':
		r = 'L'
	case '2':
		r = 'Z'
	case '5':
		r = 'S'
	case '6':
		r = 'G'
	case '8':
		r = 'B'
	case 'U':
		r = 'V'
	}
	for i := range len(letters) {
		if rune(letters[i]) == r {
			return letters[i], true
		}
	}
	return 0, false
}

const (
	maxTyped      = 64 // bytes of a submitted code that are looked at
	maxCodeLength = 14 // symbols of the longest code in any alphabet
)

// A codeText is the text of a code. It is a value, so that deriving and comparing codes needs no memory.
type codeText struct {
	symbols [maxCodeLength]byte
	length  int
}

func (c *codeText) bytes() []byte { return c.symbols[:c.length] }

// normalise returns the code that a person meant by typed, or false if it can be no code of the alphabet. It passes
// over spaces, dashes and invisible characters (mail programs add them), and reads full-width and Arabic-Indic digits,
// small letters and look-alikes as what they stand for.
func (a Alphabet) normalise(typed string) (c codeText, ok bool) {
	if len(typed) > maxTyped {
		return c, false
	}
	for _, r := range typed {
		symbol, known := a.symbol(r)
		if !known {
			if r == '\u2212' || unicode.In(r, unicode.White_Space, unicode.Pd, unicode.Cf) { // U+2212 is the minus sign
				continue
			}
			return c, false
		}
		if c.length == a.maxLength() {
			return c, false
		}
		c.symbols[c.length] = symbol
		c.length++
	}
	return c, c.length >= a.minLength()
}

// derive returns the code that belongs to the fields under the key: HMAC-SHA-256 over the length-prefixed fields and a
// counter, taken byte by byte. A byte beyond the last full multiple of the alphabet's size is passed over, so that
// every symbol is exactly as likely as any other.
func derive(m *mac, alphabet Alphabet, length int, purpose, identity, bind string, seed *operationID) (c codeText) {
	symbols := alphabet.symbols()
	size := byte(len(symbols))
	limit := 256 - 256%len(symbols)
	for counter := byte(0); ; counter++ {
		m.begin()
		m.appendField(purpose)
		m.appendField(identity)
		m.appendField(bind)
		m.buf = binary.BigEndian.AppendUint32(m.buf, uint32(len(seed)))
		m.buf = append(m.buf, seed[:]...)
		m.buf = append(m.buf, counter)
		for _, b := range m.sum() {
			if int(b) >= limit {
				continue
			}
			c.symbols[c.length] = symbols[b%size]
			c.length++
			if c.length == length {
				return c
			}
		}
	}
}

// Code is the secret that a person gets and types. However it is printed, logged or marshalled, also inside other
// values, it shows as "[redacted]"; only Reveal gives it away.
type Code struct {
	text *string // behind a pointer, since fmt prints the unexported fields of others without asking their methods
}

// Reveal returns the code as text: symbols only, without spaces, leading zeros kept. It is for Senders to show to the
// one person the code is meant for. The zero Code reveals the empty string.
func (c Code) Reveal() string {
	if c.text == nil {
		return ""
	}
	return *c.text
}
