package otphttp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
)

// Every error of package otp has a code of its own, however it is wrapped.
func TestCode(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{otp.ErrMismatch, 403, "code_mismatch"},
		{otp.ErrExpired, 403, "code_expired"},
		{otp.ErrUsed, 403, "code_used"},
		{otp.ErrExhausted, 403, "code_exhausted"},
		{otp.ErrNoCode, 403, "code_missing"},
		{otp.ErrMalformed, 403, "code_malformed"},
		{otp.ErrRejected, 403, "code_rejected"},
		{otp.ErrRepeated, 409, "repeated"},
		{otp.ErrLimited, 429, "send_limited"},
		{otp.ErrLocked, 429, "locked"},
		{otp.ErrUndeliverable, 422, "undeliverable"},
		{otp.ErrNotSent, 503, "not_sent"},
		{otp.ErrDelivery, 503, "delivery_failed"},
		{otp.ErrInvalid, 400, "invalid_request"},
		{errOnFire, 503, "unavailable"},
		{&otphttp.Problem{Code: "password_too_short"}, 0, "password_too_short"},
	} {
		wrapped := fmt.Errorf("more: %w", c.err)

		assert.Equal(t, c.code, otphttp.Code(c.err))
		assert.Equal(t, c.code, otphttp.Code(wrapped))
		assert.Equal(t, c.status, otphttp.ProblemOf(wrapped).Status)
		assert.ErrorIs(t, otphttp.ProblemOf(wrapped), c.err, "the cause is lost")

		assert.False(t, seen[c.code], "%s is there twice", c.code)
		seen[c.code] = true
	}

	assert.Empty(t, otphttp.Code(nil))
}

func TestWriteProblem(t *testing.T) {
	mismatch := &otp.RejectedError{Reason: otp.ErrMismatch, Status: otp.Status{AttemptsLeft: 3}}
	limited := &otphttp.Problem{
		Status: 429, Code: "send_limited",
		Flow: &otp.Status{RetryAt: time.Now().Add(90 * time.Second)},
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
				`"detail":"This does not work right now. ` +
				`Nothing is lost: try again in a minute."}`, ""},
		"to ask again later": {limited, 429, "", "90"},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			otphttp.WriteProblem(w, httptest.NewRequest(http.MethodPost, site, nil), c.err)

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
	require.Equal(t, "code_mismatch", p.Code)
	require.Equal(t, 3, p.Flow.AttemptsLeft)

	own := &otphttp.Problem{Code: "own"}
	require.Same(t, own, otphttp.ProblemOf(errors.Join(errOnFire, own)))
}
