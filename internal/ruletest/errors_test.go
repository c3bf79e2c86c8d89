package ruletest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
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

// Rule 11: what a Store or a Sender returns never passes for an outcome of this package, whatever
// it wraps. What else it wraps is still found.
func TestForeignErrors(t *testing.T) {
	cause := errors.New("a cause")
	outcomes := []error{
		otp.ErrInvalid, otp.ErrRejected, otp.ErrMismatch, otp.ErrRepeated,
		otp.ErrLimited, otp.ErrLocked,
	}

	for _, outcome := range outcomes {
		failure := fmt.Errorf("%w: %w", &otp.RejectedError{Reason: outcome}, cause)
		s, in := otptest.New(t, otp.Config{})
		in.Fail(failure)
		_, err := s.Send(t.Context(), otp.Request{To: ada})
		require.ErrorIs(t, err, otp.ErrDelivery)
		require.ErrorIs(t, err, cause)
		require.NotErrorIs(t, err, outcome)
		require.NotErrorIs(t, err, errors.New("another cause"))

		s, _ = otptest.New(t, otp.Config{Store: &otptest.FaultyStore{
			Store: newTable(),
			Fault: func(otptest.StoreCall) otptest.StoreFault {
				return otptest.StoreFault{Before: failure}
			},
		}})
		err = submit(t, s, "123456")
		require.ErrorIs(t, err, cause)
		require.NotErrorIs(t, err, outcome)
		require.NotErrorIs(t, err, otp.ErrRejected)
		_, rejected := errors.AsType[*otp.RejectedError](err)
		require.False(t, rejected)
	}
}

// The errors of a Sender name their class, keep their cause, and never match more than that.
func TestDeliveryErrorsOfSenders(t *testing.T) {
	refused := fmt.Errorf("acme: %w", otp.NotSent(io.ErrUnexpectedEOF))
	require.EqualError(t, refused, "acme: not sent: unexpected EOF")
	require.ErrorIs(t, refused, otp.ErrNotSent)
	require.ErrorIs(t, refused, otp.ErrDelivery)
	require.ErrorIs(t, refused, io.ErrUnexpectedEOF)
	require.NotErrorIs(t, refused, otp.ErrUndeliverable)

	nobody := otp.Undeliverable(io.EOF)
	require.EqualError(t, nobody, "not sent: EOF")
	require.ErrorIs(t, nobody, otp.ErrUndeliverable)
	require.ErrorIs(t, nobody, otp.ErrNotSent)
	require.ErrorIs(t, nobody, io.EOF)

	require.EqualError(t, otp.NotSent(nil), "not sent")
	require.ErrorIs(t, otp.NotSent(nil), otp.ErrNotSent)
}
