package budget_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/budget"
)

func TestFromEnv(t *testing.T) {
	for want, env := range map[int]map[string]string{
		30:   {"TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8"},
		5:    {"CLIENT_BUDGET": "5"},
		1000: {"CLIENT_BUDGET": "off"},
	} {
		clients, err := budget.FromEnv(func(name string) string { return env[name] })
		require.NoError(t, err)

		allowed := 0
		handler := clients.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if clients.Allow(w, r) {
				allowed++
			}
		}))
		for range 1000 {
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		}
		assert.Equal(t, want, allowed)
	}
}

func TestBadSettings(t *testing.T) {
	for name, values := range map[string][]string{
		"CLIENT_BUDGET":   {"0", "-1", "many", "1000001", " "},
		"TRUSTED_PROXIES": {"10.0.0.1", "proxy", "10.0.0.0/8,", ",", "10.0.0.0/33"},
	} {
		for _, value := range values {
			_, err := budget.FromEnv(func(asked string) string {
				if asked == name {
					return value
				}
				return ""
			})
			assert.ErrorContains(t, err, "settings: "+name, value)
		}
	}
}
