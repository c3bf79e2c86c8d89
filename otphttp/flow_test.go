package otphttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A bad configuration is refused with the name of the field, the value and the bound.
func TestNewRefusesBadConfigurations(t *testing.T) {
	payments, _ := otptest.New(t, otp.Config{Kind: otp.ConfirmTransaction})
	withBinding, _ := otptest.New(t, otp.Config{Policy: otp.Policy{RequireBinding: true}})

	for message, spoil := range map[string]func(*otphttp.Config){
		"Config.Codes is nil":  func(c *otphttp.Config) { c.Codes = nil },
		"Config.Keys is empty": func(c *otphttp.Config) { c.Keys = nil },
		"Config.Find is nil":   func(c *otphttp.Config) { c.Find = nil },
		"Config.Accept is nil": func(c *otphttp.Config) { c.Accept = nil },
		"Keys[1] has 31 bytes": func(c *otphttp.Config) {
			c.Keys = append(testKeys, make([]byte, 31))
		},
		`Config.Name is "a b"`:           name("a b"),
		"1 to 32 ASCII letters":          name(strings.Repeat("a", 33)),
		`Config.Name is "device"`:        name("device"),
		`Config.Name is "note-x"`:        name("note-x"),
		`AddressField is "session"`:      func(c *otphttp.Config) { c.AddressField = "session" },
		`CodeField is "idempotency_key"`: codeField("idempotency_key"),
		`CodeField is "email_verif`:      codeField("email_verification_token"),
		"requires a Binding":             unbound(payments),
		"nothing about a transaction":    proofs(t, func(c *otphttp.Config) { c.Codes = payments }),
		"holds for one browser": proofs(t, func(c *otphttp.Config) {
			c.AllowUnbound = true
		}),
		`are both "email"`:         codeField("email"),
		"Policy.RequireBinding":    unbound(withBinding),
		`Origins[0] is "*"`:        origins("*"),
		`Origins[1] is "app"`:      origins("https://app.example", "app"),
		"without a path":           origins("https://app.example/"),
		`"ftp://app.example"`:      origins("ftp://app.example"),
		`"https://App.example"`:    origins("https://App.example"),
		`"https://a@app.example"`:  origins("https://a@app.example"),
		`"null"`:                   origins("null"),
		`"https://*.app.example"`:  origins("https://*.app.example"),
		`its port is "443"`:        origins("https://app.example:443"),
		`its port is "80"`:         origins("http://app.example:80"),
		`its port is "08080"`:      origins("https://app.example:08080"),
		`its port is "99999"`:      origins("https://app.example:99999"),
		`its port is ""`:           origins("https://app.example:"),
		`"https://bücher.example"`: origins("https://bücher.example"),
		`"https://app.example?x"`:  origins("https://app.example?x"),
		`"https://a b"`:            origins("https://a b"),
		`"https://"`:               origins("https://"),
		`"javascript://app"`:       origins("javascript://app"),
		`"ionic://"`:               origins("ionic://"),
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

// Of two fields that are wrong, the error names the same one each time.
func TestNewNamesTheFirstField(t *testing.T) {
	config := newService(t, nil).Config()
	config.AddressField, config.CodeField = "session", "idempotency_key"
	for range 20 {
		_, err := otphttp.New(config)
		require.ErrorContains(t, err, "Config.AddressField is")
	}
}

func name(name string) func(*otphttp.Config) {
	return func(c *otphttp.Config) { c.Name = name }
}

func proofs(t *testing.T, also func(*otphttp.Config)) func(*otphttp.Config) {
	verifier, err := evp.New(evp.Config{Origins: []string{site}})
	require.NoError(t, err)
	return func(c *otphttp.Config) {
		c.Proofs = verifier
		also(c)
	}
}

func codeField(name string) func(*otphttp.Config) {
	return func(c *otphttp.Config) { c.CodeField = name }
}

func unbound(codes *otp.Service) func(*otphttp.Config) {
	return func(c *otphttp.Config) { c.Codes, c.AllowUnbound = codes, true }
}

func origins(list ...string) func(*otphttp.Config) {
	return func(c *otphttp.Config) { c.Origins = list }
}

// What browsers and app shells send can be listed, and is let in.
func TestOrigins(t *testing.T) {
	for _, origin := range []string{
		"https://app.example", "https://xn--bcher-kva.example", "http://localhost:5173",
		"https://[::1]:8443", "capacitor://localhost", "ionic://localhost", "tauri://localhost",
		"http://tauri.localhost",
	} {
		s, c := newService(t, origins(origin)), newClient(t)
		c.header.Set("Origin", origin)
		c.header.Set("Sec-Fetch-Site", "cross-site")
		answer := c.post(s.ServeSend, "email", ada)
		answer.want(t, 202, "")
		require.Equal(t, origin, answer.Header.Get("Access-Control-Allow-Origin"))
	}
}
