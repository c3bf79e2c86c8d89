package otp

import (
	"context"
	"time"
)

// Op names what an [Event] tells of, a method of a [Service] as a rule.
type Op string

// The operations that events tell of.
const (
	OpSend       Op = "send"
	OpVerify     Op = "verify"
	OpCheck      Op = "check"
	OpSpend      Op = "spend"
	OpCheckSpend Op = "check-spend"
	OpStatus     Op = "status"
	OpRevoke     Op = "revoke"
	OpRevokeAll  Op = "revoke-all"
	OpUnlock     Op = "unlock"

	// OpProof is no method of a Service: package otphttp has judged the proof of an address by the
	// browser. Err is then an *evp.Error, or ErrMismatch for the proof of another address.
	OpProof Op = "proof"
)

// Event tells what one call of a Service did. It holds neither codes nor addresses and can be
// logged as it is. Config.Observe gets one for every call, also for those that failed.
type Event struct {
	// Op is the method that was called, or OpProof.
	Op Op

	// Purpose is Config.Purpose.
	Purpose string

	// Pseudonym stands for the address. Service.Pseudonym returns the same for the same address. It
	// is empty if the address was invalid, and for Spend and CheckSpend, which have none.
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

// Report calls Config.Observe with an event of what is not done by a Service, but belongs to it:
// package otphttp reports OpProof. Purpose is filled in.
func (s *Service) Report(ctx context.Context, e Event) {
	if s.observe == nil {
		return
	}

	e.Purpose = s.purpose
	s.observe(ctx, e)
}
