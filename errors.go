package otp

import "errors"

// A sentinel is an error with a parent: errors.Is matches both.
type sentinel struct {
	text   string
	parent error
}

func (s *sentinel) Error() string { return s.text }
func (s *sentinel) Unwrap() error { return s.parent }

// ErrInvalid is matched by the errors of all methods for a request that cannot be used: the
// address, Binding, Trust, IdempotencyKey, id or time is missing, too long or malformed. Nothing
// was read, written or sent. A handler answers it like any other bad form, HTTP status 400 say.
var ErrInvalid error = &sentinel{text: "otp: invalid request"}

// What makes a request invalid. No text repeats the input.
var (
	errNoAddress          = invalid("the address (To) is empty")
	errLongAddress        = invalid("the address (To) has more than 1024 bytes")
	errControlAddress     = invalid("the address (To) has control characters")
	errNoBinding          = invalid("the Binding is empty, and Policy.RequireBinding is set")
	errTransactionUnbound = invalid("the Binding is empty: ConfirmTransaction needs one")
	errTrustUnbound       = invalid("the Binding is empty: a Trust above Stranger needs one")
	errLongBinding        = invalid("the Binding has more than 1024 bytes")
	errUnknownTrust       = invalid("the Trust must be Stranger, Challenged or Known")
	errLongKey            = invalid("the IdempotencyKey has more than 128 bytes")
	errSpendID            = invalid("the id to spend must have 1 to 1024 bytes")
	errSpendKey           = invalid("the key of Spend has more than 1024 bytes")
	errSpendUntil         = invalid("until must be a minute to 30 days ahead")
)

func invalid(text string) error { return &sentinel{"invalid request: " + text, ErrInvalid} }

// ErrRejected is matched by every reason for which [Service.Verify] refuses a submission. A handler
// that answers strangers tells them no more than this.
//
// Apart from [ErrRepeated] and [ErrInvalid], an error that does not match ErrRejected says that the
// submission was not judged: the store failed, for example. The code is then neither right nor
// wrong, and the person may try again.
var ErrRejected error = &sentinel{text: "otp: code rejected"}

// The reasons for a rejection. Each matches [ErrRejected]. Verify returns them inside a
// [*RejectedError].
var (
	// ErrMismatch: the code differs from every code it was compared with. It has cost an attempt.
	ErrMismatch error = &sentinel{
		"otp: code rejected: it is not the one that was sent", ErrRejected,
	}

	// ErrExpired: the lifetime of the code has ended. Ask for a new one.
	ErrExpired error = &sentinel{"otp: code rejected: it has expired", ErrRejected}

	// ErrUsed: this very code was accepted before, by a submission with another IdempotencyKey.
	ErrUsed error = &sentinel{"otp: code rejected: it was used before", ErrRejected}

	// ErrExhausted: the code has had all its wrong submissions (Policy.MaxAttempts). Ask for a new
	// one.
	ErrExhausted error = &sentinel{"otp: code rejected: too many wrong submissions", ErrRejected}

	// ErrNoCode: there is no code for this purpose, address, Trust and Binding.
	ErrNoCode error = &sentinel{"otp: code rejected: there is none to compare with", ErrRejected}

	// ErrMalformed: no code that could be accepted looks like this. It has cost no attempt.
	ErrMalformed error = &sentinel{"otp: code rejected: malformed submission", ErrRejected}
)

// ErrRepeated says that this submission was accepted before. The code and the IdempotencyKey are
// those of the submission for which [Service.Verify] returned nil: a double click, or a retry after
// an answer that was lost.
//
// It says that the submission was accepted, not that what it allows was done: that may have failed,
// or still be under way. Do it again where doing it twice does no harm. Otherwise look whether it
// was done before saying so.
//
// ErrRepeated matches neither nil nor [ErrRejected].
var ErrRepeated error = &sentinel{text: "otp: this submission was accepted before"}

// The refusals of [Service.Send]. Status.RetryAt tells when Send would no longer refuse.
var (
	// ErrLimited: Policy.SendLimits are used up, or it is ErrLiveCodes.
	ErrLimited error = &sentinel{
		text: "otp: too many codes were asked for; Status.RetryAt says when to ask again"}

	// ErrLiveCodes: Policy.MaxLiveCodes codes of other Bindings are live, and nothing else stands
	// in the way. Revoke the Binding that the new one replaces, or wait. It matches ErrLimited.
	ErrLiveCodes error = &sentinel{"otp: too many codes are live; " +
		"revoke a Binding that is no longer needed, or ask again at Status.RetryAt", ErrLimited}

	// ErrLocked: one more code could take the failures past Policy.MaxFailures, and the policy
	// locks (Policy.Lock) instead of sending longer codes. Live codes stay usable. The lock ends by
	// Service.Unlock, or when the failures no longer count (Policy.FailureWindow).
	ErrLocked error = &sentinel{
		text: "otp: too many failures; no new code until Unlock or Status.RetryAt"}
)

// How a delivery failed. Send wraps every error of the [Sender] in ErrDelivery. The Sender tells
// the other two apart. A handler that answers strangers treats all three as success: a decoy never
// fails, so an error would tell that the account exists.
var (
	// ErrDelivery: the Sender failed. The message may have been sent or not. The code is valid all
	// the same, and asking again sends the same one. errors.As finds the Message.ID in it, by an
	// interface with the method MessageID() string.
	ErrDelivery error = &sentinel{text: "otp: the message could not be delivered"}

	// ErrNotSent: certainly nothing was sent. See NotSent. It matches ErrDelivery.
	ErrNotSent error = &sentinel{"otp: the message was not sent", ErrDelivery}

	// ErrUndeliverable: certainly nothing was sent, and nothing can be, because the address is at
	// fault. See Undeliverable. It matches ErrNotSent.
	ErrUndeliverable error = &sentinel{"otp: the address does not take messages", ErrNotSent}
)

// NotSent returns the error of a [Sender] that has certainly sent nothing, because of cause. It
// matches [ErrNotSent] and cause, and reads "not sent: CAUSE". Put the name of the Sender in front:
//
//	err = fmt.Errorf("acme: %w", otp.NotSent(err))
func NotSent(cause error) error { return &deliveryFailure{ErrNotSent, cause} }

// Undeliverable returns the error of a [Sender] that has certainly sent nothing, because the
// address is at fault. It matches [ErrUndeliverable] and cause, and reads like that of [NotSent].
func Undeliverable(cause error) error { return &deliveryFailure{ErrUndeliverable, cause} }

// A deliveryFailure is an error of a Sender that knows that nothing was sent.
type deliveryFailure struct{ class, cause error }

func (e *deliveryFailure) Error() string {
	if e.cause == nil {
		return "not sent"
	}
	return "not sent: " + e.cause.Error()
}

// GoString keeps %#v from walking into the cause, whose fields may hold an address.
func (e *deliveryFailure) GoString() string { return "otp.deliveryFailure" }

// Unwrap returns the class and the cause.
func (e *deliveryFailure) Unwrap() []error {
	if e.cause == nil {
		return []error{e.class}
	}
	return []error{e.class, e.cause}
}

// errVoided is the outcome of a Send whose code was used, voided or exhausted, or has expired,
// before it could be delivered.
var errVoided error = &sentinel{
	"otp: the message was not sent: its code is no longer alive; ask again", ErrNotSent}

var (
	errContended = errors.New(
		"the record was changed by others at each of 64 tries; try again")

	errNoSender = errors.New("this Service sends nothing: its Sender is otp.NoSender")

	errUnknownKey = errors.New(
		"the code was issued under a key that is not in Config.CodeKeys of this instance: " +
			"deploy a new key at the end of CodeKeys everywhere before it goes to the front")
)

// RejectedError is the error of [Service.Verify] for a submission that was judged and refused. It
// is for the application's own use: tell strangers only that the code was rejected.
type RejectedError struct {
	// Reason is one of ErrMismatch, ErrExpired, ErrUsed, ErrExhausted, ErrNoCode and ErrMalformed.
	Reason error

	// Status is what Service.Status would return now. It is zero if the submission was refused
	// without a look at the record.
	Status Status
}

// Error returns the text of the reason.
func (e *RejectedError) Error() string { return e.Reason.Error() }

// Unwrap returns the reason, so that errors.Is matches it and ErrRejected.
func (e *RejectedError) Unwrap() error { return e.Reason }

// A foreignError is an error of a Store, a Sender or Config.Normalize. errors.Is finds what the
// cause wraps, except the errors of this package: of those, only allowed and its children match.
// Rule 11: a store error is never "wrong code". Likewise, a Sender cannot pretend that nothing was
// recorded.
type foreignError struct {
	cause   error
	allowed error // ErrDelivery, ErrInvalid or nil
	text    string
}

func (e *foreignError) Error() string { return e.text }

// GoString keeps %#v from printing the cause, whose text may hold an address.
func (e *foreignError) GoString() string { return "otp.foreignError" }

// Is matches allowed, its children and what the cause matches.
func (e *foreignError) Is(target error) bool {
	if own, ok := target.(*sentinel); ok && (e.allowed == nil || !errors.Is(own, e.allowed)) {
		return false
	}
	return target == e.allowed || errors.Is(e.cause, target)
}

// As finds what the cause finds, but no rejection.
func (e *foreignError) As(target any) bool {
	if _, ok := target.(**RejectedError); ok {
		return false
	}
	return errors.As(e.cause, target)
}

func storeError(cause error) error {
	return &foreignError{cause: cause, text: "store: " + cause.Error()}
}

// A deliveryFailed is the error of a Sender for one message.
type deliveryFailed struct {
	foreignError
	id string
}

// MessageID returns Message.ID, which the Sender was given.
func (e *deliveryFailed) MessageID() string { return e.id }

// Rule 13: the text of the Sender's error may hold an address, so it is not repeated.
func deliveryError(cause error, id string) error {
	const text = "otp: the message could not be delivered; " +
		"the code stays valid, and asking again sends the same one"
	return &deliveryFailed{foreignError{cause, ErrDelivery, text}, id}
}

func normalizeError(cause error) error {
	const text = "invalid request: Config.Normalize refused the address (To)"
	return &foreignError{cause, ErrInvalid, text}
}
