package otp

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// chiSquareLimit is what a chi-square statistic with so many degrees of freedom exceeds once in about 10^5 times.
var chiSquareLimit = map[int]float64{9: 40, 19: 58}

// Every symbol is as likely as any other in every place, over 200,000 derived codes (RFC 4226 A.4.1 on why it matters).
func TestCodesAreUniform(t *testing.T) {
	m := testMAC()
	const n = 200_000
	for _, a := range []Alphabet{Digits, Letters} {
		symbols, length := a.symbols(), a.minLength()+1
		counts := make([][256]int, length)
		leading := 0
		var seed operationID
		for i := range n {
			binary.BigEndian.PutUint64(seed[:], uint64(i))
			c := derive(m, a, length, "purpose", "ada@example.com", "", &seed)
			if len(c.bytes()) != length {
				t.Fatalf("%v: a code of %d symbols, want %d", a, len(c.bytes()), length)
			}
			for place, symbol := range c.bytes() {
				counts[place][symbol]++
			}
			if c.symbols[0] == symbols[0] {
				leading++
			}
		}
		want := float64(n) / float64(len(symbols))
		for place := range counts {
			sum, total := 0.0, 0
			for i := range len(symbols) {
				got := counts[place][symbols[i]]
				total += got
				sum += (float64(got) - want) * (float64(got) - want) / want
			}
			if total != n {
				t.Errorf("%v: %d symbols in place %d are not of the alphabet", a, n-total, place)
			}
			if limit := chiSquareLimit[len(symbols)-1]; sum > limit {
				t.Errorf("%v: chi-square of place %d is %.1f, want under %.1f", a, place, sum, limit)
			}
		}
		if a == Digits && (leading < n/10-1000 || leading > n/10+1000) {
			t.Errorf("%d of %d codes begin with 0, want about a tenth", leading, n)
		}
	}
}

// A byte beyond the last full multiple of the alphabet's size must be passed over. Taking it modulo the size instead
// would show in 200,000 codes too; this shows it for one key where such a byte comes first.
func TestDerivePassesOverBytesWithBias(t *testing.T) {
	m := testMAC()
	found := 0
	var seed operationID
	for i := range 20_000 {
		binary.BigEndian.PutUint64(seed[:], uint64(i))
		m.begin()
		for _, field := range []string{"p", "a", "b", string(seed[:])} {
			m.appendField(field)
		}
		m.buf = append(m.buf, 0)
		block := bytes.Clone(m.sum())
		if block[0] < 250 || block[1] >= 250 {
			continue
		}
		found++
		c := derive(m, Digits, 6, "p", "a", "b", &seed)
		if got, want := c.symbols[0], digits[block[1]%10]; got != want {
			t.Fatalf("the first byte is %d, the second %d: got %q, want %q", block[0], block[1], got, want)
		}
	}
	if found == 0 {
		t.Fatal("no key begins with a byte to pass over: the test shows nothing")
	}
}

// A code depends on each of its fields and on where one ends and the next begins.
func TestCodesAreBoundToTheirFields(t *testing.T) {
	m := testMAC()
	other := newMAC(bytes.Repeat([]byte("x"), 32))
	seed, seed2 := operationID{1}, operationID{2}
	texts := map[string]string{}
	for name, c := range map[string]codeText{
		"base":                derive(m, Digits, 14, "ab", "cd", "ef", &seed),
		"key":                 derive(other, Digits, 14, "ab", "cd", "ef", &seed),
		"purpose":             derive(m, Digits, 14, "ax", "cd", "ef", &seed),
		"address":             derive(m, Digits, 14, "ab", "cx", "ef", &seed),
		"bind":                derive(m, Digits, 14, "ab", "cd", "ex", &seed),
		"seed":                derive(m, Digits, 14, "ab", "cd", "ef", &seed2),
		"boundary":            derive(m, Digits, 14, "a", "bcd", "ef", &seed),
		"boundary of bind":    derive(m, Digits, 14, "ab", "cde", "f", &seed),
		"moved over a gap":    derive(m, Digits, 14, "ab", "", "cdef", &seed),
		"nothing but purpose": derive(m, Digits, 14, "abcdef", "", "", &seed),
	} {
		text := string(c.bytes())
		if twin, twice := texts[text]; twice {
			t.Errorf("%s and %s give the same code", name, twin)
		}
		texts[text] = name
	}
	if again := derive(m, Digits, 14, "ab", "cd", "ef", &seed); texts[string(again.bytes())] != "base" {
		t.Error("the same fields give another code")
	}
}

func TestNormalise(t *testing.T) {
	for _, c := range []struct {
		alphabet    Alphabet
		typed, want string // "" for malformed
	}{
		{Digits, "492013", "492013"},
		{Digits, "002013", "002013"},
		{Digits, " 492 013\n", "492013"},
		{Digits, "492-013", "492013"},
		{Digits, "4–9—2−0‐1－3", "492013"},
		{Digits, "492\u00a0013", "492013"},
		{Digits, "\u2066492\u200b013\u2069\u200f\ufeff", "492013"},
		{Digits, "４９２０１３", "492013"},
		{Digits, "٤٩٢٠١٣", "492013"},
		{Digits, "۴۹۲۰۱۳", "492013"},
		{Digits, "49201301234567", "49201301234567"},
		{Digits, strings.Repeat(" ", 58) + "492013", "492013"},
		{Digits, strings.Repeat(" ", 59) + "492013", ""}, // 65 bytes
		{Digits, "", ""},
		{Digits, " - ", ""},
		{Digits, "49201", ""},
		{Digits, "492013012345678", ""},
		{Digits, "49201O", ""},
		{Digits, "492013x", ""},
		{Digits, "४९२०१३", ""}, // Devanagari
		{Digits, "¹²³⁴⁵⁶", ""},
		{Digits, "492013\x00", ""},
		{Digits, "492013\xff", ""},
		{Digits, "+492013", ""},
		{Digits, "4.92013", ""},
		{Letters, "BCDFGH", "BCDFGH"},
		{Letters, "bcd-fgh", "BCDFGH"},
		{Letters, "ｂｃｄ ＦＧＨ", "BCDFGH"},
		{Letters, "8cd fgh 0 o 1 i 2 5 6", ""}, // 13 letters
		{Letters, "8cd 0o 1i 2", "BCDQQLLZ"},
		{Letters, "56uUvV", "SGVVVV"},
		{Letters, "BCDFGA", ""},
		{Letters, "BCDFG3", ""},
		{Letters, "BCDF", ""},
		{Letters, "bcdſgh", ""},      // U+017F folds to s only in Unicode
		{Letters, "bcd\u212agh", ""}, // U+212A, the Kelvin sign, folds to k
	} {
		got, ok := c.alphabet.normalise(c.typed)
		if ok != (c.want != "") || ok && string(got.bytes()) != c.want {
			t.Errorf("%v.normalise(%q) = %q, %v; want %q", c.alphabet, c.typed, got.bytes(), ok, c.want)
		}
	}
}

// Every code is accepted as it was sent, and the bounds of length are those of the number of codes.
func TestAlphabets(t *testing.T) {
	for _, a := range []Alphabet{Digits, Letters} {
		size := float64(len(a.symbols()))
		codes := 1.0
		for length := 1; length <= 20; length++ {
			codes *= size
			allowed := length >= a.minLength() && length <= a.maxLength()
			if want := codes >= minCodes && codes <= maxCodes; allowed != want {
				t.Errorf("%v: length %d allowed: %v, but there are %.0f codes", a, length, allowed, codes)
			}
			if allowed && length > maxCodeLength {
				t.Errorf("%v: a code of %d symbols does not fit", a, length)
			}
		}
		for i := range len(a.symbols()) {
			text := strings.Repeat(a.symbols()[i:i+1], a.minLength())
			if got, ok := a.normalise(text); !ok || string(got.bytes()) != text {
				t.Errorf("%v.normalise(%q) = %q, %v", a, text, got.bytes(), ok)
			}
		}
	}
	if got := Digits.String() + Letters.String() + Alphabet(7).String(); got != "DigitsLettersAlphabet(?)" {
		t.Error("the names of the alphabets are", got)
	}
}

// FuzzNormalise: anything gives a code of the alphabet's symbols and lengths, or none; a code gives itself.
func FuzzNormalise(f *testing.F) {
	for _, typed := range []string{"492013", " 4-9 2０١۳", "bcdfgh", "", "\xff", "４９２０１３"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		for _, a := range []Alphabet{Digits, Letters} {
			c, ok := a.normalise(typed)
			if !ok {
				continue
			}
			if len(typed) > maxTyped || c.length < a.minLength() || c.length > a.maxLength() {
				t.Errorf("%v.normalise(%q) = %q", a, typed, c.bytes())
			}
			for _, symbol := range c.bytes() {
				if !strings.ContainsRune(a.symbols(), rune(symbol)) {
					t.Errorf("%v.normalise(%q) = %q", a, typed, c.bytes())
				}
			}
			if again, ok := a.normalise(string(c.bytes())); !ok || again != c {
				t.Errorf("%v.normalise(%q) = %q, %v", a, c.bytes(), again.bytes(), ok)
			}
		}
	})
}
