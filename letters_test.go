package otp

import (
	"strings"
	"testing"
)

// Every symbol is read as itself, in either case and at full width.
func TestEverySymbolIsRead(t *testing.T) {
	for _, a := range []Alphabet{Digits, Letters} {
		for _, symbol := range a.symbols() {
			want := strings.Repeat(string(symbol), a.minLength())
			for _, typed := range []string{want, strings.ToLower(want), strings.Repeat(string(symbol+'！'-'!'), a.minLength())} {
				if got, ok := a.normalise(typed); !ok || string(got.bytes()) != want {
					t.Errorf("%q is read as %q, %v", typed, got.bytes(), ok)
				}
			}
		}
	}
}
