package users

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// minPassword is NIST's for a password that is the only factor (SP 800-63B-4 §3.1.1.2).
	minPassword = 15

	// maxPassword is twice of what NIST wants to be allowed at least. It bounds the work of
	// hashing.
	maxPassword = 128
)

// blocked.txt holds long passwords that people and lists are fond of, in lower case and without
// spaces. A service with more to lose asks a larger list (NIST wants those of known breaches).
//
//go:embed blocked.txt
var blockedList string

var blocked = strings.Fields(blockedList)

// A PasswordError says why a password cannot be chosen. Its text is for the person, and its Code
// for programs.
type PasswordError struct{ Code, reason string }

func (e *PasswordError) Error() string { return e.reason }

// CheckPassword returns a *PasswordError unless the password can be chosen for the account of the
// address. It asks for no mixture of characters, as NIST demands.
func CheckPassword(password, email string) error {
	n := utf8.RuneCountInString(password)
	words := strings.FieldsFunc(password, unicode.IsSpace)
	squeezed := strings.ToLower(strings.Join(words, ""))
	local, _, _ := strings.Cut(key(email), "@")

	switch {
	case !utf8.ValidString(password):
		return &PasswordError{"password_malformed", "The password is not valid UTF-8."}
	case n < minPassword:
		return &PasswordError{"password_too_short",
			fmt.Sprintf("The password must have at least %d characters.", minPassword)}
	case n > maxPassword:
		return &PasswordError{"password_too_long",
			fmt.Sprintf("The password must have at most %d characters.", maxPassword)}
	case squeezed == key(email) || squeezed == local:
		return &PasswordError{"password_is_address", "The password must not be the address."}
	case slices.Contains(blocked, squeezed) || repeats(password) || repeats(squeezed):
		return &PasswordError{"password_common",
			"This password is one of the first that attackers try. Choose another one."}
	}
	return nil
}

// repeats reports whether s is one to four characters over and over again.
func repeats(s string) bool {
	for n := 1; n <= 4 && n < len(s); n++ {
		if s == strings.Repeat(s[:n], len(s)/n)+s[:len(s)%n] {
			return true
		}
	}
	return false
}
