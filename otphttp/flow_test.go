package otphttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A bad configuration is refused with the name of the field, the value and the bound.
func TestNewRefusesBadConfigurations(t *testing.T) {
	withBinding, _ := otptest.New(t, otp.Config{Policy: otp.Policy{RequireBinding: true}})

	for message, spoil := range map[string]func(*otphttp.Config){
		"Config.Codes is nil":  func(c *otphttp.Config) { c.Codes = nil },
		"Config.Keys is empty": func(c *otphttp.Config) { c.Keys = nil },
		"Config.Find is nil":   func(c *otphttp.Config) { c.Find = nil },
		"Config.Accept is nil": func(c *otphttp.Config) { c.Accept = nil },
		"Keys[1] has 31 bytes": func(c *otphttp.Config) {
			c.Keys = append(testKeys, make([]byte, 31))
		},
		`Config.Name is "a b"`:  func(c *otphttp.Config) { c.Name = "a b" },
		"1 to 32 ASCII letters": func(c *otphttp.Config) { c.Name = strings.Repeat("a", 33) },
		`are both "email"`:      func(c *otphttp.Config) { c.CodeField = "email" },
		"Policy.RequireBinding": func(c *otphttp.Config) {
			c.Codes, c.AllowUnbound = withBinding, true
		},
		`Origins[0] is "*"`:       origins("*"),
		`Origins[1] is "app"`:     origins("https://app.example", "app"),
		"without a path":          origins("https://app.example/"),
		`"ftp://app.example"`:     origins("ftp://app.example"),
		`"https://App.example"`:   origins("https://App.example"),
		`"https://a@app.example"`: origins("https://a@app.example"),
	} {
		codes, _ := otptest.New(t, otp.Config{})
		config := otphttp.Config{
			Codes: codes, Keys: testKeys, Find: find,
			Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil },
		}
		_, err := otphttp.New(config)
		require.NoError(t, err)

		spoil(&config)
		_, err = otphttp.New(config)
		require.ErrorContains(t, err, message)
	}
}

func origins(list ...string) func(*otphttp.Config) {
	return func(c *otphttp.Config) { c.Origins = list }
}
