package otpmail

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-5978b5f1/otp"
)

// A Detail is one fact that a mail shows, such as the amount of a payment. Name is its label
// ("Amount"), 1 to 64 characters. Value is 1 to 256 characters.
//
// Both are shown as plain text on one line, whatever is in them. Mail programs make links of words
// that look like web addresses: think before showing text that a stranger has chosen.
type Detail struct{ Name, Value string }

// Detailed is implemented by values of Request.Data whose details the mail shows. Those of the Kind
// otp.ConfirmTransaction must implement it, so that people see what they confirm. The same value
// can implement otpsms.Payer, and then serves both.
type Detailed interface {
	// MailDetails returns 1 to 12 details, labeled in the language of the mail: one of [Languages].
	MailDetails(language string) []Detail
}

// Details is [Detailed] with labels that are the same in every language.
type Details []Detail

// MailDetails returns d.
func (d Details) MailDetails(string) []Detail { return d }

const (
	maxDetails = 12
	maxName    = 64  // characters
	maxValue   = 256 // characters
)

// detailsOf returns the details of a message, made plain, or none if it has none.
func detailsOf(m otp.Message, language string) ([]Detail, error) {
	var plain []Detail
	if data, ok := m.Data.(Detailed); ok {
		var err error
		if plain, err = plainDetails(data.MailDetails(language)); err != nil {
			return nil, notWritten("the details of Data: %w", err)
		}
	}

	if m.Kind == otp.ConfirmTransaction && len(plain) == 0 {
		return nil, notWritten("the purpose %q confirms a transaction, and Data has no details "+
			"to show: it must implement otpmail.Detailed", m.Purpose)
	}
	return plain, nil
}

// plainDetails checks details and returns them without characters that could change how they are
// read. Nothing is cut off: half an amount is another amount.
func plainDetails(details []Detail) ([]Detail, error) {
	if n := len(details); n > maxDetails {
		return nil, fmt.Errorf("there are %d: at most %d are allowed", n, maxDetails)
	}

	var plain []Detail
	for i, d := range details {
		name, err := plainText(d.Name, maxName)
		if err != nil {
			return nil, fmt.Errorf("the name of number %d: %w", i+1, err)
		}

		value, err := plainText(d.Value, maxValue)
		if err != nil {
			return nil, fmt.Errorf("the value of number %d: %w", i+1, err)
		}

		plain = append(plain, Detail{name, value})
	}
	return plain, nil
}

// plainText returns s on one line and without formatting characters, which could turn the order of
// its letters around. The joiners of Persian, Indic scripts and emoji stay.
func plainText(s string, most int) (string, error) {
	plain := oneLine(strings.Map(func(r rune) rune {
		const zeroWidthNonJoiner, zeroWidthJoiner = '\u200C', '\u200D'
		if unicode.Is(unicode.Cf, r) && r != zeroWidthNonJoiner && r != zeroWidthJoiner {
			return -1
		}
		return r
	}, s))

	if plain == "" {
		return "", errors.New("it is empty")
	}
	if n := utf8.RuneCountInString(plain); n > most {
		return "", fmt.Errorf("it has %d characters: at most %d are allowed", n, most)
	}
	return plain, nil
}

// oneLine returns s as valid UTF-8, with every run of white space and control characters as one
// space, and none at its ends. Spaces that keep an amount on one line stay.
func oneLine(s string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		const noBreak, narrowNoBreak = '\u00A0', '\u202F'
		return unicode.IsControl(r) || unicode.IsSpace(r) && r != noBreak && r != narrowNoBreak
	})
	return strings.TrimSpace(strings.Join(words, " "))
}

// checkLine takes text of one line, as options must be.
func checkLine(s string, most int) error {
	if n := utf8.RuneCountInString(s); n > most {
		return fmt.Errorf("it has %d characters: at most %d are allowed", n, most)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, notPrintable) {
		return errors.New("it must be UTF-8 without control, formatting and line characters")
	}
	if strings.TrimSpace(s) != s {
		return errors.New("it must have no white space at its ends")
	}
	return nil
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) }
