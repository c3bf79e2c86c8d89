package otp

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds the length of an address and of a Binding, in bytes.
const maxText = 1024

// NormalizeAddress returns the form of an address that codes, limits and failures go by, unless
// Config.Normalize says otherwise: to without surrounding white space, without characters that
// nobody sees (Unicode Cf, such as the zero width space, which come along when text is copied), and
// with the letters A to Z in lower case. Look accounts up by the same form.
//
// Letters beyond ASCII stay as they are, because mail servers may keep them apart. Likewise the two
// spellings of an international domain (bücher.example and xn--bcher-kva.example) stay two
// addresses.
//
// The error matches [ErrInvalid]: to is empty, longer than 1024 bytes, or has control characters.
func NormalizeAddress(to string) (string, error) {
	address, err := normalizeAddress(to)
	if err != nil {
		return "", fmt.Errorf("otp: %w", err)
	}
	return address, nil
}

func normalizeAddress(to string) (string, error) {
	if err := checkAddress(to); err != nil {
		return "", err
	}
	address := strings.TrimSpace(withoutInvisible(to))
	if address == "" {
		return "", errNoAddress
	}
	return foldASCII(address), nil
}

// normalizer returns the function that a Service normalizes addresses with: Config.Normalize
// between two checks, so that neither Config.Normalize nor the engine sees what cannot be used.
func normalizer(custom func(string) (string, error)) func(string) (string, error) {
	if custom == nil {
		return normalizeAddress
	}
	return func(to string) (string, error) {
		if err := checkAddress(to); err != nil {
			return "", err
		}

		address, err := custom(to)
		if err != nil {
			return "", normalizeError(err)
		}
		return address, checkAddress(address)
	}
}

// checkAddress refuses what no address can be. Rule 12: it looks at the length first, so that a
// long text costs nothing.
func checkAddress(to string) error {
	switch {
	case len(to) > maxText:
		return errLongAddress
	case strings.TrimSpace(to) == "":
		return errNoAddress
	case strings.ContainsFunc(to, unicode.IsControl):
		return errControlAddress
	}
	return nil
}

// withoutInvisible leaves out the characters of Unicode Cf. Text that is not UTF-8 stays as it is.
func withoutInvisible(text string) string {
	invisible := func(r rune) bool { return unicode.Is(unicode.Cf, r) }
	if !strings.ContainsFunc(text, invisible) {
		return text
	}

	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if !invisible(r) {
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// foldASCII works on bytes, so that text that is not UTF-8 stays as it is.
func foldASCII(text string) string {
	isUpper := func(r rune) bool { return r >= 'A' && r <= 'Z' }
	if !strings.ContainsFunc(text, isUpper) {
		return text
	}

	folded := []byte(text)
	for i, b := range folded {
		if isUpper(rune(b)) {
			folded[i] = b + ('a' - 'A')
		}
	}
	return string(folded)
}
