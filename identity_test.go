package otp

import "testing"

// Letters of ASCII are folded, each of them, and nothing else.
func TestIdentityFoldsLetters(t *testing.T) {
	for b := range 128 {
		want := string(rune(b))
		if b >= 'A' && b <= 'Z' {
			want = string(rune(b - 'A' + 'a'))
		}
		// Beside an A, which makes identity look closer.
		if got := identity("A" + string(rune(b)) + "@"); got != "a"+want+"@" {
			t.Errorf("%q is read as %q", "A"+string(rune(b))+"@", got)
		}
	}
}
