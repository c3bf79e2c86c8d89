package phonetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/brianvoe/gofakeit/v7"
	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"
)

// perKind is how many random numbers there are of each kind, beside the example.
const perKind = 2

// A number is a valid one.
type number struct {
	*phonenumbers.PhoneNumber
	trunk string // of the country, or empty
}

func (n number) e164() string { return phonenumbers.Format(n.PhoneNumber, phonenumbers.E164) }

func (n number) national() string {
	return phonenumbers.GetNationalSignificantNumber(n.PhoneNumber)
}

func (n number) code() string { return strings.TrimSuffix(n.e164(), n.national())[1:] }

// numbers returns valid numbers of all kinds of all regions: the examples of libphonenumber, and
// random ones.
func numbers(t *testing.T) []number {
	t.Helper()
	metadata, err := phonenumbers.MetadataCollection()
	require.NoError(t, err)

	var all []number
	seen := map[string]bool{}
	random := gofakeit.New(4)
	for _, m := range metadata.GetMetadata() {
		for _, kind := range kindsOf(m) {
			for _, national := range nationals(random, kind) {
				n := number{parse(m, national), m.GetNationalPrefix()}
				if phonenumbers.IsValidNumber(n.PhoneNumber) && !seen[n.e164()] {
					seen[n.e164()] = true
					all = append(all, n)
				}
			}
		}
	}
	return all
}

// kindsOf returns what the metadata says of each kind of numbers.
func kindsOf(m *phonenumbers.PhoneMetadata) []*phonenumbers.PhoneNumberDesc {
	return []*phonenumbers.PhoneNumberDesc{
		m.GetFixedLine(), m.GetMobile(), m.GetTollFree(), m.GetPremiumRate(), m.GetSharedCost(),
		m.GetPersonalNumber(), m.GetVoip(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
	}
}

// nationals returns the example of a kind and random numbers of its pattern.
func nationals(random *gofakeit.Faker, kind *phonenumbers.PhoneNumberDesc) []string {
	pattern := kind.GetNationalNumberPattern()
	if pattern == "" || pattern == "NA" {
		return nil
	}

	all := []string{kind.GetExampleNumber()}
	for range perKind {
		all = append(all, random.Regex(pattern))
	}
	return all
}

// parse returns the number with these national digits, leading zeros included.
func parse(m *phonenumbers.PhoneMetadata, national string) *phonenumbers.PhoneNumber {
	zeros := len(national) - len(strings.TrimLeft(national, "0"))
	var value uint64
	for _, digit := range national {
		value = 10*value + uint64(digit-'0')
	}

	code, count, leading := m.GetCountryCode(), int32(zeros), zeros > 0
	return &phonenumbers.PhoneNumber{CountryCode: &code, NationalNumber: &value,
		ItalianLeadingZero: &leading, NumberOfLeadingZeros: &count}
}

// formerTrunks are trunk prefixes that the metadata no longer has, or has in another form.
var formerTrunks = map[string]string{"52": "044 045 01 1", "370": "8", "375": "80"}

// spellings returns how people write a number, by what is particular about each.
func spellings(n number) map[string]string {
	var (
		code, national = n.code(), n.national()
		international  = phonenumbers.Format(n.PhoneNumber, phonenumbers.INTERNATIONAL)
		home           = phonenumbers.Format(n.PhoneNumber, phonenumbers.NATIONAL)
		uri            = phonenumbers.Format(n.PhoneNumber, phonenumbers.RFC3966)
	)

	all := map[string]string{
		"E.164":                   n.e164(),
		"international":           international,
		"tel:":                    uri,
		"00":                      "00 " + international[1:],
		"code in parentheses":     "(+" + code + ") " + national,
		"full-width":              digitsFrom(strings.Replace(international, "+", "＋", 1), '０'),
		"Arabic-Indic":            digitsFrom(international, '٠'),
		"Extended Arabic-Indic":   digitsFrom(international, '۰'),
		"Devanagari":              digitsFrom(international, '०'),
		"direction marks":         "\u202a" + international + "\u202c",
		"zero width":              strings.ReplaceAll(international, " ", "\u200b\u2060"),
		"national behind code":    "+" + code + " " + home,
		"0 in parentheses":        "+" + code + " (0)" + national,
		"0":                       "+" + code + "0" + national,
		"0 in parentheses, by 00": "00" + code + " (0) " + national,
	}
	for _, trunk := range append(strings.Fields(formerTrunks[code]), n.trunk) {
		if trunk != "" && trunk != "0" {
			all[trunk] = "+" + code + " " + trunk + " " + national
			all[trunk+" in parentheses"] = "+" + code + " (" + trunk + ") " + national
			all[trunk+" and more in parentheses"] = "+" + code + " (" + trunk + national[:2] +
				") " + national[2:]
		}
	}
	return all
}

// digitsFrom writes the digits of text in the script with this zero.
func digitsFrom(text string, zero rune) string {
	return strings.Map(func(r rune) rune {
		if slices.Contains([]rune("0123456789"), r) {
			return zero + r - '0'
		}
		return r
	}, text)
}
