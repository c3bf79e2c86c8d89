package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each function answers its own part of the API, and problem documents for the rest.
func TestFunctions(t *testing.T) {
	w := newWorld(t)
	generate, err := w.app.Generate()
	require.NoError(t, err)
	reset, err := w.app.Reset()
	require.NoError(t, err)

	for _, c := range []struct {
		name    string
		handler http.Handler
		path    string
		status  int
		code    string
	}{
		{"generate", generate, "/generate-otp", 400, "address_invalid"},
		{"generate", generate, "/reset", 404, "not_found"},
		{"generate", generate, "/", 404, "not_found"},
		{"reset", reset, "/reset", 403, "session_missing"},
		{"reset", reset, "/reset-password", 400, "address_invalid"},
		{"reset", reset, "/login", 400, "address_invalid"},
		{"reset", reset, "/status", 403, "session_missing"},
		{"reset", reset, "/generate-otp", 404, "not_found"},
	} {
		w.handler = c.handler
		got := w.post(c.path, map[string]string{})
		assert.Equal(t, c.status, got.StatusCode, "%s %s", c.name, c.path)
		assert.Contains(t, got.text, c.code, "%s %s", c.name, c.path)
		assert.Equal(t, "application/problem+json", got.Header.Get("Content-Type"))
		assert.Contains(t, got.Header.Get("Strict-Transport-Security"), "max-age")
	}
}
