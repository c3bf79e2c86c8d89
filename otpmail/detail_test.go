package otpmail

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

func TestDetailsArePlain(t *testing.T) {
	for value, want := range map[string]string{
		"€250.00":                          "€250.00",
		"\u00A01\u00A0250,00\u202F€\u00A0": "1\u00A0250,00\u202F€", // on one line
		"  Ada\tLovelace ":                 "Ada Lovelace",
		"Ada\r\nAmount: €1":                "Ada Amount: €1",
		"Ada\u2028\u2029\u0085\vx":         "Ada x",
		"Ada\x00\x1b[2J":                   "Ada [2J",
		"Ada\xff":                          "Ada\uFFFD",
		"\u202E052€\u2066":                 "052€", // nothing turns the digits around
		"a\u00ADb\u200Bc\uFEFF":            "abc",
		"می\u200Cخواهم":                    "می\u200Cخواهم",
		"👩\u200D💻":                         "👩\u200D💻",
		"<b>&amp;</b>":                     "<b>&amp;</b>", // escaped where it becomes HTML
		strings.Repeat("ä", maxValue):      strings.Repeat("ä", maxValue),
	} {
		details, err := plainDetails(Details{{"Amount", value}})
		require.NoError(t, err, "%q", value)
		require.Equal(t, []Detail{{"Amount", want}}, details)
	}
}

func TestDetailsAreNeverCutOff(t *testing.T) {
	for want, details := range map[string]Details{
		"the name of number 1: it is empty":            {{"", "x"}},
		"the name of number 2: it is empty":            {{"x", "x"}, {" \u200B\n", "x"}},
		"the value of number 1: it is empty":           {{"x", "\r\n\u00A0"}},
		"the name of number 1: it has 65 characters":   {{strings.Repeat("ä", maxName+1), "x"}},
		"the value of number 1: it has 257 characters": {{"x", strings.Repeat("ä", maxValue+1)}},
		"there are 13: at most 12":                     make(Details, maxDetails+1),
	} {
		_, err := plainDetails(details)
		require.ErrorContains(t, err, want)
	}
}

func TestDataWithoutDetails(t *testing.T) {
	for _, data := range []any{nil, "Amount", []Detail{{"Amount", "5"}}, Details(nil), Details{}} {
		details, err := detailsOf(otp.Message{Data: data}, "en")
		require.NoError(t, err)
		require.Empty(t, details)
	}
}
