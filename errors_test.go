package otp_test

import (
	"errors"
	"testing"

	"github.com/seed-5978b5f1/otp"
)

// Which error matches which: every row matches the columns named and no other.
func TestErrorsMatch(t *testing.T) {
	all := []error{
		otp.ErrRejected, otp.ErrMismatch, otp.ErrExpired, otp.ErrUsed, otp.ErrExhausted, otp.ErrNoCode, otp.ErrMalformed,
		otp.ErrLimited, otp.ErrLocked, otp.ErrDelivery, otp.ErrNotSent, otp.ErrUndeliverable,
	}
	parents := map[error][]error{
		otp.ErrMismatch: {otp.ErrRejected}, otp.ErrExpired: {otp.ErrRejected}, otp.ErrUsed: {otp.ErrRejected},
		otp.ErrExhausted: {otp.ErrRejected}, otp.ErrNoCode: {otp.ErrRejected}, otp.ErrMalformed: {otp.ErrRejected},
		otp.ErrNotSent: {otp.ErrDelivery}, otp.ErrUndeliverable: {otp.ErrDelivery, otp.ErrNotSent},
	}
	texts := map[string]bool{}
	for _, err := range all {
		wanted := map[error]bool{err: true}
		for _, parent := range parents[err] {
			wanted[parent] = true
		}
		for _, target := range all {
			if got := errors.Is(err, target); got != wanted[target] {
				t.Errorf("errors.Is(%q, %q) is %v", err, target, got)
			}
		}
		if texts[err.Error()] {
			t.Errorf("two errors say %q", err)
		}
		texts[err.Error()] = true
		if parents[err] != nil && parents[err][0] == otp.ErrRejected {
			rejected := &otp.RejectedError{Reason: err}
			if !errors.Is(rejected, err) || !errors.Is(rejected, otp.ErrRejected) || rejected.Error() != err.Error() {
				t.Errorf("a RejectedError for %q matches or says something else", err)
			}
		}
	}
}
