package otpsms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-5978b5f1/otp"
)

// What the codes of a message are. All but the longest can be found by the telephones' own means:
// see the package comment.
const (
	minCode = 6
	maxCode = 14
)

// Text returns the text message for m: what the code is for, in the language that fits m.Language
// best (a BCP 47 tag or an Accept-Language header; English if none fits), and the line for autofill
// that the options ask for.
//
// The message always takes one segment: 160 characters of the GSM 7-bit default alphabet (140 with
// an AppHash), or 70 characters if it has one that this alphabet lacks. Text adds a warning where
// there is room, and shortens the sentence where there is little.
//
// The error matches [otp.ErrNotSent], so that a Sender can return it as it is:
//
//   - The options are not usable; see [Options.Check].
//   - The code is missing, or is not 6 to 14 digits. Codes of [otp.Letters] have no digit, and
//     Android finds only codes that have one.
//   - A transaction has no [Transaction] in m.Data, or a bad one, or does not fit into one segment.
//     Nothing of it is ever cut off.
func Text(m otp.Message, opts *Options) (string, error) {
	if err := opts.Check(); err != nil {
		return "", &textError{err}
	}

	code := m.Code.Reveal()
	if err := checkCode(code); err != nil {
		return "", &textError{err}
	}

	kind := opts.Kinds[m.Purpose]
	var transaction Transaction
	if kind == ConfirmTransaction {
		var err error
		if transaction, err = transactionOf(m.Data); err != nil {
			return "", &textError{err}
		}
	}

	fill := strings.NewReplacer("{code}", code, "{product}", opts.Product,
		"{amount}", transaction.Amount, "{payee}", transaction.Payee)

	for _, form := range forms(choose(m.Language), kind, opts.Domain != "") {
		text := fill.Replace(form) + opts.lastLine(code)
		if fits(text, opts.mostSeptets()) {
			return text, nil
		}
	}
	return "", &textError{errLong}
}

// forms returns what a message can say, the longest first. Where the last line holds the code for
// people, too, the label can do without.
func forms(e *edition, kind Kind, codeBelow bool) []string {
	w := e.wordings[kind]

	all := []string{w.sentence + between(e) + e.warning, w.sentence, w.label}
	if codeBelow {
		all = append(all, strings.TrimRight(strings.TrimSuffix(w.label, "{code}"), " "))
	}
	return all
}

// checkCode takes what Policy makes with otp.Digits.
func checkCode(code string) error {
	switch {
	case code == "":
		return errNoCode
	case strings.Trim(code, digits) != "":
		return errLetters
	case len(code) < minCode || len(code) > maxCode:
		return errCodeLength
	}
	return nil
}

// Transaction is what a person confirms with a code for [ConfirmTransaction]. It belongs into
// [otp.Request].Data. What it says is shown as it is, in full: write the amount with its currency,
// in the person's own notation.
type Transaction struct {
	// Amount and Payee are printable, of one line and not empty. No word begins with @, which could
	// be taken for the line for autofill. No-break and thin spaces become common ones.
	Amount, Payee string
}

// transactionOf returns the transaction in Message.Data.
func transactionOf(data any) (Transaction, error) {
	t, ok := data.(Transaction)
	if !ok {
		return Transaction{}, errNoTransaction
	}

	for _, line := range []*string{&t.Amount, &t.Payee} {
		if !utf8.ValidString(*line) {
			return Transaction{}, errTransaction
		}

		*line = strings.Map(commonSpace, *line)
		if checkLine(*line) != nil {
			return Transaction{}, errTransaction
		}
	}
	return t, nil
}

// commonSpace returns a common space for every other one: amounts are often written with no-break
// spaces, which the GSM 7-bit default alphabet does not have.
func commonSpace(r rune) rune {
	if unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}
