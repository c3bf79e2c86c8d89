package otphttp

import (
	"strings"
	"unicode"
)

// readAddress returns the mail address that a person meant, where that is certain: text is copied
// with its name or link, with characters that nobody sees, or with the full stop of its sentence,
// and typed with the @ of another keyboard.
func readAddress(typed string) string {
	address := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case r == '＠':
			return '@'
		}
		return r
	}, strings.ToValidUTF8(typed, "\uFFFD"))

	address = strings.TrimSpace(address)
	if before, bare, found := strings.Cut(address, "<"); found && strings.HasSuffix(bare, ">") &&
		!strings.Contains(before, "@") {
		address = strings.TrimSuffix(bare, ">")
	}

	const link = "mailto:"
	if len(address) > len(link) && strings.EqualFold(address[:len(link)], link) {
		address = address[len(link):]
	}
	return strings.TrimRight(strings.TrimSpace(address), ".,;")
}

// isAddress reports whether a text can be an address where mail goes. The Sender judges the rest.
func isAddress(address string) bool {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return false
	}

	local, domain := address[:at], address[at+1:]
	quoted := len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"'
	return (quoted || !strings.ContainsFunc(local, outside)) &&
		domain != "" && domain[0] != '.' && !strings.Contains(domain, "..") &&
		!strings.ContainsFunc(domain, outside)
}

// outside reports whether a character is in no address without quotation marks (RFC 5322 §3.2.3).
func outside(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) ||
		strings.ContainsRune("()<>[]:;@\\,\"\uFFFD", r)
}
