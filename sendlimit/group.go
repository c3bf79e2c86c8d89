package sendlimit

import (
	"fmt"
	"strings"

	"github.com/seed-5978b5f1/otp"
)

// Digits returns a function for Options.Group: the first n digits of a telephone number, country
// code included. All else in the number, and a leading 00, is passed over, so that its spelling
// does not matter. n is 1 to 14, or Digits panics.
//
// Pumping uses blocks of numbers of one network. In many countries six digits tell networks apart;
// three are little more than the country.
func Digits(n int) func(to string) string {
	if n < 1 || n > 14 {
		panic(fmt.Sprintf("sendlimit: Digits of %d: n must be 1 to 14", n))
	}
	return func(to string) string {
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, to)
		digits = strings.TrimPrefix(digits, "00")
		return digits[:min(len(digits), n)]
	}
}

// Domain is a function for Options.Group: the domain of an email address, without regard to the
// case of A to Z.
func Domain(to string) string {
	address, err := otp.NormalizeAddress(to)
	if err != nil {
		return ""
	}
	return address[strings.LastIndexByte(address, '@')+1:]
}
