package otphttp_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
)

// Every error of package otp has a code of its own, however it is wrapped.
func TestProblemOf(t *testing.T) {
	seen := map[otphttp.ProblemCode]bool{}
	for _, c := range []struct {
		err    error
		status int
		code   otphttp.ProblemCode
	}{
		{otp.ErrMismatch, 403, otphttp.CodeMismatch},
		{otp.ErrExpired, 403, otphttp.CodeExpired},
		{otp.ErrUsed, 403, otphttp.CodeUsed},
		{otp.ErrExhausted, 403, otphttp.CodeExhausted},
		{otp.ErrNoCode, 403, otphttp.CodeMissing},
		{otp.ErrMalformed, 403, otphttp.CodeMalformed},
		{otp.ErrRejected, 403, otphttp.CodeRejected},
		{otp.ErrRepeated, 409, otphttp.Repeated},
		{otp.ErrLimited, 429, otphttp.SendLimited},
		{otp.ErrLocked, 429, otphttp.Locked},
		{otp.ErrUndeliverable, 422, otphttp.Undeliverable},
		{otp.ErrNotSent, 503, otphttp.NotSent},
		{otp.ErrDelivery, 503, otphttp.DeliveryFailed},
		{otp.ErrInvalid, 400, otphttp.InvalidRequest},
		{errOnFire, 503, otphttp.Unavailable},
		{&otphttp.Problem{Code: "password_too_short"}, 0, "password_too_short"},
	} {
		p := otphttp.ProblemOf(fmt.Errorf("more: %w", c.err))
		assert.Equal(t, c.code, p.Code)
		assert.Equal(t, c.status, p.Status)
		assert.ErrorIs(t, p, c.err, "the cause is lost")

		assert.False(t, seen[c.code], "%s is there twice", c.code)
		seen[c.code] = true
	}

	assert.Nil(t, otphttp.ProblemOf(nil))
}

func TestWriteProblem(t *testing.T) {
	mismatch := &otp.RejectedError{Reason: otp.ErrMismatch, Status: otp.Status{AttemptsLeft: 3}}
	limited := &otphttp.Problem{
		Status: 429, Code: "send_limited",
		CodeStatus: &otp.Status{RetryAt: time.Now().Add(90 * time.Second)},
	}

	for name, c := range map[string]struct {
		err    error
		status int
		body   string
		header string // Retry-After
	}{
		"to strangers": {mismatch, 403,
			`{"title":"Forbidden","status":403,"code":"code_rejected",` +
				`"detail":"The code was rejected: it is wrong, used, or no longer valid."}`, ""},
		"of the application": {
			&otphttp.Problem{Code: "short", Detail: "Longer.", Field: "word"}, 422,
			`{"title":"Unprocessable Entity","status":422,"code":"short","detail":"Longer.",` +
				`"field":"word"}`, ""},
		"of the service": {fmt.Errorf("%w: ada@example.com", errOnFire), 503,
			`{"title":"Service Unavailable","status":503,"code":"unavailable",` +
				`"detail":"This does not work right now. Try again in a minute."}`, ""},
		"to ask again later": {limited, 429, "", "90"},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			otphttp.WriteProblem(w, c.err)

			assert.Equal(t, c.status, w.Code)
			assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			assert.Equal(t, c.header, w.Header().Get("Retry-After"))
			if c.body != "" {
				assert.JSONEq(t, c.body, w.Body.String())
			}
		})
	}
}

// The reason is for whoever has asked for the code, together with what is left.
func TestProblemOfTellsTheReason(t *testing.T) {
	err := fmt.Errorf("otp: %w",
		&otp.RejectedError{Reason: otp.ErrMismatch, Status: otp.Status{AttemptsLeft: 3}})

	p := otphttp.ProblemOf(err)
	require.Equal(t, otphttp.CodeMismatch, p.Code)
	require.Equal(t, 3, p.CodeStatus.AttemptsLeft)

	own := &otphttp.Problem{Code: "own"}
	require.Same(t, own, otphttp.ProblemOf(errors.Join(errOnFire, own)))
}
