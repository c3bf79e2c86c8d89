package otphttp

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What a person has copied along is taken off where it is certain what they meant. What can be no
// address is told.
func TestReadAddress(t *testing.T) {
	for typed, want := range map[string]string{ // "" for none
		"ada@example.com":                    "ada@example.com",
		"Ada@Example.com":                    "Ada@Example.com",
		" ada@example.com\u200b":             "ada@example.com",
		"\u202aada@example.com\u202c":        "ada@example.com",
		"mailto:ada@example.com":             "ada@example.com",
		"MailTo:ada@example.com":             "ada@example.com",
		"Ada <ada@example.com>":              "ada@example.com",
		"Lovelace, Ada <ada@example.com>":    "ada@example.com",
		"<ada@example.com>":                  "ada@example.com",
		"ada＠example.com":                    "ada@example.com",
		"ada@example.com.":                   "ada@example.com",
		"ada@example.com,":                   "ada@example.com",
		"o'neil+x@bücher.example":            "o'neil+x@bücher.example",
		"josé@example.com":                   "josé@example.com",
		`"ada lovelace"@example.com`:         `"ada lovelace"@example.com`,
		"root@localhost":                     "root@localhost",
		"ada":                                "",
		"ada@":                               "",
		"@example.com":                       "",
		"ada@example..com":                   "",
		"ada@.example.com":                   "",
		"ada@example.com, grace@example.com": "",
		"ada@example.com grace@example.com":  "",
		"ada@example@com":                    "",
		"mailto:":                            "",
		"ada at example.com":                 "",
		"a@example.com <b@example.com>":      "",
		"ada@example.com\xff":                "",
		"ada@example.com\r\nBcc: x@x":        "",
	} {
		address := readAddress(typed)
		if want == "" {
			assert.False(t, isAddress(address), typed)
			continue
		}
		assert.True(t, isAddress(address), typed)
		assert.Equal(t, want, address)
	}
}
