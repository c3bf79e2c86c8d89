package otp

import "time"

// Op names a method of a [Service].
type Op string

// The operations that events tell of.
const (
	OpSend      Op = "send"
	OpVerify    Op = "verify"
	OpCheck     Op = "check"
	OpSpend     Op = "spend"
	OpStatus    Op = "status"
	OpRevoke    Op = "revoke"
	OpRevokeAll Op = "revoke-all"
	OpUnlock    Op = "unlock"
)

// Event tells what one call of a Service did. It holds neither codes nor addresses and can be
// logged as it is. Config.Observe gets one for every call, also for those that failed.
type Event struct {
	// Op is the method that was called.
	Op Op

	// Purpose is Config.Purpose.
	Purpose string

	// Pseudonym stands for the address. Service.Pseudonym returns the same for the same address. It
	// is empty if the address was invalid, and for Spend, which has none.
	Pseudonym string

	// MessageID is Message.ID of the message that the Sender was given. It is empty if the Sender
	// was given none.
	MessageID string

	// Err is what the call returned, nil for success. Its text is safe to log. What Err wraps may
	// come from a Sender.
	Err error

	// Trust is that of the Request or Submission.
	Trust Trust

	// Decoy is Request.Decoy.
	Decoy bool

	// Resent reports that the code of a Send was live already.
	Resent bool

	// Duration is how long the call took, without the waiting for Policy.MinSendTime.
	Duration time.Duration
}
