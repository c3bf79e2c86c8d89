package setup_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/setup"
)

func TestTrustOrigins(t *testing.T) {
	app, err := setup.Laptop(slog.New(slog.DiscardHandler))
	require.NoError(t, err)

	for list, message := range map[string]string{
		"":                         "",
		"https://app.acme.example": "",
		"https://app.acme.example,http://localhost:3000": "",
		"app.acme.example":          "settings: ALLOWED_ORIGINS: invalid origin",
		"https://app.acme.example/": "settings: ALLOWED_ORIGINS: invalid origin",
		"https://app.acme.example,": "settings: ALLOWED_ORIGINS: invalid origin",
		"*":                         "settings: ALLOWED_ORIGINS: invalid origin",
	} {
		err := setup.TrustOrigins(app, func(string) string { return list })
		if message == "" {
			assert.NoError(t, err, list)
		} else {
			assert.ErrorContains(t, err, message, list)
		}
	}
}
