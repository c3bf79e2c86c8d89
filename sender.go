package otp

import (
	"context"
	"time"
)

// Sender delivers one message to one person. A Service calls it once for each Send that is not
// refused, after the code has been recorded, and never for a decoy. A Sender must be safe for
// concurrent use. It must not return before the message has been handed over: on AWS Lambda, a
// goroutine that goes on after the return is frozen. (On a server, package background hands over to
// a queue.)
//
// The context ends after Policy.DeliveryTimeout, and never because the client has left.
//
// A Sender says how it failed:
//
//   - [NotSent]: certainly nothing was sent.
//   - [Undeliverable]: certainly nothing was sent, and the address is at fault.
//   - any other error: something may have been sent.
//
// Whatever the Sender says, the send counts, the code stays valid, and asking again sends the same
// one. The Service never repeats the text of the error, but the caller can unwrap it: keep the code
// and the address out of it all the same.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// SenderFunc is a function that serves as a [Sender].
type SenderFunc func(ctx context.Context, m Message) error

// Send calls f.
func (f SenderFunc) Send(ctx context.Context, m Message) error { return f(ctx, m) }

// NoSender is for a Service that sends nothing, such as that of a support tool which calls Unlock
// and Revoke. Send of such a Service is an error, before anything is read or written.
var NoSender Sender = noSender{}

type noSender struct{}

func (noSender) Send(context.Context, Message) error { return NotSent(errNoSender) }

// Message is what a [Sender] has to deliver. It shows as "[redacted]" when printed, logged or
// marshaled.
type Message struct {
	redacted

	// ID is random and new for each Send: 32 hexadecimal digits. The Event of that Send has the
	// same one, so that a bounce can be traced.
	ID string

	// Purpose is Config.Purpose.
	Purpose string

	// Kind is Config.Kind.
	Kind Kind

	// To is Request.To, exactly as it was given.
	To string

	// Language is Request.Language, exactly as it was given.
	Language string

	// Code is the code to show. Code.Reveal returns its text.
	Code Code

	// ExpiresAt is when the code stops working, in whole seconds, UTC. A message that cannot leave
	// before is useless.
	ExpiresAt time.Time

	// Data is Request.Data, exactly as it was given.
	Data any
}
