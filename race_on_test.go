//go:build race

package otp_test

// slower is how much more the race detector may take of what is measured.
const slower = 10
