package otp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNormalizeAddress(t *testing.T) {
	for to, want := range map[string]string{
		"ada@example.com":                    "ada@example.com",
		" ADA@Example.COM\u00a0":             "ada@example.com",
		"aZ@x":                               "az@x",
		"Az@x":                               "az@x",
		"a[@x":                               "a[@x",                  // beside Z in ASCII
		"a@@x":                               "a@@x",                  // beside A
		"mi\u212ae@example.com":              "mi\u212ae@example.com", // the Kelvin sign is not k
		"m\u0131ke@example.com":              "m\u0131ke@example.com", // nor the dotless i an i
		"ÄDA@example.com":                    "Äda@example.com",
		"a\xffB":                             "a\xffb", // not UTF-8
		"a\u200b\xffB":                       "a\xffb",
		"ada@example.com\u200b":              "ada@example.com",
		"\u202aada@\u00adexample.com\u202c ": "ada@example.com",
		"\ufeff ada@example.com":             "ada@example.com",
		"ada@bücher.example":                 "ada@bücher.example",
		strings.Repeat("A", maxText):         strings.Repeat("a", maxText),
	} {
		got, err := NormalizeAddress(to)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

// The error names what is wrong and nothing of the address.
func TestNormalizeAddressRefuses(t *testing.T) {
	for to, want := range map[string]string{
		"":                             "is empty",
		" \u2003":                      "is empty",
		"\u200b \u2060":                "is empty",
		"ada\n@example.com":            "has control characters",
		strings.Repeat("a", maxText+1): "has more than 1024 bytes",
	} {
		_, err := NormalizeAddress(to)
		require.ErrorIs(t, err, ErrInvalid)
		assert.EqualError(t, err, "otp: invalid request: the address (To) "+want)
	}
}
