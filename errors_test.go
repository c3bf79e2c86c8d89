package otp_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp"
)

// Every error matches itself and its parents, and no other. Each says something of its own.
func TestErrorsMatch(t *testing.T) {
	parents := map[error][]error{
		otp.ErrInvalid:       nil,
		otp.ErrRepeated:      nil,
		otp.ErrRejected:      nil,
		otp.ErrMismatch:      {otp.ErrRejected},
		otp.ErrExpired:       {otp.ErrRejected},
		otp.ErrUsed:          {otp.ErrRejected},
		otp.ErrExhausted:     {otp.ErrRejected},
		otp.ErrNoCode:        {otp.ErrRejected},
		otp.ErrMalformed:     {otp.ErrRejected},
		otp.ErrLimited:       nil,
		otp.ErrLocked:        nil,
		otp.ErrDelivery:      nil,
		otp.ErrNotSent:       {otp.ErrDelivery},
		otp.ErrUndeliverable: {otp.ErrDelivery, otp.ErrNotSent},
	}

	texts := map[string]bool{}
	for err, above := range parents {
		for target := range parents {
			want := target == err || slices.Contains(above, target)
			assert.Equal(t, want, errors.Is(err, target), "errors.Is(%q, %q)", err, target)
		}

		assert.False(t, texts[err.Error()], err)
		texts[err.Error()] = true

		rejected := fmt.Errorf("wrapped: %w", &otp.RejectedError{Reason: err})
		assert.ErrorIs(t, rejected, err)
		assert.EqualError(t, errors.Unwrap(rejected), err.Error())
	}
}

// isAny reports whether err matches one of the targets.
func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}

	return false
}

// errUsedOrRepeated is the answer to a code that was used with this key.
func errUsedOrRepeated(idempotencyKey string) error {
	if idempotencyKey == "" {
		return otp.ErrUsed
	}

	return otp.ErrRepeated
}
