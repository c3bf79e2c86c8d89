package otpmail

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinesArePlain(t *testing.T) {
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
		lines, err := linesOf(Lines{{"Amount", value}}, "en")
		require.NoError(t, err, "%q", value)
		require.Equal(t, []Line{{"Amount", want}}, lines)
	}
}

func TestLinesAreNeverCutOff(t *testing.T) {
	for want, lines := range map[string]Lines{
		"the name of line 1: it is empty":            {{"", "x"}},
		"the name of line 2: it is empty":            {{"x", "x"}, {" \u200B\n", "x"}},
		"the value of line 1: it is empty":           {{"x", "\r\n\u00A0"}},
		"the name of line 1: it has 65 characters":   {{strings.Repeat("ä", maxName+1), "x"}},
		"the value of line 1: it has 257 characters": {{"x", strings.Repeat("ä", maxValue+1)}},
		"there are 13 lines":                         make(Lines, maxLines+1),
	} {
		_, err := linesOf(lines, "en")
		require.ErrorContains(t, err, want)
	}
}

func TestDataWithoutLines(t *testing.T) {
	for _, data := range []any{nil, "Amount", []Line{{"Amount", "5"}}, Lines(nil), Lines{}} {
		lines, err := linesOf(data, "en")
		require.NoError(t, err)
		require.Empty(t, lines)
	}
}
