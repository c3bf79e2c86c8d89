package otptest_test

import "crypto/rand"

// In FIPS mode the first randomness comes from the jitter of the clock, which stands still in a bubble of
// testing/synctest: draw some outside. "make -C proof fips" runs the tests in that mode.
func init() { rand.Text() }
