package smtpmail

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-5978b5f1/otp/otpmail"
)

const (
	maxAddress = 254 // bytes, RFC 5321 §4.5.3.1.3 less the angle brackets
	maxLocal   = 64  // bytes, RFC 5321 §4.5.3.1.1
)

// atext are the ASCII characters of a local part that needs no quotes (RFC 5322 §3.2.3).
const atext = lettersAndDigits + "!#$%&'*+-/=?^_`{|}~"

// parseRecipient returns the one bare address that to is, as SMTP writes it, and whether only
// SMTPUTF8 can carry it (RFC 6531). It takes what otpmail takes, and two things more, which some
// people do have: letters, marks and digits of other scripts before the @, and dots at any place
// there, as docomo once gave out, which SMTP wants in quotes.
func parseRecipient(to string) (address string, utf8 bool, err error) {
	address, err = otpmail.ParseAddress(to)
	if err == nil {
		return address, false, nil
	}

	at := strings.LastIndexByte(to, '@')
	if at < 0 {
		return "", false, err
	}
	local := to[:at]
	if n := len(local); n >= 2 && local[0] == '"' && local[n-1] == '"' {
		local = local[1 : n-1]
	}
	domain, wrong := otpmail.ParseAddress("a" + to[at:])
	if wrong != nil || !isUsual(local) {
		return "", false, err
	}
	domain = strings.TrimPrefix(domain, "a")

	utf8 = strings.Trim(local, atext+".") != ""
	dots := strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") ||
		strings.Contains(local, "..")
	if dots {
		local = `"` + local + `"`
	}
	if !utf8 && !dots || len(local) > maxLocal || len(local)+len(domain) > maxAddress {
		return "", false, err
	}
	return local + domain, utf8, nil
}

// isUsual reports whether a local part has nothing but what people have in addresses.
func isUsual(local string) bool {
	for _, r := range local {
		ascii := r < utf8.RuneSelf
		if ascii && !strings.ContainsRune(atext+".", r) ||
			!ascii && !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			return false
		}
	}
	return local != "" && utf8.ValidString(local)
}
