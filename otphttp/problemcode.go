package otphttp

import (
	"net/http"

	"github.com/seed-5978b5f1/otp"
)

// ProblemCode names the reason of a refusal for programs, in the member "code" of problem
// documents. It stays the same while texts may change. Config.Accept adds its own.
type ProblemCode string

// The codes for the errors of package otp, each with the HTTP status of its answer.
const (
	CodeMismatch   ProblemCode = "code_mismatch"   // 403: wrong code, an attempt is lost
	CodeExpired    ProblemCode = "code_expired"    // 403: the code has expired
	CodeUsed       ProblemCode = "code_used"       // 403: the code was used before
	CodeExhausted  ProblemCode = "code_exhausted"  // 403: too many wrong codes
	CodeMissing    ProblemCode = "code_missing"    // 403: no code to compare with
	CodeMalformed  ProblemCode = "code_malformed"  // 403: unreadable, costs no attempt
	CodeRejected   ProblemCode = "code_rejected"   // 403: one of these, told to strangers
	Repeated       ProblemCode = "repeated"        // 409: this submission was accepted before
	SendLimited    ProblemCode = "send_limited"    // 429: too many codes were asked for
	Locked         ProblemCode = "locked"          // 429: too many wrong codes in the last days
	Undeliverable  ProblemCode = "undeliverable"   // 422: the address takes no messages
	NotSent        ProblemCode = "not_sent"        // 503: the message was not sent
	DeliveryFailed ProblemCode = "delivery_failed" // 503: the message may not have been sent
	InvalidRequest ProblemCode = "invalid_request" // 400: a member is missing or too long
	Unavailable    ProblemCode = "unavailable"     // 503: a failure that is not the client's
)

// The codes that a [Flow] adds, each with the HTTP status of its answer.
const (
	AddressInvalid       ProblemCode = "address_invalid"        // 400: not an address
	AddressMismatch      ProblemCode = "address_mismatch"       // 409: another one was asked for
	TransactionChanged   ProblemCode = "transaction_changed"    // 409: another one is pending
	ChallengeRequired    ProblemCode = "challenge_required"     // 429: ask again with its answer
	SessionMissing       ProblemCode = "session_missing"        // 403: no cookie, no session
	Unfinished           ProblemCode = "unfinished"             // 503: the code is spent in vain
	TooManyRequests      ProblemCode = "too_many_requests"      // 429: the budget is used up
	CrossOrigin          ProblemCode = "cross_origin"           // 403: from another site
	MethodNotAllowed     ProblemCode = "method_not_allowed"     // 405: another method is needed
	MalformedBody        ProblemCode = "malformed_body"         // 400: no form, no JSON of strings
	UnsupportedMediaType ProblemCode = "unsupported_media_type" // 415: a body of another type
	BodyTooLarge         ProblemCode = "body_too_large"         // 413: more than 16 KiB
)

// A reason is what the answer to one kind of refusal says.
type reason struct {
	code   ProblemCode
	status int
	err    error // of package otp, or nil
	detail string
}

// reasons has a row for each code. The first row whose err matches counts, so the narrower ones
// come first.
var reasons = []reason{
	{CodeMismatch, http.StatusForbidden, otp.ErrMismatch,
		"This is not the code. It has cost an attempt."},
	{CodeExpired, http.StatusForbidden, otp.ErrExpired,
		"The code has expired. Ask for another one."},
	{CodeUsed, http.StatusForbidden, otp.ErrUsed,
		"The code was used before. Ask for another one."},
	{CodeExhausted, http.StatusForbidden, otp.ErrExhausted,
		"There were too many wrong codes. Ask for another one."},
	{CodeMissing, http.StatusForbidden, otp.ErrNoCode,
		"There is no code to compare with. Ask for one."},
	{CodeMalformed, http.StatusForbidden, otp.ErrMalformed,
		"No code looks like this. No attempt was lost."},
	{CodeRejected, http.StatusForbidden, otp.ErrRejected,
		"The code was rejected: it is wrong, used, or no longer valid."},
	{Repeated, http.StatusConflict, otp.ErrRepeated,
		"This was accepted before. See whether it has worked, or ask for another code."},
	{SendLimited, http.StatusTooManyRequests, otp.ErrLimited,
		"Too many codes were asked for. Nothing was sent; a code that you have may still work."},
	{Locked, http.StatusTooManyRequests, otp.ErrLocked,
		"There were too many wrong codes. Nothing was sent."},
	{Undeliverable, http.StatusUnprocessableEntity, otp.ErrUndeliverable,
		"The address does not take messages."},
	{NotSent, http.StatusServiceUnavailable, otp.ErrNotSent,
		"The message was not sent. Try again in a minute."},
	{DeliveryFailed, http.StatusServiceUnavailable, otp.ErrDelivery,
		"The message may not have been sent. Try again in a minute."},
	{InvalidRequest, http.StatusBadRequest, otp.ErrInvalid,
		"The request cannot be used: a member is missing, too long or malformed."},
	{Unavailable, http.StatusServiceUnavailable, nil,
		"This does not work right now. Try again in a minute."},

	{AddressInvalid, http.StatusBadRequest, nil,
		"This is not an address. Enter one such as ada@example.com."},
	{AddressMismatch, http.StatusConflict, nil,
		"You have asked for a code for another address since. No attempt was lost."},
	{TransactionChanged, http.StatusConflict, nil,
		"What is to be confirmed has changed since. Ask for another code. No attempt was lost."},
	{ChallengeRequired, http.StatusTooManyRequests, nil,
		"Too many codes were asked for. Nothing was sent. Solve a challenge to go on."},
	{SessionMissing, http.StatusForbidden, nil, "Enter the code where you asked for it, " +
		"with cookies allowed, or ask for another one."},
	{Unfinished, http.StatusServiceUnavailable, nil,
		"The code was right, but this could not be finished. Ask for another code."},
	{TooManyRequests, http.StatusTooManyRequests, nil,
		"Too many requests come from your network. Try again in a minute."},
	{CrossOrigin, http.StatusForbidden, nil, "The request comes from another site."},
	{MethodNotAllowed, http.StatusMethodNotAllowed, nil, "This method is not allowed."},
	{MalformedBody, http.StatusBadRequest, nil, "The body could not be read."},
	{UnsupportedMediaType, http.StatusUnsupportedMediaType, nil,
		"The Content-Type must be " + jsonType + " or " + formType + "."},
	{BodyTooLarge, http.StatusRequestEntityTooLarge, nil, "The body is too large."},
}

// problem returns the Problem of a code.
func problem(code ProblemCode) *Problem {
	for _, r := range reasons {
		if r.code == code {
			return &Problem{Status: r.status, Code: code, Detail: r.detail}
		}
	}
	panic("otphttp: no reason has the code " + code)
}
