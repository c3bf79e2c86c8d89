package phonetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp/otpsms"
)

// The classes of what Normalize makes of a spelling. These are all that there are.
const (
	read        = "the number"
	readHere    = "the number, which libphonenumber does not read (some were asked for)"
	bothRefuse  = "refused, by libphonenumber, too"
	long        = "refused: more than the 15 digits of E.164, which is dialed at home only"
	argentina   = "refused: Argentina's 15, and a 0 of Gabon"
	notTheTrunk = "another number: a 0 where 06 is the trunk prefix and the number begins with 6"
	zeroTooMany = "another number: a 0 too many where numbers do begin with 0"
)

// Normalize never refuses a valid number that is written internationally, and takes no spelling of
// one for another number, but for the classes above, which its comment names.
func TestNormalizeAgainstLibphonenumber(t *testing.T) {
	counts := map[string]int{}
	spelled := 0

	for i, n := range numbers(t) {
		for form, typed := range spellings(n) {
			spelled++
			got, _ := otpsms.Normalize(typed) //nolint:errcheck // empty then
			c := class(n, typed, got)
			if c == read && i%20 == 0 && oracle(typed) == "" {
				c = readHere
				assert.True(t, onlyHere(form), "%s: %q", form, typed)
			}

			counts[c]++
			if c == "" || international[form] && got == "" && c != long {
				t.Errorf("%s: %q is %q, of %s (%s)", form, typed, got, n.e164(), c)
			}
		}
	}

	t.Log(spelled, "spellings:", counts)
	assert.Greater(t, spelled, 50_000)
	assert.Greater(t, counts[read], 45_000)
}

// international are the forms that are refused of no number.
var international = map[string]bool{"E.164": true, "international": true, "tel:": true, "00": true,
	"code in parentheses": true, "full-width": true, "Arabic-Indic": true,
	"Extended Arabic-Indic": true, "Devanagari": true, "direction marks": true, "zero width": true}

// onlyHere reports whether Normalize reads numbers of this form that libphonenumber does not: 00,
// unless it is told the country from which that is dialed; what stands behind a number; scripts
// other than four; and trunk prefixes of before.
func onlyHere(form string) bool {
	if strings.Contains(form, "00") || form == "Devanagari" || form == "direction marks" {
		return true
	}
	for _, trunks := range formerTrunks {
		for trunk := range strings.FieldsSeq(trunks) {
			if strings.HasPrefix(form, trunk) {
				return true
			}
		}
	}
	return false
}

// oracle returns the number that libphonenumber reads, or nothing if that is none.
func oracle(typed string) string {
	n, err := phonenumbers.Parse(typed, "ZZ")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// class says what got is, of the spelling of a number.
func class(n number, typed, got string) string {
	right := n.e164()
	switch {
	case got == right:
		return read
	case got == "" && len(right) > len("+")+15:
		return long
	case got == "" && oracle(typed) == "":
		return bothRefuse
	case got == "" && (n.code() == "54" || n.code() == "241"):
		return argentina
	case n.code() == "36" && n.national()[0] == '6':
		return notTheTrunk
	case slices.Contains([]string{"39", "241", "247"}, n.code()) && got[len(n.code())+1] == '0':
		return zeroTooMany
	}
	return ""
}
