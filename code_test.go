package otp

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chiSquareLimit is what a chi-square statistic with so many degrees of freedom exceeds once in
// about 10^5 times.
var chiSquareLimit = map[int]float64{9: 40, 19: 58}

// numbered returns a code of this shape whose seed is n.
func numbered(a Alphabet, length, n int) *code {
	c := &code{alphabet: a, length: length}
	binary.BigEndian.PutUint64(c.seed[:], uint64(n))
	return c
}

// Every symbol is as likely as any other in every place (RFC 4226 A.4.1 on why it matters).
func TestCodesAreUniform(t *testing.T) {
	const n = 100_000
	m := testMAC()

	for a := range Alphabet(len(alphabets)) {
		symbols, length := a.symbols(), a.minLength()+1
		counts := make([][256]int, length)
		for i := range n {
			text := derive(m, numbered(a, length, i), "purpose", "ada@example.com", "")
			for place, symbol := range text.bytes() {
				counts[place][symbol]++
			}
		}

		want := float64(n) / float64(len(symbols))
		for place := range counts {
			chiSquare, total := 0.0, 0
			for i := range len(symbols) {
				got := counts[place][symbols[i]]
				total += got
				chiSquare += (float64(got) - want) * (float64(got) - want) / want
			}
			assert.Equal(t, n, total, "symbols of %v in place %d", a, place)
			assert.Less(t, chiSquare, chiSquareLimit[len(symbols)-1], "%v, place %d", a, place)
		}
	}
}

// A byte beyond the last full multiple of the alphabet's size is skipped. Taking it modulo the size
// would hardly show in the distribution; it shows for a seed where such a byte comes first.
func TestDeriveSkipsBytesWithBias(t *testing.T) {
	m := testMAC()
	found := 0

	for i := range 20_000 {
		c := numbered(Digits, 6, i)
		block := hmacOf(bytes.Repeat([]byte{7}, 32),
			field("p"), field("a"), field("b"), field(string(c.seed[:])), []byte{0})
		if block[0] < 250 || block[1] >= 250 {
			continue
		}

		found++
		text := derive(m, c, "p", "a", "b")
		require.Equal(t, '0'+block[1]%10, text.symbols[0])
	}

	require.Positive(t, found)
}

// A code depends on each of its fields and on where one ends and the next begins.
func TestCodesAreBoundToTheirFields(t *testing.T) {
	m, other := testMAC(), newMAC(bytes.Repeat([]byte("x"), 32))
	one, two := numbered(Digits, 14, 1), numbered(Digits, 14, 2)
	texts := map[string]string{}

	for name, text := range map[string]codeText{
		"base":             derive(m, one, "ab", "cd", "ef"),
		"key":              derive(other, one, "ab", "cd", "ef"),
		"purpose":          derive(m, one, "ax", "cd", "ef"),
		"address":          derive(m, one, "ab", "cx", "ef"),
		"binding":          derive(m, one, "ab", "cd", "ex"),
		"seed":             derive(m, two, "ab", "cd", "ef"),
		"end of purpose":   derive(m, one, "a", "bcd", "ef"),
		"end of address":   derive(m, one, "ab", "cde", "f"),
		"no address":       derive(m, one, "ab", "", "cdef"),
		"only the purpose": derive(m, one, "abcdef", "", ""),
	} {
		assert.NotContains(t, texts, string(text.bytes()), name)
		texts[string(text.bytes())] = name
	}

	again := derive(m, one, "ab", "cd", "ef")
	assert.Equal(t, "base", texts[string(again.bytes())])
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		alphabet    Alphabet
		typed, want string // "" if it is no code of the alphabet
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
		{Digits, "", ""},
		{Digits, " - ", ""},
		{Digits, "49201", ""},
		{Digits, "492013012345678", ""},
		{Digits, "49201O", ""},
		{Digits, "492013x", ""},
		{Digits, "४९२०१३", "492013"}, // Devanagari
		{Digits, "৪৯২০১৩", "492013"}, // Bengali
		{Digits, "๔๙๒๐๑๓", "492013"}, // Thai
		{Digits, "௪௯௨௦௧௩", "492013"}, // Tamil
		{Digits, "၄၉၂၀၁၃", "492013"}, // Burmese
		{Digits, "߄߉߂߀߁߃", "492013"}, // N'Ko
		{Digits, "\U0001d7dc\U0001d7e1\U0001d7da\U0001d7d8\U0001d7d9\U0001d7db", "492013"},
		{Digits, "492013.", "492013"},
		{Digits, "#492013", "492013"},
		{Digits, "*492 013*", "492013"},
		{Digits, "« 492013 »", "492013"},
		{Digits, "„492013“,", "492013"},
		{Digits, "`492013`", "492013"},
		{Digits, "(492-013)!", "492013"},
		{Digits, "492013。", "492013"},
		{Digits, "492.013", ""},
		{Digits, "Code: 492013", ""},
		{Digits, "492013 5", "4920135"},
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
		{Letters, "\"bcd-fgh\".", "BCDFGH"},
		{Letters, "٥٦uUvV", "SGVVVV"},
		{Letters, "BCDFGA", ""},
		{Letters, "BCDFG3", ""},
		{Letters, "BCDF", ""},
		{Letters, "bcdſgh", ""},      // U+017F folds to s only in Unicode
		{Letters, "bcd\u212agh", ""}, // U+212A, the Kelvin sign, folds to k
	} {
		got, ok := c.alphabet.read(c.typed)

		assert.Equal(t, c.want != "", ok, "%v: %q", c.alphabet, c.typed)
		assert.Equal(t, c.want, string(got.bytes()), "%v: %q", c.alphabet, c.typed)
	}
}

// Rule 12: a submission is read in every alphabet, and looked at up to 64 bytes.
func TestReadCode(t *testing.T) {
	for typed, want := range map[string][2]string{
		"012568":                           {"012568", "QLZSGB"},
		"BCDFG":                            {"", "BCDFG"},
		"123456":                           {"123456", ""},
		strings.Repeat(" ", 58) + "123456": {"123456", ""},
		strings.Repeat(" ", 59) + "123456": {"", ""},
		"hello":                            {"", ""},
	} {
		got, ok := readCode(typed)
		assert.Equal(t, want != [2]string{}, ok, typed)
		assert.Equal(t, want[Digits], string(got[Digits].bytes()), typed)
		assert.Equal(t, want[Letters], string(got[Letters].bytes()), typed)
	}
}

// The bounds of lengths are those of the number of codes, every symbol is read as itself, small and
// in full width too, and every code fits into a codeText.
func TestAlphabets(t *testing.T) {
	for a := range Alphabet(len(alphabets)) {
		for length := 1; length <= 20; length++ {
			codes := math.Pow(float64(len(a.symbols())), float64(length))
			allowed := length >= a.minLength() && length <= a.maxLength()
			assert.Equal(t, codes >= 1e6 && codes <= 1<<48, allowed, "%v, length %d", a, length)
		}
		assert.LessOrEqual(t, a.maxLength(), maxCodeLength)

		for _, symbol := range a.symbols() {
			want := strings.Repeat(string(symbol), a.minLength())
			for _, typed := range []rune{symbol, unicode.ToLower(symbol), symbol - '!' + '！'} {
				got, ok := a.read(strings.Repeat(string(typed), a.minLength()))
				assert.True(t, ok, "%q", typed)
				assert.Equal(t, want, string(got.bytes()), "%q", typed)
			}
		}
	}

	assert.Equal(t, "Digits", Digits.String())
	assert.Equal(t, "Letters", Letters.String())
	assert.Equal(t, "Alphabet(?)", Alphabet(7).String())
	assert.Empty(t, Code{}.Reveal())
}

// FuzzReadCode: anything gives a code of the alphabet's symbols and lengths, or none. A code gives
// itself.
func FuzzReadCode(f *testing.F) {
	for _, typed := range []string{"492013", " 4-9 2０١۳", "bcdfgh", "", "\xff", "４９２０１３"} {
		f.Add(typed)
	}

	f.Fuzz(func(t *testing.T, typed string) {
		texts, ok := readCode(typed)
		readable := false

		for i := range texts {
			a, text := Alphabet(i), &texts[i]
			if text.length == 0 {
				continue
			}

			readable = true
			require.GreaterOrEqual(t, text.length, a.minLength())
			require.LessOrEqual(t, text.length, a.maxLength())
			for _, symbol := range text.bytes() {
				require.Contains(t, a.symbols(), string(symbol))
			}
			again, ok := a.read(string(text.bytes()))
			require.True(t, ok)
			require.Equal(t, *text, again)
		}

		require.Equal(t, readable, ok)
		require.True(t, !ok || len(typed) <= maxTyped)
	})
}

// Everything secret is compared in constant time, in the files that do so.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	comparison := regexp.MustCompile(`(subtle\.ConstantTimeCompare|hmac\.Equal)\(`)
	constant := map[string]int{}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		if strings.HasSuffix(name, "_test.go") {
			continue
		}

		assert.NotRegexp(t, `bytes\.(Equal|Compare)\(`, string(source), name)
		if n := len(comparison.FindAll(source, -1)); n > 0 {
			constant[name] = n
		}
	}
	assert.Equal(t,
		map[string]int{"code.go": 1, "state.go": 1, "encode.go": 1, "spend.go": 2}, constant)
}

// Every decimal digit of Unicode has a value, one more than the digit before it in its script.
func TestDigitsOfEveryScript(t *testing.T) {
	digits, zeros := 0, 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		value, ok := digitValue(r)
		if ok != unicode.Is(unicode.Nd, r) {
			t.Fatalf("%U: %v", r, ok)
		}
		if !ok {
			continue
		}

		digits++
		if value == 0 {
			zeros++
			continue
		}
		before, ok := digitValue(r - 1)
		require.True(t, ok, "%U", r)
		require.Equal(t, before+1, value, "%U", r)
	}

	require.Equal(t, 10*zeros, digits)
	require.Greater(t, zeros, 60)
}
