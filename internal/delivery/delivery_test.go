package delivery_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery"
)

// A valueError shows under %#v also where it is wrapped.
type valueError struct{ text string }

func (e valueError) Error() string { return e.text }

func TestShapeOfErrors(t *testing.T) {
	cause := valueError{"about ada@example.com"}
	for want, test := range map[string]struct {
		err                  error
		notSent, undelivered bool
	}{
		"acme: not sent: full": {delivery.NotSent("acme", "full", cause), true, false},
		"acme: not sent: gone": {delivery.Undeliverable("acme", "gone", cause), true, true},
		"acme: late: may have been sent": {
			err: delivery.Open("acme", "late", cause),
		},
	} {
		require.EqualError(t, test.err, want)
		require.Equal(t, test.notSent, errors.Is(test.err, otp.ErrNotSent), want)
		require.Equal(t, test.undelivered, errors.Is(test.err, otp.ErrUndeliverable), want)
		require.ErrorIs(t, test.err, cause)

		// Rule 13.
		wrapped := errors.Unwrap(test.err)
		printed := fmt.Sprintf("%v %+v %#v %#v", test.err, test.err, test.err, wrapped)
		require.NotContains(t, printed, "ada@")
	}
	require.EqualError(t, delivery.NotSent("acme", "full", nil), "acme: not sent: full")
}
