package otpsms

import (
	"errors"
	"fmt"

	"github.com/seed-5978b5f1/otp"
)

// Why Normalize refuses a number.
var (
	errCharacter = invalid("the telephone number has a character other than digits, spaces, " +
		"dashes, dots, parentheses and one leading +")
	errTrunk = invalid("the telephone number has a 0 in parentheses, which is not dialed from " +
		"abroad: leave it out")
	errNational = invalid("the telephone number has no country code: it must begin with + or 00")
	errCountry  = invalid("the telephone number has a country code that begins with 0")
	errDigits   = invalid("the telephone number must have 7 to 15 digits, country code included")
)

func invalid(text string) error { return fmt.Errorf("otpsms: %w: %s", otp.ErrInvalid, text) }

// Why Text writes no message.
var (
	errNoOptions  = errors.New("the options are nil: Options.Product is required")
	errNoCode     = errors.New("the message has no code")
	errCodeLength = errors.New("the code must have 6 to 14 digits")
	errLetters    = errors.New("the code has characters other than digits: Android finds only " +
		"codes with a digit, and a code of otp.Letters has none; use otp.Digits")
	errNoTransaction = errors.New("the purpose is ConfirmTransaction, which needs an " +
		"otpsms.Transaction in Request.Data")
	errTransaction = errors.New("the Amount and Payee of the Transaction must be printable text " +
		"of one line, without words that begin with @")
	errLong = errors.New("the Transaction does not fit into one text message: shorten its Payee")
)

// A textError says why there is no message, and that nothing was sent.
type textError struct{ cause error }

func (e *textError) Error() string   { return "otpsms: " + e.cause.Error() }
func (e *textError) Unwrap() []error { return []error{otp.ErrNotSent, e.cause} }
