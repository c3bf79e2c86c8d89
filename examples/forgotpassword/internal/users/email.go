package users

import (
	"errors"
	"net/mail"
	"strings"
)

const maxEmail = 254 // bytes, RFC 5321 §4.5.3.1.3 less the angle brackets

var errEmail = errors.New("must be one bare address such as ada@example.com")

// CheckEmail returns an error unless s is exactly one bare address in ASCII: no display name, list,
// group, comment, quoted part, address literal, space or line end. The error can be shown: it does
// not repeat the address.
func CheckEmail(s string) error {
	if len(s) > maxEmail {
		return errors.New("has more than 254 characters")
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return errEmail
		}
	}

	// The parser takes much more than a bare address (RFC 5322). What it returns unchanged, without
	// a name and without these characters, is one.
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Name != "" || parsed.Address != s {
		return errEmail
	}
	if strings.ContainsAny(s, `"()<>[]:;\,`) {
		return errEmail
	}

	if _, domain, _ := strings.Cut(s, "@"); !strings.Contains(domain, ".") {
		return errEmail
	}
	return nil
}

// key returns what accounts are found by: the address with A to Z, and nothing else, in lower case.
// Package otp tells addresses apart in the same way.
func key(email string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, email)
}
