package redisstore_test

import (
	"fmt"

	"github.com/seed-5978b5f1/otp/redisstore"
)

// An Eval for each client is in the package comment.
func ExampleNew() {
	_, err := redisstore.New(nil, nil)
	fmt.Println(err)
	// Output: redisstore: the Eval is nil: it is required (see the package comment)
}
