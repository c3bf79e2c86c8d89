package otpsms

import (
	"strings"

	"github.com/seed-5978b5f1/otp"
)

// What the codes of a message are. All but the longest can be found by the telephones' own means:
// see the package comment.
const (
	minCode = 6
	maxCode = 14
)

// Text returns the text message for m: what the code is for, by m.Kind, in the language that fits
// m.Language best (a BCP 47 tag or an Accept-Language header; English if none fits), and the line
// for autofill that the options ask for.
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
//   - The Kind is ConfirmTransaction, and m.Data is no [Payer], or has a bad [Payment], or one that
//     does not fit into one segment. Nothing of it is ever cut off.
func Text(m otp.Message, opts Options) (string, error) {
	if err := opts.Check(); err != nil {
		return "", notSent(err)
	}

	code := m.Code.Reveal()
	if err := checkCode(code); err != nil {
		return "", notSent(err)
	}
	e := choose(m.Language)
	if m.Kind < 0 || int(m.Kind) >= len(e.wordings) {
		return "", notSent(errKind)
	}

	var payment Payment
	if m.Kind == otp.ConfirmTransaction {
		var err error
		if payment, err = paymentOf(m.Data); err != nil {
			return "", notSent(err)
		}
	}

	fill := strings.NewReplacer("{code}", code, "{product}", opts.Product,
		"{amount}", payment.Amount, "{payee}", payment.Payee)

	for _, form := range forms(e, m.Kind, opts.Domain != "") {
		text := fill.Replace(form) + opts.lastLine(code)
		if fits(text, opts.mostSeptets()) {
			return text, nil
		}
	}
	return "", notSent(errLong)
}

// forms returns what a message can say, the longest first. Where the last line holds the code for
// people, too, the label can do without.
func forms(e *edition, kind otp.Kind, codeBelow bool) []string {
	w := e.wordings[kind]

	all := []string{w.sentence + between(e) + e.warning, w.sentence, w.label}
	if kind == otp.ConfirmTransaction {
		all = append(all, brief)
	}
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
