package phonetest

import (
	"maps"
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp/otpsms"
)

// The classes of what Normalize and libphonenumber make of a spelling. These are all that there
// are.
const (
	bothRead    = "both read the number"
	bothRefuse  = "both refuse"
	moreScripts = "Normalize reads more scripts, marks and former trunk prefixes"
	long        = "more than the 15 digits of E.164, which is dialed at home only"
	argentina   = "Argentina's 15, and a 0 of Gabon, which Normalize refuses"
	notTheTrunk = "a 0 where 06 is the trunk prefix and the number begins with 6"
	zeroTooMany = "a 0 too many where numbers do begin with 0: another number, for both"
)

// Normalize never refuses a valid number that is written internationally, and takes no spelling of
// one for another number, but for the classes above, which its comment names.
func TestNormalizeAgainstLibphonenumber(t *testing.T) {
	counts := map[string]int{}
	spelled := 0

	for _, n := range numbers(t) {
		for form, typed := range spellings(n) {
			spelled++
			got, _ := otpsms.Normalize(typed) //nolint:errcheck // empty then
			c := class(n, got, oracle(typed))
			counts[c]++
			assert.NotEmpty(t, c, "%s: %q is %q, of %s", form, typed, got, n.e164())

			if international[form] && c != long {
				assert.Equal(t, n.e164(), got, "%s: %q", form, typed)
			}
		}
	}

	t.Log(spelled, "spellings:", counts)
	assert.Greater(t, spelled, 50_000)
	assert.ElementsMatch(t, []string{bothRead, bothRefuse, moreScripts, long, argentina,
		notTheTrunk, zeroTooMany}, slices.Collect(maps.Keys(counts)))
	assert.Greater(t, counts[bothRead], 30_000)
}

// international are the forms that are refused of no number.
var international = map[string]bool{"E.164": true, "international": true, "tel:": true, "00": true,
	"code in parentheses": true, "full-width": true, "Arabic-Indic": true,
	"Extended Arabic-Indic": true, "Devanagari": true, "direction marks": true, "zero width": true}

// oracle returns the number that libphonenumber reads, or nothing if that is none.
func oracle(typed string) string {
	n, err := phonenumbers.Parse(typed, "ZZ")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// class says how got, by Normalize, and theirs, by libphonenumber, differ from the number.
func class(n number, got, theirs string) string {
	right := n.e164()
	switch {
	case got == right && theirs == right:
		return bothRead
	case got == right:
		return moreScripts
	case got == "" && len(right) > len("+")+15:
		return long
	case got == "" && theirs == "":
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
