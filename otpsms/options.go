package otpsms

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Options say what stands in a message. Product is required.
//
// Product and Domain together have at most 32 characters. This is what leaves room, in one segment
// of 70 characters, for a code of 14 digits and what it is for, in each of the languages. A
// character beyond the basic plane of Unicode (an emoji) counts as two.
type Options struct {
	// Product is the name that people know the application by: 1 to 20 printable characters. No
	// word of it begins with @.
	Product string

	// Domain is the host of the page that asks for the code, for example example.com. The last line
	// of the message is then "@example.com #123456" (Origin-bound one-time codes delivered via SMS,
	// WICG), and the code is offered there and not on other sites. The host is in lower case and in
	// ASCII ("xn--" for others).
	//
	// Give the exact host. Chrome compares the whole origin: a code for example.com is not offered
	// on app.example.com (sms_queue.cc, Chromium at 1a4f344, November 2026). Safari, as the draft
	// has it (at 2bb70db), also takes other hosts of the same site.
	Domain string

	// AppHash is the hash of 11 characters by which Android's SMS Retriever hands a message to the
	// app without asking. It is then the last line. Each app has its own, for the key that it is
	// signed with.
	//
	// A message has one last line: give a Domain or an AppHash, not both.
	AppHash string
}

const (
	maxProduct = 20 // in UCS-2 units
	maxNames   = 32 // Product and Domain, in UCS-2 units
	hashLength = 11

	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
)

// Check returns an error that names the field, its value and the bound if the options are not
// usable. Senders call it at construction.
func (o Options) Check() error {
	if n := units(o.Product); n < 1 || n > maxProduct {
		return fmt.Errorf("Options.Product is %q, %d characters: it must have 1 to %d",
			o.Product, n, maxProduct)
	}
	if err := checkLine(o.Product); err != nil {
		return fmt.Errorf("Options.Product is %q: %w", o.Product, err)
	}
	return o.checkLastLine()
}

// checkLastLine checks what autofill goes by.
func (o Options) checkLastLine() error {
	switch {
	case o.Domain != "" && o.AppHash != "":
		return fmt.Errorf("Options.Domain is %q and Options.AppHash is %q: give one, since a "+
			"message has one last line", o.Domain, o.AppHash)
	case o.Domain != "" && !isHost(o.Domain):
		return fmt.Errorf("Options.Domain is %q: it must be a host in lower case and in ASCII, "+
			"such as example.com, without scheme, port and path", o.Domain)
	case units(o.Product)+len(o.Domain) > maxNames:
		return fmt.Errorf("Options.Product is %q and Options.Domain is %q: together they have %d "+
			"characters, and at most %d fit into one text message with the code",
			o.Product, o.Domain, units(o.Product)+len(o.Domain), maxNames)
	case o.AppHash != "" && !isHash(o.AppHash):
		return fmt.Errorf("Options.AppHash is %q: it must be %d characters of A to Z, a to z, "+
			"0 to 9, + and /", o.AppHash, hashLength)
	}
	return nil
}

// lastLine returns the line for autofill, with the line break before it.
func (o Options) lastLine(code string) string {
	switch {
	case o.Domain != "":
		return "\n@" + o.Domain + " #" + code
	case o.AppHash != "":
		return "\n" + o.AppHash
	}
	return ""
}

// mostSeptets returns how long a message of the GSM 7-bit default alphabet can be. The SMS
// Retriever wants "no longer than 140 bytes": 140 characters are that much in every reading.
func (o Options) mostSeptets() int {
	if o.AppHash != "" {
		return 140
	}
	return maxSeptets
}

// checkLine takes text of one line that no telephone can mistake for a line for autofill.
func checkLine(s string) error {
	notPrintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if s == "" || !utf8.ValidString(s) || strings.ContainsFunc(s, notPrintable) {
		return errors.New("it must be UTF-8 without control, formatting and line characters")
	}

	for word := range strings.FieldsSeq(s) {
		if word[0] == '@' {
			return errors.New("it has a word that begins with @, like the line for autofill")
		}
	}
	return nil
}

// isHost takes two or more labels of lower-case letters, digits and inner hyphens.
func isHost(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || strings.Trim(label, lower+digits+"-") != "" ||
			strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return len(labels) >= 2
}

// isHash takes Base64 of the length that the SMS Retriever wants.
func isHash(s string) bool {
	return len(s) == hashLength && strings.Trim(s, upper+lower+digits+"+/") == ""
}
