package otp_test

import (
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestTheStoreOfTheExample(t *testing.T) {
	otptest.TestStore(t, func(testing.TB) otp.Store { return &mapStore{values: map[string][]byte{}} })
}
