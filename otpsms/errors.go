package otpsms

import (
	"errors"
	"fmt"

	"github.com/seed-5978b5f1/otp"
)

// NumberProblem says what is wrong with a telephone number, for programs: it can be the code of an
// otphttp.Problem, and a page can have a sentence for each.
type NumberProblem string

// The problems for which [Normalize] and [Allow] refuse a number.
const (
	// ProblemCharacter: a character that is no digit, separator or leading +.
	ProblemCharacter NumberProblem = "number_character"

	// ProblemNational: no + or 00 at the beginning, so that the country is not known.
	ProblemNational NumberProblem = "number_national"

	// ProblemCountryCode: what follows the + or 00 is the code of no country.
	ProblemCountryCode NumberProblem = "number_country"

	// ProblemTrunkPrefix: a prefix, mostly 0, that is not dialed from abroad. Without it the number
	// may be right.
	ProblemTrunkPrefix NumberProblem = "number_trunk"

	// ProblemLength: too few digits, or too many.
	ProblemLength NumberProblem = "number_length"

	// ProblemNotServed: no messages are sent to this country. See Allow.
	ProblemNotServed NumberProblem = "number_not_served"
)

// A NumberError is the error of [Normalize] and [Allow]. It matches [otp.ErrInvalid] and has
// nothing of the number.
type NumberError struct{ Problem NumberProblem }

// Error says what is wrong and what to do.
func (e *NumberError) Error() string {
	return "otpsms: the telephone number " + map[NumberProblem]string{
		ProblemCharacter: "has a character other than digits, spaces, dashes, dots, parentheses " +
			"and one leading +",
		ProblemNational:    "has no country code: it must begin with + or 00",
		ProblemCountryCode: "has no country code that exists after the + or 00",
		ProblemTrunkPrefix: "has a prefix, such as 0, that is not dialed from abroad: leave it out",
		ProblemLength:      "must have 7 to 15 digits, country code included",
		ProblemNotServed:   "is of a country to which no messages are sent",
	}[e.Problem]
}

// Unwrap returns otp.ErrInvalid.
func (e *NumberError) Unwrap() error { return otp.ErrInvalid }

// Why Text writes no message.
var (
	errNoCode     = errors.New("the message has no code")
	errCodeLength = errors.New("the code must have 6 to 14 digits")
	errLetters    = errors.New("the code has characters other than digits: Android finds only " +
		"codes with a digit, and a code of otp.Letters has none; use otp.Digits")
	errKind      = errors.New("the message has a Kind that is none of the constants of otp.Kind")
	errNoPayment = errors.New("the Kind is ConfirmTransaction, which needs an otpsms.Payer in " +
		"Request.Data, such as an otpsms.Payment")
	errPayment = errors.New("the Amount and Payee of the Payment must be printable text of one " +
		"line, without words that begin with @")
	errLong = errors.New("the Payment does not fit into one text message: shorten its Payee")
)

// notSent says why there is no message, and that nothing was sent.
func notSent(cause error) error { return fmt.Errorf("otpsms: %w", otp.NotSent(cause)) }
