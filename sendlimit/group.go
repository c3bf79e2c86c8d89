package sendlimit

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// PhonePrefix returns a function for Options.Group: the first n digits of a telephone number,
// country code included. Its spelling does not matter, as for otpsms.Normalize; what that refuses
// goes by the digits that it has. n is 1 to 14, or PhonePrefix panics.
//
// Pumping uses blocks of numbers of one network. In many countries six digits tell networks apart;
// three are little more than the country.
func PhonePrefix(n int) func(to string) string {
	if n < 1 || n > 14 {
		panic(fmt.Sprintf("sendlimit: PhonePrefix of %d: n must be 1 to 14", n))
	}
	return func(to string) string {
		if number, err := otpsms.Normalize(to); err == nil {
			to = number
		}
		digits := strings.Map(onlyDigits, to)
		return digits[:min(len(digits), n)]
	}
}

func onlyDigits(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

// CallingCode is a function for Options.Group: the country code of a telephone number, such as 49.
// The countries of North America and the Caribbean are one group, 1. Spelling does not matter; what
// otpsms.Normalize refuses is one group, "".
func CallingCode(to string) string {
	code, _ := otpsms.CallingCode(to) //nolint:errcheck // it is "" then, which is a group, too
	return code
}

// EmailDomain is a function for Options.Group: the domain of an email address, in ASCII ("xn--…").
// Capitals, a dot at the end and the two forms of an international domain do not matter.
//
// It is the domain as it stands in the address, not what somebody has registered: a.example.com and
// b.example.com are two groups. Total bounds what somebody can do with a thousand subdomains, and
// publicsuffix.EffectiveTLDPlusOne of golang.org/x/net makes one group of them.
func EmailDomain(to string) string {
	address, err := otp.NormalizeAddress(to)
	if err != nil {
		return ""
	}

	domain := strings.TrimRight(address[strings.LastIndexByte(address, '@')+1:], ".")
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = ascii
	}
	return strings.ToLower(domain)
}
