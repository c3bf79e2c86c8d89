package otelmetrics

import (
	"errors"
	"fmt"
	"testing"

	"github.com/seed-5978b5f1/otp"
)

// Kinds that match each other are told apart by their order.
func TestResult(t *testing.T) {
	for err, want := range map[error]string{
		nil:                  "ok",
		otp.ErrDelivery:      "delivery_unknown",
		otp.ErrNotSent:       "not_sent",
		otp.ErrUndeliverable: "undeliverable",
		otp.ErrLocked:        "locked",
		&otp.RejectedError{Reason: otp.ErrExhausted}: "exhausted",
		errors.New("store: connection refused"):      "error",
	} {
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		if got := result(otp.Event{Err: err}); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}
