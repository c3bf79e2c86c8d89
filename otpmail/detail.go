package otpmail

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Line is one fact that a mail shows, such as the amount of a payment. Name is its label
// ("Amount"), 1 to 64 characters; Value is 1 to 256 characters.
//
// Both are shown as plain text on one line, whatever is in them. Mail programs make links of words
// that look like web addresses: think before showing text that a stranger has chosen.
type Line struct{ Name, Value string }

// Transaction is implemented by values of Request.Data whose facts the mail shows. It must be
// implemented for purposes of the kind [ConfirmTransaction], so that people see what they confirm.
type Transaction interface {
	// MailLines returns 1 to 12 lines, labeled in the language of the mail: one of [Languages].
	MailLines(language string) []Line
}

// Lines is a [Transaction] whose labels are the same in every language.
type Lines []Line

// MailLines returns l.
func (l Lines) MailLines(string) []Line { return l }

const (
	maxLines = 12
	maxName  = 64  // characters
	maxValue = 256 // characters
)

// linesOf returns the lines of Data, made plain, or none if it has none.
func linesOf(data any, language string) ([]Line, error) {
	transaction, ok := data.(Transaction)
	if !ok {
		return nil, nil
	}
	return plainLines(transaction.MailLines(language))
}

// plainLines checks lines and returns them without characters that could change how they are read.
// Nothing is cut off: half an amount is another amount.
func plainLines(lines []Line) ([]Line, error) {
	if len(lines) > maxLines {
		return nil, fmt.Errorf("there are %d lines: at most %d are allowed", len(lines), maxLines)
	}

	var plain []Line
	for i, line := range lines {
		name, err := plainText(line.Name, maxName)
		if err != nil {
			return nil, fmt.Errorf("the name of line %d: %w", i+1, err)
		}

		value, err := plainText(line.Value, maxValue)
		if err != nil {
			return nil, fmt.Errorf("the value of line %d: %w", i+1, err)
		}

		plain = append(plain, Line{name, value})
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
