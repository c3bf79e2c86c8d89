package otphttp

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// A Problem says why a request is refused (RFC 9457). It is an error: Config.Accept returns one to
// refuse what the person has chosen, a password for example, before the code is spent.
type Problem struct {
	// Status is the HTTP status. Default 422 (Unprocessable Content).
	Status int

	// Code names the reason for programs. It stays the same while the text may change. The codes of
	// this package are listed at the function [Code].
	Code string

	// Detail is for the person. It holds nothing secret.
	Detail string

	// Field is the member of the body that is at fault. Optional.
	Field string

	// Flow is the Status of the code, for whoever has asked for it. Optional. Its RetryAt becomes
	// the header Retry-After.
	Flow *otp.Status

	// Err is the cause, for the program. It is not shown. Optional.
	Err error
}

// Error returns the code and the cause, or else the detail.
func (p *Problem) Error() string {
	if p.Err != nil {
		return "otphttp: " + p.Code + ": " + p.Err.Error()
	}
	return "otphttp: " + p.Code + ": " + p.Detail
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// reasons are the problems for the errors of package otp. The first that matches counts, so the
// narrower ones come first.
var reasons = []struct {
	err     error
	problem Problem
}{
	{otp.ErrMismatch, Problem{Status: http.StatusForbidden, Code: "code_mismatch",
		Detail: "This is not the code. It has cost an attempt."}},
	{otp.ErrExpired, Problem{Status: http.StatusForbidden, Code: "code_expired",
		Detail: "The code has expired. Ask for another one."}},
	{otp.ErrUsed, Problem{Status: http.StatusForbidden, Code: "code_used",
		Detail: "The code was used before. Ask for another one."}},
	{otp.ErrExhausted, Problem{Status: http.StatusForbidden, Code: "code_exhausted",
		Detail: "There were too many wrong codes. Ask for another one."}},
	{otp.ErrNoCode, Problem{Status: http.StatusForbidden, Code: "code_missing",
		Detail: "There is no code to compare with. Ask for one."}},
	{otp.ErrMalformed, Problem{Status: http.StatusForbidden, Code: "code_malformed",
		Detail: "No code looks like this. No attempt was lost."}},
	{otp.ErrRejected, Problem{Status: http.StatusForbidden, Code: "code_rejected",
		Detail: "The code was rejected: it is wrong, used, or no longer valid."}},
	{otp.ErrRepeated, Problem{Status: http.StatusConflict, Code: "repeated",
		Detail: "This was done before."}},
	{otp.ErrLimited, Problem{Status: http.StatusTooManyRequests, Code: "send_limited",
		Detail: "Too many codes were asked for. Nothing was sent; " +
			"a code that you have may still work."}},
	{otp.ErrLocked, Problem{Status: http.StatusTooManyRequests, Code: "locked",
		Detail: "There were too many wrong codes. Nothing was sent."}},
	{otp.ErrUndeliverable, Problem{Status: http.StatusUnprocessableEntity, Code: "undeliverable",
		Detail: "The address does not take messages."}},
	{otp.ErrNotSent, Problem{Status: http.StatusServiceUnavailable, Code: "not_sent",
		Detail: "The message was not sent. Try again in a minute."}},
	{otp.ErrDelivery, Problem{Status: http.StatusServiceUnavailable, Code: "delivery_failed",
		Detail: "The message may not have been sent. Try again in a minute."}},
	{otp.ErrInvalid, Problem{Status: http.StatusBadRequest, Code: "invalid_request",
		Detail: "The request cannot be used: a member is missing, too long or malformed."}},
}

// ProblemOf returns the Problem that describes the error: err itself if it is or wraps one, else
// one for the error of package otp that it matches, else one with the code unavailable (503), for a
// failure that is not the client's.
//
// It tells why a code was rejected. That is for whoever has asked for the code, as its Binding
// proves; for all others use [WriteProblem].
func ProblemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}

	p := Problem{Status: http.StatusServiceUnavailable, Code: "unavailable",
		Detail: "This does not work right now. Nothing is lost: try again in a minute."}
	for _, reason := range reasons {
		if errors.Is(err, reason.err) {
			p = reason.problem

			break
		}
	}

	p.Err = err
	if rejected, ok := errors.AsType[*otp.RejectedError](err); ok {
		p.Flow = &rejected.Status
	}
	return &p
}

// Code returns the stable, machine-readable code of an error, as it stands in the member "code" of
// problem documents. It is empty for nil.
//
// For the errors of package otp:
//
//	code_mismatch        wrong code, an attempt is lost (403)
//	code_expired         the code has expired (403)
//	code_used            the code was used before (403)
//	code_exhausted       too many wrong codes (403)
//	code_missing         no code to compare with (403)
//	code_malformed       no code looks like this, no attempt is lost (403)
//	code_rejected        one of these, for clients that may not know which (403)
//	repeated             this submission was accepted before (409; a Flow answers it as done)
//	send_limited         too many codes were asked for (429)
//	locked               too many wrong codes in the last days (429)
//	undeliverable        the address takes no messages (422; a Flow answers it as sent)
//	not_sent             the message was not sent (503; a Flow answers it as sent)
//	delivery_failed      the message may not have been sent (503; a Flow answers it as sent)
//	invalid_request      a member is missing, too long or malformed (400)
//	unavailable          a failure that is not the client's (503)
//
// A Flow has these as well:
//
//	address_invalid      not an address (400)
//	address_mismatch     the browser has asked for a code for another address since (409)
//	challenge_required   ask again with the answer of a challenge (429)
//	session_missing      no cookie and no session of a flow (403)
//	unfinished           the code was right and is spent, but it is not done (503)
//	too_many_requests    the client's budget is used up (429)
//	cross_origin         the request comes from another site (403)
//	method_not_allowed   another method is needed (405)
//	malformed_body       the body is not one form or one JSON object of strings (400)
//	unsupported_media_type  the body is of another type (415)
//	body_too_large       the body has more than 16 KiB (413)
//
// Config.Accept adds its own.
func Code(err error) string {
	if err == nil {
		return ""
	}
	return ProblemOf(err).Code
}

// WriteProblem answers with the problem document of an error: application/problem+json with title,
// status, detail and code, and with the header Retry-After where it is known when to ask again. The
// text of err is not shown.
//
// A rejected code is told as code_rejected, without the reason, since the answer may go to a
// stranger. To tell the reason to the client that asked for the code, pass [ProblemOf] of the
// error.
func WriteProblem(w http.ResponseWriter, _ *http.Request, err error) {
	p, isProblem := errors.AsType[*Problem](err)
	if !isProblem {
		p = ProblemOf(withoutReason(err))
	}

	p.write(w)
}

// withoutReason returns otp.ErrRejected for all rejections.
func withoutReason(err error) error {
	if errors.Is(err, otp.ErrRejected) {
		return otp.ErrRejected
	}
	return err
}

func (p *Problem) write(w http.ResponseWriter) {
	status := p.Status
	if status == 0 {
		status = http.StatusUnprocessableEntity
	}

	type document struct {
		Title  string     `json:"title"`
		Status int        `json:"status"`
		Code   string     `json:"code"`
		Detail string     `json:"detail"`
		Field  string     `json:"field,omitempty"`
		Flow   *flowState `json:"flow,omitempty"`
	}

	d := document{http.StatusText(status), status, p.Code, p.Detail, p.Field, nil}
	if p.Flow != nil {
		d.Flow = newFlowState(State{Status: *p.Flow})
		setRetryAfter(w, status, p.Flow.RetryAt)
	}

	writeJSON(w, "application/problem+json", status, d)
}

// setRetryAfter tells when to ask again, where that is what the answer is about.
func setRetryAfter(w http.ResponseWriter, status int, retryAt time.Time) {
	if status == http.StatusTooManyRequests && !retryAt.IsZero() {
		seconds := max(1, int(math.Ceil(time.Until(retryAt).Seconds())))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
}

// flowState is a State in JSON.
type flowState struct {
	Live         bool      `json:"live"`
	Locked       bool      `json:"locked"`
	AttemptsLeft int       `json:"attempts_left"`
	CodeLength   int       `json:"code_length"`
	ExpiresAt    time.Time `json:"expires_at,omitzero"`
	RetryAt      time.Time `json:"retry_at,omitzero"`
	Session      string    `json:"session,omitempty"`
}

func newFlowState(s State) *flowState {
	return &flowState{
		Live:         s.Status.Live,
		Locked:       s.Status.Locked,
		AttemptsLeft: s.Status.AttemptsLeft,
		CodeLength:   s.Status.CodeLength,
		ExpiresAt:    s.Status.ExpiresAt,
		RetryAt:      s.Status.RetryAt,
		Session:      s.Session,
	}
}

// writeJSON answers with v. It fails only if the client is gone.
func writeJSON(w http.ResponseWriter, contentType string, status int, v any) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)

	json.NewEncoder(w).Encode(v)
}
