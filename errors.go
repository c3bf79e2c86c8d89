package otp

// A kind is an error that errors.Is finds under its own name and under that of its parent.
type kind struct {
	text   string
	parent error
}

func (k *kind) Error() string { return k.text }
func (k *kind) Unwrap() error { return k.parent }

// ErrRejected is matched by every reason for which [Service.Verify] refuses a submission. A handler that answers
// strangers tells them no more than this. An error that does not match it says that the submission could not be
// judged (the store failed, say): the code is neither right nor wrong, and the person may try again.
var ErrRejected error = &kind{text: "otp: code rejected"}

// The reasons for a rejection. Each matches [ErrRejected]; Verify returns them inside a [*RejectedError].
var (
	// ErrMismatch: the code differs from every live one. It has cost an attempt.
	ErrMismatch error = &kind{"otp: code rejected: it is not the one that was sent", ErrRejected}
	// ErrExpired: the lifetime of the code has ended. Ask for a new one.
	ErrExpired error = &kind{"otp: code rejected: it has expired", ErrRejected}
	// ErrUsed: the code was accepted before. After a double click this is the answer to the second one.
	ErrUsed error = &kind{"otp: code rejected: it was used before", ErrRejected}
	// ErrExhausted: the code has had all its wrong submissions (Policy.MaxAttempts). Ask for a new one.
	ErrExhausted error = &kind{"otp: code rejected: too many wrong submissions", ErrRejected}
	// ErrNoCode: there is no code for this purpose, address and Bind.
	ErrNoCode error = &kind{"otp: code rejected: there is none to compare with", ErrRejected}
	// ErrMalformed: no code can look like this. It has cost no attempt.
	ErrMalformed error = &kind{"otp: code rejected: malformed submission", ErrRejected}
)

// What [Service.Send] refuses; Status.RetryAt says from when on it would not.
var (
	// ErrLimited: Policy.SendLimits are used up, or Policy.LiveCodes codes are live already.
	ErrLimited error = &kind{text: "otp: too many codes were asked for; Status.RetryAt says when to ask again"}
	// ErrLocked: one more code could take the consecutive failures past Policy.MaxFailures. Codes that are live stay
	// usable. Service.Unlock ends it, as does time: Policy.RememberFailures after the last failure.
	ErrLocked error = &kind{text: "otp: too many consecutive failures; no new code until Unlock or Status.RetryAt"}
)

// How a delivery failed. Send wraps every error of the [Sender] in ErrDelivery; the Sender tells the other two apart.
// A handler that answers strangers treats all of them as success: a decoy never fails.
var (
	// ErrDelivery: the Sender failed, and the message may have been sent or not. The code is valid all the same, and
	// asking again sends the same one.
	ErrDelivery error = &kind{text: "otp: the message could not be delivered"}
	// ErrNotSent is for Senders to wrap: certainly nothing was sent. It matches ErrDelivery.
	ErrNotSent error = &kind{"otp: the message was not sent", ErrDelivery}
	// ErrUndeliverable is for Senders to wrap: certainly nothing was sent, and nothing can be, because the address is
	// at fault. It matches ErrNotSent.
	ErrUndeliverable error = &kind{"otp: the address does not take messages", ErrNotSent}
)

// RejectedError is the error of [Service.Verify] for a submission that was judged and refused. It is for the
// application's own use: to strangers, say only that the code was rejected.
type RejectedError struct {
	// Reason is one of ErrMismatch, ErrExpired, ErrUsed, ErrExhausted, ErrNoCode and ErrMalformed.
	Reason error
	// Status is what Service.Status would return now; the zero Status if the submission was refused unread.
	Status Status
}

// Error returns the text of the reason.
func (e *RejectedError) Error() string { return e.Reason.Error() }

// Unwrap returns the reason, so that errors.Is finds it and ErrRejected.
func (e *RejectedError) Unwrap() error { return e.Reason }

// A deliveryError wraps what a Sender returned without repeating its text, which may hold an address or worse.
type deliveryError struct {
	sender error
	mark   error // what kept the failed send from being marked as failed, if anything did
}

func (e *deliveryError) Error() string {
	text := ErrDelivery.Error() + "; the code stays valid, and asking again sends the same one"
	if e.mark != nil {
		text += "; the send still counts in full: " + e.mark.Error()
	}
	return text
}

// GoString keeps %#v from walking into the sender's error.
func (e *deliveryError) GoString() string { return "otp.deliveryError" }

func (e *deliveryError) Unwrap() []error {
	if e.mark != nil {
		return []error{ErrDelivery, e.sender, e.mark}
	}
	return []error{ErrDelivery, e.sender}
}
