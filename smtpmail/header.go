package smtpmail

import (
	"fmt"
	"strings"

	"github.com/seed-5978b5f1/otp/otpmail"
)

// formatFrom returns an address with or without a display name as the value of a header field. An
// address that does not fit the line of the name gets a line of its own.
func formatFrom(field string, f otpmail.From) string {
	if f.Name == "" {
		return f.Address
	}

	name := strings.TrimSuffix(otpmail.From{Name: f.Name}.String(), " <@>")
	if strings.HasPrefix(name, "=?") || len(field)+len(": ")+len(name) > maxLine {
		name = encodeWords(field, f.Name)
	}
	line := len(name[strings.LastIndexByte(name, '\n')+1:])
	if line == len(name) {
		line += len(field) + len(": ")
	}
	if line+len(f.Address)+len(" <>") > maxLine {
		return name + "\r\n <" + f.Address + ">"
	}
	return name + " <" + f.Address + ">"
}

// maxLine bounds a line with encoded words (RFC 2047 §2), and all that can be folded besides.
const maxLine = 76

// encodeText returns a text as the value of a header field: as it is, if it is short and of ASCII
// that no mail program takes for an encoded word.
func encodeText(name, text string) string {
	notASCII := func(r rune) bool { return r < ' ' || r > '~' }
	if len(name)+len(": ")+len(text) <= maxLine && !strings.Contains(text, "=?") &&
		!strings.ContainsFunc(text, notASCII) {
		return text
	}
	return encodeWords(name, text)
}

// encodeWords returns a text as encoded words of whole characters, a line for each (RFC 2047 §5).
func encodeWords(name, text string) string {
	const begin, end, fold = "=?utf-8?q?", "?=", "\r\n "

	var words strings.Builder
	words.WriteString(begin)
	length := len(name) + len(": ") + len(begin) + len(end)
	for _, r := range text {
		encoded := encodeRune(r)
		if length+len(encoded) > maxLine {
			words.WriteString(end + fold + begin)
			length = len(" ") + len(begin) + len(end)
		}
		words.WriteString(encoded)
		length += len(encoded)
	}
	words.WriteString(end)
	return words.String()
}

// encodeRune returns a character in the encoding Q as it is allowed everywhere (RFC 2047 §5 (3)).
func encodeRune(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case strings.ContainsRune(lettersAndDigits, r):
		return string(r)
	}

	var encoded strings.Builder
	for _, b := range []byte(string(r)) {
		fmt.Fprintf(&encoded, "=%02X", b)
	}
	return encoded.String()
}

// foldASCII returns a value with a line end before the spaces where a line would get too long.
func foldASCII(name, value string) string {
	var folded strings.Builder
	length := len(name) + len(":")
	for i, word := range strings.Split(value, " ") {
		if i > 0 && word != "" && length+len(" ")+len(word) > maxLine {
			folded.WriteString("\r\n")
			length = 0
		}
		if i > 0 {
			folded.WriteString(" ")
		}
		folded.WriteString(word)
		length += len(" ") + len(word)
	}
	return folded.String()
}

const (
	maxFieldName  = 64  // bytes
	maxFieldValue = 900 // bytes, so that a line has at most 998 (RFC 5322 §2.1.1)
)

// reserved are the header fields that Config.Header must not have: what the Sender writes itself,
// what adds recipients, and what servers write.
var reserved = map[string]bool{
	"date": true, "from": true, "sender": true, "reply-to": true, "to": true, "cc": true,
	"bcc": true, "subject": true, "message-id": true, "auto-submitted": true,
	"x-auto-response-suppress": true, "x-entity-ref-id": true, "mime-version": true,
	"return-path": true, "received": true, "dkim-signature": true, "apparently-to": true,
}

// checkHeader looks at Config.Header.
func checkHeader(header map[string]string) error {
	seen := map[string]bool{}
	for name, value := range header {
		lower := strings.ToLower(name)
		switch {
		case name == "" || len(name) > maxFieldName || strings.Contains(name, ":") ||
			!isPrintableASCII(name) || strings.Contains(name, " "):
			return fmt.Errorf("Config.Header has a field %q: a name must be 1 to %d printable "+
				"ASCII characters without space and colon", name, maxFieldName)
		case reserved[lower] || strings.HasPrefix(lower, "content-") ||
			strings.HasPrefix(lower, "resent-"):
			return fmt.Errorf("Config.Header has %s, which is not for it to set", name)
		case seen[lower]:
			return fmt.Errorf("Config.Header has %s twice, in different case", name)
		case strings.TrimSpace(value) == "" || len(value) > maxFieldValue ||
			!isPrintableASCII(value):
			return fmt.Errorf("Config.Header[%q] must have 1 to %d printable ASCII characters",
				name, maxFieldValue)
		}
		seen[lower] = true
	}
	return nil
}

func isPrintableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
