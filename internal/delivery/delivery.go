// Package delivery has the errors of the senders of this module, in one shape of text:
//
//	sesmail: not sent: SES refused it: MessageRejected
//	sesmail: SES answered with HTTP status 500: may have been sent
//
// The text holds the name of the package and a reason that is safe to log (rule 13). The cause,
// which may hold an address or a code, can only be unwrapped.
package delivery

import (
	"fmt"

	"github.com/seed-5978b5f1/otp"
)

// NotSent returns the error of a package that has certainly sent nothing. The cause may be nil.
func NotSent(sender, reason string, cause error) error {
	return fmt.Errorf("%s: %w", sender, otp.NotSent(&failure{reason, cause}))
}

// Undeliverable returns the error of a package that has certainly sent nothing, because the address
// is at fault. The cause may be nil.
func Undeliverable(sender, reason string, cause error) error {
	return fmt.Errorf("%s: %w", sender, otp.Undeliverable(&failure{reason, cause}))
}

// Open returns the error of a package that may have sent the message or not.
func Open(sender, reason string, cause error) error {
	return fmt.Errorf("%s: %w: may have been sent", sender, &failure{reason, cause})
}

// A failure is a reason to show and a cause to hide.
type failure struct {
	reason string
	cause  error
}

func (f *failure) Error() string { return f.reason }

// GoString keeps %#v from walking into the cause.
func (f *failure) GoString() string { return f.reason }

func (f *failure) Unwrap() error { return f.cause }
