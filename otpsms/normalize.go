package otpsms

import (
	"strings"
	"unicode"
)

// E.164 §6.2.1: at most 15 digits, country code included. No international number has fewer than 7.
const (
	minDigits = 7
	maxDigits = 15
)

// Normalize returns a telephone number in the form of ITU-T E.164: "+" and 7 to 15 digits, of which
// the first is not 0. It is made for [otp.Config].Normalize, so that all spellings of one number
// share limits, codes and failures.
//
// Normalize takes away what people write between digits: spaces of every width, the no-break and
// thin ones included, dashes of every kind, dots and parentheses. A leading 00 becomes "+".
//
// Normalize guesses nothing: it refuses what could become the number of somebody else.
//
//   - A national number (0151 12345678): the country is not known.
//   - A trunk prefix in parentheses (+44 (0)20 7946 0000), which is not dialed from abroad. A trunk
//     prefix without parentheses cannot be told from a digit of the number: in some countries
//     international numbers do begin with 0.
//   - An extension, a "tel:" URI, a slash, a letter, digits other than 0 to 9, invisible
//     characters, and everything else.
//
// The error matches [otp.ErrInvalid] and does not repeat the number.
func Normalize(to string) (string, error) {
	digits, err := bareDigits(to)
	if err != nil {
		return "", err
	}

	if rest, found := strings.CutPrefix(digits, "00"); found {
		digits = "+" + rest
	}

	if !strings.HasPrefix(digits, "+") {
		return "", errNational
	}

	switch n := len(digits) - len("+"); {
	case n < minDigits || n > maxDigits:
		return "", errDigits
	case digits[1] == '0':
		return "", errCountry
	}
	return digits, nil
}

// bareDigits returns what is left of a number without separators: digits, perhaps after a "+".
func bareDigits(to string) (string, error) {
	var bare strings.Builder
	opened := false // the character before was an opening parenthesis

	for _, r := range to {
		switch {
		case r == '(':
			opened = true
			continue
		case isSeparator(r):
			continue
		case r == '+' && bare.Len() == 0:
		case r < '0' || r > '9':
			return "", errCharacter
		case r == '0' && opened && bare.Len() > 0:
			return "", errTrunk
		}

		opened = false
		bare.WriteRune(r)
		if bare.Len() > len("00")+maxDigits {
			return "", errDigits
		}
	}
	return bare.String(), nil
}

// isSeparator reports whether people write r between the digits of a number. U+2212 is the minus
// sign, which is no dash by its category.
func isSeparator(r rune) bool {
	return r == ')' || r == '.' || r == '\u2212' || unicode.In(r, unicode.Zs, unicode.Pd)
}
