package otp

import (
	"context"
	"time"
)

// Sender delivers one message to one person. A Service calls it once for each Send that is not refused, after the code
// has been recorded, and never for a decoy. It must be safe for concurrent use and must not return before the message
// has been handed over: a goroutine that goes on after the return is frozen on AWS Lambda.
//
// A Sender says how it failed, since that decides what the failure costs the person who asked:
//
//   - [ErrNotSent] (wrapped, with the cause): certainly nothing was sent. The send then counts only towards the
//     shortest of [Policy].SendLimits.
//   - [ErrUndeliverable]: certainly nothing was sent, and the address is at fault. The send counts in full.
//   - any other error: something may have been sent. The send counts in full.
//
// Whatever it says, the code stays valid, and asking again sends the same one. The text of the error is never repeated
// by the Service, but it can be unwrapped by the caller: keep the code and the address out of it all the same.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// SenderFunc is a function that serves as a [Sender].
type SenderFunc func(ctx context.Context, m Message) error

// Send calls f.
func (f SenderFunc) Send(ctx context.Context, m Message) error { return f(ctx, m) }

// Message is what a [Sender] has to deliver. It redacts itself when printed, logged or marshalled.
type Message struct {
	// ID is random and new for each Send. It stands in the Event of that Send too, so that a bounce can be traced.
	ID string
	// Purpose is Config.Purpose.
	Purpose string
	// To is Request.To, exactly as it was given.
	To string
	// Language is Request.Language, exactly as it was given.
	Language string
	// Code is the code to show; Code.Reveal returns its text.
	Code Code
	// ExpiresAt is when the code stops to work, in whole seconds, UTC. A message that cannot leave before is useless.
	ExpiresAt time.Time
	// Data is Request.Data, exactly as it was given.
	Data any
}
