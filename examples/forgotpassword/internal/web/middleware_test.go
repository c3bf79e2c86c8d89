package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The log calls a fault an error, on which an alarm is set, and a client that hangs up no more than
// information. Durations say their unit.
func TestLogOfFaultsAndHangUps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, hangUp := context.WithCancel(t.Context())
		hangUp()

		request := httptest.NewRequest("GET", "https://acme.example/generate-otp/"+ada, nil)
		answer := w.do(request.WithContext(ctx))
		assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
		assert.Contains(t, w.log.String(), "context canceled")
		assert.NotContains(t, w.log.String(), "level=ERROR")

		w.storeOK = func(string) error { return errBroken }
		answer = w.do(request)
		assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
		assert.Contains(t, w.log.String(), "level=ERROR")

		assert.Regexp(t, `msg=request .* duration_ms=[0-9.]+\n`, w.log.String())
		assert.NotContains(t, w.log.String(), "took=")
	})
}

// A page of an origin that was added may use the API; others may not, and it may in no other way.
func TestTrustedOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.app.CrossOrigin.AddTrustedOrigin("https://app.acme.example"))

		for origin, status := range map[string]int{
			"https://app.acme.example":  http.StatusAccepted,
			"https://app2.acme.example": http.StatusForbidden,
			"http://app.acme.example":   http.StatusForbidden,
			"null":                      http.StatusForbidden,
			"":                          http.StatusForbidden,
		} {
			r := httptest.NewRequest("GET", "https://api.acme.example/generate-otp/x"+ada, nil)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			assert.Equal(t, status, w.do(r).StatusCode, origin)
		}
	})
}
