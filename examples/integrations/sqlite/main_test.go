package main

import (
	"context"
	"os"
	"path/filepath"
)

func Example() {
	folder, err := os.MkdirTemp("", "otp-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)

	for range 2 { // the second run finds the table
		run(context.Background(), filepath.Join(folder, "codes.db"))
	}
	// Output:
	// signed in
	// signed in
}
