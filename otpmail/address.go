package otpmail

import (
	"fmt"
	"strings"
	"sync"

	"golang.org/x/net/idna"

	"github.com/seed-5978b5f1/otp"
)

const (
	maxAddress = 254 // bytes, RFC 5321 §4.5.3.1.3 less the angle brackets
	maxLocal   = 64  // bytes, RFC 5321 §4.5.3.1.1

	// maxTyped bounds what is looked at, in bytes: four for each of the address, as UTF-8 takes.
	maxTyped = 4 * maxAddress
)

// ParseAddress returns the one bare address that to is, as mail is sent to it. The local part stays
// untouched. The domain is put into ASCII as browsers do it (UTS 46, the lookup of section 4.2, not
// transitional): capitals of every script become small letters, letters are composed, full-width
// letters and ideographic dots become plain ones, invisible characters go, and ß stays ß. So both
// spellings of an international domain, Unicode and "xn--", give one address.
//
// The profile is that of golang.org/x/net/idna for lookup, with two hyphens in third place allowed.
// It checks joiners and the Bidi rule. It takes symbols and emoji, which browsers take and IDNA
// 2008 does not.
//
// ParseAddress takes no display name, list, group, comment, quoted local part or address literal,
// and nothing outside of ASCII but in the domain, so that nothing in it can add a recipient or a
// header. At most 254 bytes in ASCII (RFC 5321 §4.5.3.1.3), 64 of them before the @.
//
// The error matches otp.ErrInvalid and does not repeat the address.
func ParseAddress(to string) (string, error) {
	if n := len(to); n > maxTyped {
		return "", invalid("it has %d bytes: at most %d are allowed", n, maxTyped)
	}
	local, domain, found := strings.Cut(to, "@")
	if !found {
		return "", invalid("it has no @")
	}
	if err := checkLocal(local); err != nil {
		return "", err
	}

	domain, err := asciiDomain(domain)
	if err != nil {
		return "", err
	}
	if n := len(local) + len("@") + len(domain); n > maxAddress {
		return "", invalid("it has %d bytes in ASCII: at most %d are allowed", n, maxAddress)
	}
	return local + "@" + domain, nil
}

// Normalize returns what [ParseAddress] does, without white space around it and with the letters A
// to Z of the local part in lower case. It is made for [otp.Config].Normalize: a mailbox has one
// budget, in both spellings of its domain. Few mailboxes, if any, differ by the case of letters
// alone; those would share codes and limits. Look accounts up by the same form.
func Normalize(to string) (string, error) {
	address, err := ParseAddress(strings.TrimSpace(to))
	return lower(address), err
}

// asciiDomain returns a domain as mail is sent to it. What is no UTF-8 gets through the first pass
// of the profile, and not through the second.
func asciiDomain(domain string) (string, error) {
	ascii, err := domains().ToASCII(domain)
	if err == nil {
		domain, err = domains().ToASCII(ascii)
	}
	if err != nil || domain != ascii { // err quotes the domain
		return "", invalid("its domain is no internationalized domain name (UTS 46)")
	}
	return ascii, checkDomain(ascii)
}

// domains returns the profile that ParseAddress goes by.
var domains = sync.OnceValue(func() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.CheckHyphens(false), idna.BidiRule())
})

// invalid returns the error of an address.
func invalid(format string, values ...any) error {
	return &addressError{fmt.Sprintf("invalid address: "+format, values...)}
}

// An addressError matches otp.ErrInvalid.
type addressError struct{ text string }

func (e *addressError) Error() string { return e.text }
func (e *addressError) Unwrap() error { return otp.ErrInvalid }

// checkLocal takes the dot-atom of RFC 5322 §3.2.3, and no punycode, which Amazon SES refuses.
func checkLocal(local string) error {
	if len(local) < 1 || len(local) > maxLocal {
		return invalid("its local part has %d bytes: it must have 1 to %d", len(local), maxLocal)
	}

	const symbols = "!#$%&'*+-/=?^_`{|}~"
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.Trim(atom, letters+digits+symbols) != "" {
			return invalid("its local part must be ASCII letters, digits and %s with single "+
				"dots between", symbols)
		}
	}

	if strings.HasPrefix(lower(local), "xn--") {
		return invalid("its local part is in punycode")
	}
	return nil
}

// checkDomain takes two or more labels of letters, digits and inner hyphens, the last of them not a
// number.
func checkDomain(domain string) error {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return invalid("its domain has no dot")
	}

	for _, label := range labels {
		if len(label) < 1 || len(label) > 63 || strings.Trim(label, letters+digits+"-") != "" ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return invalid("its domain must be labels of 1 to 63 letters, digits " +
				"and inner hyphens")
		}
	}

	if strings.Trim(labels[len(labels)-1], digits) == "" {
		return invalid("its domain ends in a number")
	}
	return nil
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// lower returns s with A to Z, and nothing else, in lower case.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}
