package sendlimit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/sendlimit"
)

func TestDigits(t *testing.T) {
	for to, want := range map[string]string{
		"+4915112345678":        "491511",
		"0049 151 12345678":     "491511",
		"+49\u00a0(151)\u20091": "491511",
		"+1 (212) 555-0100":     "121255",
		"+29012":                "29012",
		"ada@example.com":       "",
		"":                      "",
	} {
		assert.Equal(t, want, sendlimit.Digits(6)(to), to)
	}

	assert.Equal(t, "2901234", sendlimit.Digits(14)("+2901234"))
	for _, n := range []int{-1, 0, 15} {
		require.Panics(t, func() { sendlimit.Digits(n) })
	}
}

func TestDomain(t *testing.T) {
	for to, want := range map[string]string{
		"ada@example.com":    "example.com",
		" Ada@Example.COM ":  "example.com",
		"\"a@b\"@example.eu": "example.eu",
		"nobody":             "nobody",
		"":                   "",
	} {
		assert.Equal(t, want, sendlimit.Domain(to), to)
	}
}
