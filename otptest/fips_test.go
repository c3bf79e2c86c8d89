package otptest_test

import "crypto/rand"

// In FIPS mode the first randomness comes from the jitter of the clock, which stands still in a bubble of
// testing/synctest: draw some outside, so that each test can run alone under GODEBUG=fips140=only.
func init() { rand.Text() }
