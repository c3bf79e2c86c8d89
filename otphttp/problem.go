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

	// Code names the reason for programs.
	Code ProblemCode

	// Detail is for the person. It holds nothing secret.
	Detail string

	// Field is the member of the body that is at fault. Optional.
	Field string

	// CodeStatus is the Status of the code, for whoever has asked for it. Optional. Its RetryAt
	// becomes the header Retry-After.
	CodeStatus *otp.Status

	// Session is State.Session of a Send that was refused, for a client that carries its session.
	Session string

	// Err is the cause, for the program. It is not shown. Optional.
	Err error

	retryAt time.Time // without a CodeStatus, or zero
}

// Error returns the code and the cause, or else the detail.
func (p *Problem) Error() string {
	if p.Err != nil {
		return "otphttp: " + string(p.Code) + ": " + p.Err.Error()
	}
	return "otphttp: " + string(p.Code) + ": " + p.Detail
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// ProblemOf returns the Problem that describes the error: err itself if it is or wraps one, else
// one for the error of package otp that it matches, else one with the code [Unavailable], for a
// failure that is not the client's. It is nil for nil.
//
// It tells why a code was rejected. That is for whoever has asked for the code, as its Binding
// proves; for all others use [WriteProblem].
func ProblemOf(err error) *Problem {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}

	code := Unavailable
	for _, r := range reasons {
		if r.err != nil && errors.Is(err, r.err) {
			code = r.code
			break
		}
	}

	p := problem(code)
	p.Err = err
	rejected, ok := errors.AsType[*otp.RejectedError](err)
	if ok && rejected.Status != (otp.Status{}) {
		p.CodeStatus = &rejected.Status
	}
	return p
}

// WriteProblem answers with the problem document of an error: application/problem+json with title,
// status, detail and code, and with the header Retry-After where it is known when to ask again. The
// text of err is not shown.
//
// A rejected code is told as code_rejected, without the reason, since the answer may go to a
// stranger. To tell the reason to the client that asked for the code, pass [ProblemOf] of the
// error.
func WriteProblem(w http.ResponseWriter, err error) {
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

	d := struct {
		Title   string      `json:"title"`
		Status  int         `json:"status"`
		Code    ProblemCode `json:"code"`
		Detail  string      `json:"detail"`
		Field   string      `json:"field,omitempty"`
		Flow    *otp.Status `json:"flow,omitempty"`
		Session string      `json:"session,omitempty"`
	}{http.StatusText(status), status, p.Code, p.Detail, p.Field, p.CodeStatus, p.Session}
	setRetryAfter(w, status, p.again())

	writeJSON(w, "application/problem+json", status, d)
}

// again is when to ask again, or zero.
func (p *Problem) again() time.Time {
	if p.CodeStatus != nil {
		return p.CodeStatus.RetryAt
	}
	return p.retryAt
}

// setRetryAfter tells when to ask again, where that is what the answer is about.
func setRetryAfter(w http.ResponseWriter, status int, retryAt time.Time) {
	if status == http.StatusTooManyRequests && !retryAt.IsZero() {
		seconds := max(1, int(math.Ceil(time.Until(retryAt).Seconds())))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
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
