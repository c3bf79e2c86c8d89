package otp

import (
	"crypto/subtle"
	"strings"
	"unicode"
)

// Alphabet is the set of symbols that codes are made of.
type Alphabet int

const (
	// Digits are 0 to 9.
	Digits Alphabet = iota

	// Letters are the twenty capitals BCDFGHJKLMNPQRSTVWXZ, as RFC 8628 §6.1 suggests for codes
	// that people type: no vowels, hence no words, and no two that look alike. People may type them
	// in lower case, and 0, 1, 2, 5, 6, 8, I, O and U for Q, L, Z, S, G, B, L, Q and V.
	Letters
)

// alphabets has the symbols, all ASCII, and the bounds of lengths. A code must be one of at least
// 10^6 (NIST SP 800-63B-4 §3.1.3.2) and of at most 2^48, which the derivation fills without bias.
var alphabets = [...]struct {
	name, symbols string
	min, max      int // length
}{
	Digits:  {"Digits", "0123456789", 6, 14},
	Letters: {"Letters", "BCDFGHJKLMNPQRSTVWXZ", 5, 11},
}

// maxCodeLength is the length of the longest code of any alphabet.
const maxCodeLength = 14

func (a Alphabet) valid() bool     { return a >= 0 && int(a) < len(alphabets) }
func (a Alphabet) symbols() string { return alphabets[a].symbols }
func (a Alphabet) minLength() int  { return alphabets[a].min }
func (a Alphabet) maxLength() int  { return alphabets[a].max }

// String returns the name of the alphabet.
func (a Alphabet) String() string {
	if !a.valid() {
		return "Alphabet(?)"
	}
	return alphabets[a].name
}

// symbol returns the symbol that a person meant by r, or false if there is none.
func (a Alphabet) symbol(r rune) (byte, bool) {
	if value, ok := digitValue(r); ok {
		r = '0' + value
	} else if r >= '！' && r <= '～' { // full-width forms of ASCII
		r -= '！' - '!'
	}

	if a == Letters {
		r = letter(r)
	}
	return byte(r), strings.ContainsRune(a.symbols(), r)
}

// digitValue returns the value of a decimal digit of any script (Unicode Nd). Unicode encodes the
// ten digits of a script one after the other, from zero.
func digitValue(r rune) (value rune, ok bool) {
	if r <= unicode.MaxASCII || !unicode.Is(unicode.Nd, r) {
		return r - '0', r >= '0' && r <= '9'
	}
	for _, digits := range unicode.Nd.R16 {
		if r <= rune(digits.Hi) {
			return (r - rune(digits.Lo)) % 10, true
		}
	}
	for _, digits := range unicode.Nd.R32 {
		if r <= rune(digits.Hi) {
			return (r - rune(digits.Lo)) % 10, true
		}
	}
	return 0, false
}

// letter returns the letter that a person meant by an ASCII character.
func letter(r rune) rune {
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}

	switch r {
	case '0', 'O':
		return 'Q'
	case '1', 'I':
		return 'L'
	case '2':
		return 'Z'
	case '5':
		return 'S'
	case '6':
		return 'G'
	case '8':
		return 'B'
	case 'U':
		return 'V'
	}
	return r
}

// A codeText is the text of a code, as a value: no copy of it is in the pooled memory.
type codeText struct {
	_       [0]func() // no ==, which is not constant in time
	symbols [maxCodeLength]byte
	length  int
}

func (c *codeText) bytes() []byte { return c.symbols[:c.length] }

// equal compares in constant time. It returns at once only for different lengths, which are no
// secret.
func (c *codeText) equal(other *codeText) bool {
	return subtle.ConstantTimeCompare(c.bytes(), other.bytes()) == 1
}

// A typedCode is what a person may have meant by a submission: a text in each alphabet, of length
// zero where it cannot be read in that alphabet.
type typedCode [len(alphabets)]codeText

// maxTyped bounds a submitted code, in bytes.
const maxTyped = 64

// readCode reads a submission in every alphabet. Rule 12: it returns false if the text can be read
// in none.
func readCode(text string) (typed typedCode, ok bool) {
	if len(text) > maxTyped {
		return typed, false
	}

	for a := range alphabets {
		var readable bool
		if typed[a], readable = Alphabet(a).read(text); readable {
			ok = true
		}
	}
	return typed, ok
}

// read returns the code that a person meant by text, or false if it is none of the alphabet. It
// skips spaces, dashes and invisible characters, which mail programs add, and at both ends
// punctuation, which is copied along. It reads the digits of every script, full-width and small
// letters and look-alikes as what they stand for.
func (a Alphabet) read(text string) (c codeText, ok bool) {
	for _, r := range strings.TrimFunc(text, atEnds) {
		symbol, known := a.symbol(r)

		switch {
		case known && c.length < a.maxLength():
			c.symbols[c.length] = symbol
			c.length++
		case known || !skipped(r):
			return codeText{}, false
		}
	}

	if c.length < a.minLength() {
		return codeText{}, false
	}
	return c, true
}

// atEnds reports whether r is skipped at both ends of a code. People write code between backticks
// and accents, too.
func atEnds(r rune) bool {
	return skipped(r) || unicode.IsPunct(r) || r == '`' || r == '´'
}

// skipped reports whether r is a space, a dash or an invisible character. U+2212 is the minus sign.
func skipped(r rune) bool {
	return r == '\u2212' || unicode.In(r, unicode.White_Space, unicode.Pd, unicode.Cf)
}

// derive returns the code that belongs to the fields under the key of m: HMAC-SHA-256 over the
// length-prefixed fields and a counter, taken byte by byte. A byte beyond the last full multiple of
// the alphabet's size is skipped, so that every symbol is exactly as likely as any other.
func derive(m *mac, c *code, purpose, address, binding string) (text codeText) {
	symbols := c.alphabet.symbols()
	limit := 256 - 256%len(symbols)

	for counter := byte(0); ; counter++ {
		m.begin()
		m.field(purpose)
		m.field(address)
		m.field(binding)
		m.byteField(c.seed[:])
		m.message = append(m.message, counter)

		for _, b := range m.sum() {
			if int(b) >= limit {
				continue
			}

			text.symbols[text.length] = symbols[int(b)%len(symbols)]
			text.length++
			if text.length == c.length {
				return text
			}
		}
	}
}

// Code is the secret that a person gets and types. It shows as "[redacted]" when printed, logged or
// marshaled, also inside other values. Only Reveal gives it away.
type Code struct {
	redacted

	// The text is behind a pointer, because fmt prints the unexported fields of foreign structs
	// without asking their methods.
	text *string
}

// NewCode returns a Code with this text, for tests of Senders.
func NewCode(text string) Code { return Code{text: &text} }

// Reveal returns the code as text: symbols only, without spaces, leading zeros kept. It is for
// Senders, to show the code to the one person it is meant for. The zero Code reveals the empty
// string.
func (c Code) Reveal() string {
	if c.text == nil {
		return ""
	}
	return *c.text
}
