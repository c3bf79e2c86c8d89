package otp

import "time"

// Event tells what one call of a Service did. It holds neither codes nor addresses and can be logged as it is.
// Config.Observe gets one for every call, also for those that failed.
type Event struct {
	// Op is the method: "send", "verify", "status", "revoke" or "unlock".
	Op string
	// Purpose is Config.Purpose.
	Purpose string
	// Subject stands for the address; Service.Subject returns the same for the same address. Empty if there was none.
	Subject string
	// MessageID is Message.ID of the message that the Sender was given; empty if it was given none.
	MessageID string
	// Err is what the call returned, nil for success. Its text is safe to log; what it wraps may come from a Sender.
	Err error
	// Decoy is Request.Decoy.
	Decoy bool
	// Resent says that Send sent a code again that was live already.
	Resent bool
	// Took is how long the call took, without the waiting for Policy.MinSendTime.
	Took time.Duration
}
