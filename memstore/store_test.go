package memstore_test

import (
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestStore(t *testing.T) {
	otptest.TestStore(t, func(testing.TB) otp.Store { return memstore.New(nil) })
}
