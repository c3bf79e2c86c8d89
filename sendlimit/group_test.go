package sendlimit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/sendlimit"
)

func TestPhonePrefix(t *testing.T) {
	for to, want := range map[string]string{
		"+4915112345678":        "491511",
		"0049 151 12345678":     "491511",
		"+49 (0)151 12345678":   "491511",
		"＋４９ １５１ １２３４５６７８":      "491511",
		"+49\u00a0(151)\u20091": "491511",
		"+1 (212) 555-0100":     "121255",
		"+29012":                "29012",
		"0151 12345678":         "015112", // as it is: the country is not known
		"ada@example.com":       "",
		"":                      "",
	} {
		assert.Equal(t, want, sendlimit.PhonePrefix(6)(to), to)
	}

	assert.Equal(t, "2901234", sendlimit.PhonePrefix(14)("+2901234"))
	for _, n := range []int{-1, 0, 15} {
		require.Panics(t, func() { sendlimit.PhonePrefix(n) })
	}
}

func TestCallingCode(t *testing.T) {
	for to, want := range map[string]string{
		"+4915112345678":      "49",
		"+49 (0)151 12345678": "49",
		"001 242 555 0100":    "1",
		"+883 5100 123456":    "883",
		"0151 12345678":       "",
		"":                    "",
	} {
		assert.Equal(t, want, sendlimit.CallingCode(to), to)
	}
}

func TestEmailDomain(t *testing.T) {
	for to, want := range map[string]string{
		"ada@example.com":           "example.com",
		" Ada@Example.COM ":         "example.com",
		"ada@example.com.":          "example.com",
		"ada@EXAMPLE.com..":         "example.com",
		"\"a@b\"@example.eu":        "example.eu",
		"ada@bücher.example":        "xn--bcher-kva.example",
		"ada@BÜCHER.example":        "xn--bcher-kva.example",
		"ada@xn--bcher-kva.example": "xn--bcher-kva.example",
		"ada@XN--Bcher-KVA.example": "xn--bcher-kva.example",
		"ada@exa_mple.example":      "exa_mple.example",
		"ada@mail.example.com":      "mail.example.com", // not what is registered
		"nobody":                    "nobody",
		"":                          "",
	} {
		assert.Equal(t, want, sendlimit.EmailDomain(to), to)
	}
}
