package otptest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

func ExampleNew() {
	t := log.Default() // in a test, its *testing.T
	ctx := context.Background()
	service, inbox := otptest.New(t, otp.Config{Purpose: "sign-in"})

	if _, err := service.Send(ctx, otp.Request{To: "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	submission := otp.Submission{To: "ada@example.com", Code: inbox.Code(t, "ada@example.com")}
	fmt.Println("first:", service.Verify(ctx, submission))
	fmt.Println("again:", service.Verify(ctx, submission))

	// Output:
	// first: <nil>
	// again: otp: code rejected: it was used before
}

// The reply to the swap that marks the code as used is lost. Verify finds out what became of it.
func ExampleFaultyStore() {
	t := log.Default() // in a test, its *testing.T
	ctx := context.Background()
	losing := false
	service, inbox := otptest.New(t, otp.Config{Store: &otptest.FaultyStore{
		Store: memstore.New(nil),
		Fault: func(c otptest.StoreCall) otptest.StoreFault {
			if losing && c.Method == "CompareAndSwap" {
				losing = false
				return otptest.StoreFault{After: errors.New("connection reset")}
			}
			return otptest.StoreFault{}
		},
	}})

	if _, err := service.Send(ctx, otp.Request{To: "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	losing = true
	submission := otp.Submission{To: "ada@example.com", Code: inbox.Code(t, "ada@example.com")}
	fmt.Println(service.Verify(ctx, submission))

	// Output: <nil>
}

// A database gets two clients, as two processes have. A store in memory returns itself twice.
func ExampleTestStore() {
	// In a _test.go file of the package that implements the store, named TestStore, say:
	_ = func(t *testing.T) {
		otptest.TestStore(t, func(testing.TB) (a, b otp.Store) {
			store := memstore.New(nil)
			return store, store
		})
	}
}
