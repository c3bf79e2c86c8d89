package otpsms

import (
	"strings"
	"unicode/utf16"
)

// What one segment of a text message holds: 140 bytes (3GPP TS 23.040 §9.2.3.24).
const (
	maxSeptets = 160 // of the GSM 7-bit default alphabet
	maxUnits   = 70  // of UCS-2
)

// The GSM 7-bit default alphabet without the escape character, and its extension table, whose
// characters take two septets each (3GPP TS 23.038 §6.2.1).
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// septets returns the number of septets that text takes, or false if the GSM 7-bit default alphabet
// cannot write it.
func septets(text string) (n int, ok bool) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			n++
		case strings.ContainsRune(gsmExtension, r):
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}

// units returns the number of UCS-2 units that text takes. Telephones read UTF-16: a character
// beyond the basic plane takes two.
func units(text string) (n int) {
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// fits reports whether text takes one segment, in septets of at most the given number, or else in
// UCS-2.
func fits(text string, most int) bool {
	if n, ok := septets(text); ok {
		return n <= most
	}
	return units(text) <= maxUnits
}
