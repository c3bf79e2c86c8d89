package otpsms

import (
	"fmt"
	"strings"
	"unicode"
)

// How many digits an international number has, country code included: at most 15 (E.164 §6.2.1). A
// few plans have numbers of fewer than 7.
const (
	minDigits = 7
	maxDigits = 15
)

// maxTyped bounds the digits that are read: those of a number, a 00 and a trunk prefix.
const maxTyped = maxDigits + 2 + 3

// Normalize returns a telephone number in the form of ITU-T E.164: "+" and 6 to 15 digits, of which
// the first is not 0. It is made for [otp.Config].Normalize, so that all spellings of one number
// share limits, codes and failures.
//
// Normalize reads the decimal digits of every script and takes away what people write between them:
// spaces of every width, dashes of every kind, dots, parentheses, and characters that nobody sees,
// such as the direction marks that come along from an address book. A leading 00 becomes "+", and a
// leading "tel:" is taken off.
//
// A trunk prefix is dialed before a number at home, and never from abroad: +44 (0)20 7946 0000, +49
// 0151 12345678, +7 (8) 912 345-67-89. By the numbering plan of the country (libphonenumber 9.0.32
// of June 2026), Normalize takes it off where no number begins so, and keeps what belongs to the
// number: +39 06 6981 2345.
//
// Normalize guesses nothing. It refuses what could become the number of somebody else, or of
// nobody. The error is a [*NumberError] and does not repeat the number:
//
//   - A national number (0151 12345678): the country is not known.
//   - A number that no country code begins.
//   - A trunk prefix of which the plan does not say what is left without it: +34 0612 345 678, or
//     Argentina's 15 (+54 11 15 2345 6789).
//   - An extension, parameters of a "tel:" URI, a slash (+49 151 123/124 are two numbers), a
//     letter, and every other character.
//
// Normalize does not know whether a number exists. These spellings stay addresses of their own, or
// become those of others: the country code twice (+20 20 10 …); the code of a carrier in front of
// the number, as in Colombia; numbers of San Marino, Madagascar and Norfolk Island without their
// area code; a 0 too many in Italy, Gabon and Ascension, where numbers do begin with 0; and in
// Hungary, whose trunk prefix is 06, a 0 before a number that begins with 6.
func Normalize(to string) (string, error) {
	number, err := read(to)
	if err != nil {
		return "", err
	}

	digits, international := strings.CutPrefix(number, "+")
	if !international {
		digits, international = strings.CutPrefix(number, "00")
	}

	switch {
	case !international:
		return "", &NumberError{ProblemNational}
	case len(digits) < minDigits-1:
		return "", &NumberError{ProblemLength}
	}

	code, plan, found := planOf(digits)
	if !found {
		return "", &NumberError{ProblemCountryCode}
	}

	national, ok := plan.withoutTrunk(digits[len(code):])
	if !ok || hasArgentine15(code, national) {
		return "", &NumberError{ProblemTrunkPrefix}
	}

	n := len(code) + len(national)
	if n > maxDigits || n < minDigits && !contains(plan.lengths, len(national)) {
		return "", &NumberError{ProblemLength}
	}
	return "+" + code + national, nil
}

// CallingCode returns the country code of a number in any spelling that [Normalize] takes, such as
// "49". The error is that of Normalize.
func CallingCode(to string) (string, error) {
	number, err := Normalize(to)
	if err != nil {
		return "", err
	}
	code, _, _ := planOf(number[len("+"):])
	return code, nil
}

// Allow returns a function for [otp.Config].Normalize: [Normalize] for numbers that begin with one
// of the prefixes, each a country code ("49") or the beginning of a number ("1212"). All others are
// refused with [ProblemNotServed], before anything is recorded or sent.
//
// It panics if there is no prefix, or if one does not begin with a country code or has something
// else than digits.
func Allow(prefixes ...string) func(to string) (string, error) {
	if len(prefixes) == 0 {
		panic("otpsms: Allow without a prefix refuses everybody")
	}
	for _, prefix := range prefixes {
		if _, _, found := planOf(prefix); !found || strings.Trim(prefix, digits) != "" {
			panic(fmt.Sprintf("otpsms: Allow of %q: it must be digits that begin with a country "+
				"code, such as 49", prefix))
		}
	}
	return func(to string) (string, error) {
		number, err := Normalize(to)
		if err != nil {
			return "", err
		}
		for _, prefix := range prefixes {
			if strings.HasPrefix(number[1:], prefix) {
				return number, nil
			}
		}
		return "", &NumberError{ProblemNotServed}
	}
}

// read returns what is left of a number without separators: digits of ASCII, perhaps after a "+".
func read(typed string) (string, error) {
	const scheme = "tel:"
	if len(typed) >= len(scheme) && strings.EqualFold(typed[:len(scheme)], scheme) {
		typed = typed[len(scheme):]
	}

	var number strings.Builder
	for _, r := range typed {
		switch value, isDigit := digit(r); {
		case isSeparator(r):
			continue
		case isDigit:
			number.WriteByte(value)
		case isPlus(r) && number.Len() == 0:
			number.WriteByte('+')
		default:
			return "", &NumberError{ProblemCharacter}
		}

		if number.Len() > maxTyped {
			return "", &NumberError{ProblemLength}
		}
	}
	return number.String(), nil
}

// isSeparator reports whether r stands before, between or behind the digits of a number without a
// meaning. Cf are the invisible characters. The others are, of what is no space and no dash by its
// category, the dots and parentheses, the minus sign, and the Japanese sign for a long vowel, which
// is what many type for a dash.
func isSeparator(r rune) bool {
	return unicode.In(r, unicode.White_Space, unicode.Pd, unicode.Cf) ||
		strings.ContainsRune(".．·()（）﹙﹚−ー", r)
}

func isPlus(r rune) bool { return strings.ContainsRune("+＋﹢", r) }

// digit returns the ASCII digit for a decimal digit of any script. Unicode has the digits of a
// script in a row, 0 to 9, and in a table of its own, in which each range begins with a 0.
func digit(r rune) (ascii byte, ok bool) {
	if '0' <= r && r <= '9' {
		return byte(r), true
	}
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}

	zero := r
	for unicode.Is(unicode.Nd, zero-1) {
		zero--
	}
	return '0' + byte((r-zero)%10), true
}
