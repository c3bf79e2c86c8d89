package memstore_test

import (
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestStore(t *testing.T) {
	otptest.TestStore(t, func(testing.TB) (a, b otp.Store) {
		store := memstore.New(nil)
		return store, store
	})
}
