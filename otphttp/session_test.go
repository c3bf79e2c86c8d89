package otphttp_test

import (
	"bytes"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
)

const sessionCookie = "__Host-otp-flow"

// A session is good only as it was signed, for its flow, and until an hour after the code.
func TestSessionsAreSigned(t *testing.T) {
	const missing = "session_missing"
	other := otp.Keys{bytes.Repeat([]byte("o"), 32)}
	both := otp.Keys{other[0], testKeys[0]}

	for name, c := range map[string]struct {
		spoil func(value string) string
		flow  func(*otphttp.Config)
		wait  time.Duration
		code  string
	}{
		"as it is":           {code: ""},
		"another letter":     {spoil: func(v string) string { return flip(v, 5) }, code: missing},
		"another signature":  {spoil: func(v string) string { return flip(v, 120) }, code: missing},
		"cut":                {spoil: func(v string) string { return v[:len(v)-1] }, code: missing},
		"empty":              {spoil: func(string) string { return "" }, code: missing},
		"another key":        {flow: func(c *otphttp.Config) { c.Keys = other }, code: missing},
		"older key":          {flow: func(c *otphttp.Config) { c.Keys = both }},
		"for another flow":   {flow: func(c *otphttp.Config) { c.Name = "other" }, code: missing},
		"after the code":     {wait: 69 * time.Minute, code: ""},
		"an hour after that": {wait: 70 * time.Minute, code: missing},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, client := newService(t, nil), newClient(t)
				client.post(s.ServeSend, "email", ada).want(t, http.StatusAccepted, "")
				time.Sleep(c.wait)

				if c.spoil != nil {
					cookie := client.cookies[sessionCookie]
					cookie.Value = c.spoil(cookie.Value)
				}
				if c.flow != nil {
					s = newService(t, c.flow)
					client.cookies["__Host-otp-other"] = &http.Cookie{
						Name: "__Host-otp-other", Value: client.cookies[sessionCookie].Value,
					}
				}

				status := http.StatusOK
				if c.code != "" {
					status = http.StatusForbidden
				}
				client.get(s.ServeStatus).want(t, status, c.code)
			})
		})
	}
}

// flip changes one character of base64.
func flip(text string, i int) string {
	replacement := "A"
	if text[i] == 'A' {
		replacement = "B"
	}
	return text[:i] + replacement + text[i+1:]
}

// No cookie holds more than what the client knows: not whether there is an account, nor the code.
func TestCookiesTellNothing(t *testing.T) {
	sizes := map[string]int{}
	for _, email := range []string{"ada@example.com", "eve@example.com"} {
		s, client := newService(t, nil), newClient(t)
		client.post(s.ServeSend, "email", email).want(t, http.StatusAccepted, "")

		for name, cookie := range client.cookies {
			if size, ok := sizes[name]; ok {
				require.Len(t, cookie.Value, size)
			}
			sizes[name] = len(cookie.Value)
		}
	}
	require.Len(t, sizes, 2)
}
