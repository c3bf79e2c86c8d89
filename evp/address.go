package evp

import (
	"strings"
	"unicode/utf8"
)

// Bounds of addresses and names, in bytes (RFC 5321 §4.5.3.1, RFC 1035 §2.3.4).
const (
	maxAddress = 254
	maxLocal   = 64
	maxName    = 253
	maxLabel   = 63
)

// prefix is what stands before a domain in the name of its TXT record.
const prefix = "_email-verification."

// parseAddress returns the domain of a mail address, in lower case. Letters beyond ASCII may stand
// in the local part only; browsers send domains in their ASCII form.
func parseAddress(address string) (domain string, ok bool) {
	local, domain, found := strings.Cut(address, "@")
	domain = foldASCII(domain)

	ok = found && len(address) <= maxAddress && local != "" && len(local) <= maxLocal &&
		utf8.ValidString(local) && !strings.ContainsFunc(local, isControl) &&
		isHost(domain) && len(prefix)+len(domain) <= maxName
	return domain, ok
}

func isControl(r rune) bool {
	return r <= ' ' || r == 0x7f
}

// isHost reports whether s is a host name in its canonical form: two labels or more, no final dot,
// no port, no IP address.
func isHost(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	return strings.Contains(s, ".") && hasLabels(s) && last[0] >= 'a' && last[0] <= 'z'
}

// hasLabels reports whether s is made of labels of lower-case letters, digits and hyphens.
func hasLabels(s string) bool {
	if len(s) > maxName {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

func isLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// foldASCII returns s with A to Z in lower case. strings.ToLower would make a "k" of the Kelvin
// sign.
func foldASCII(s string) string {
	folded := []byte(s)
	for i, c := range folded {
		if c >= 'A' && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}
