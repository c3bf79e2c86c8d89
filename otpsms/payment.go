package otpsms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-5978b5f1/otp/internal/isnil"
)

// A Payer is a value of [otp.Request].Data that a message of the Kind ConfirmTransaction needs. The
// same value can be an otpmail.Detailed, so that it serves mail and text messages.
type Payer interface {
	SMSPayment() Payment
}

// Payment is what a person confirms. It is shown as it is, in full: write the amount with its
// currency, in the person's own notation.
type Payment struct {
	// Amount and Payee are printable, of one line and not empty. No word begins with @, which could
	// be taken for the line for autofill. No-break and thin spaces become common ones.
	Amount, Payee string
}

// SMSPayment returns p: a Payment can be Data itself.
func (p Payment) SMSPayment() Payment { return p }

// paymentOf returns the payment in Message.Data.
func paymentOf(data any) (Payment, error) {
	payer, ok := data.(Payer)
	if !ok || isnil.Value(payer) {
		return Payment{}, errNoPayment
	}

	payment := payer.SMSPayment()
	for _, line := range []*string{&payment.Amount, &payment.Payee} {
		if !utf8.ValidString(*line) {
			return Payment{}, errPayment
		}

		*line = strings.Map(commonSpace, *line)
		if checkLine(*line) != nil {
			return Payment{}, errPayment
		}
	}
	return payment, nil
}

// commonSpace returns a common space for every other one: amounts are often written with no-break
// spaces, which the GSM 7-bit default alphabet does not have.
func commonSpace(r rune) rune {
	if unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}
