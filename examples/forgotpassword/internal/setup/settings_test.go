package setup_test

import (
	"encoding/base64"
	"log/slog"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/setup"
)

func environment(changes ...string) func(string) string {
	env := map[string]string{
		"PRODUCT": "Acme", "OTP_TABLE": "otp", "USERS_TABLE": "users",
		"MAIL_FROM": "no-reply@acme.example", "OTP_SECRET_ID": "otp",
	}
	for i := 0; i < len(changes); i += 2 {
		env[changes[i]] = changes[i+1]
	}
	return func(name string) string { return env[name] }
}

func TestFromEnv(t *testing.T) {
	_, any, err := setup.FromEnv(func(string) string { return "" })
	require.NoError(t, err)
	require.False(t, any)

	s, any, err := setup.FromEnv(environment("ALLOWED_ORIGINS", "https://app.acme.example"))
	require.NoError(t, err)
	require.True(t, any)
	assert.Equal(t, setup.Settings{
		Product: "Acme", CodesTable: "otp", UsersTable: "users", MailFrom: "no-reply@acme.example",
		SecretID: "otp", Origins: "https://app.acme.example",
	}, s)

	for message, getenv := range map[string]func(string) string{
		"OTP_TABLE must be set":            environment("OTP_TABLE", ""),
		"USERS_TABLE must be set":          environment("USERS_TABLE", ""),
		"MAIL_FROM, OTP_TABLE must be set": environment("MAIL_FROM", "", "OTP_TABLE", ""),
		"OTP_SECRET_ID and OTP_SECRET":     environment("OTP_SECRET_ID", ""),
		"ALLOWED_ORIGINS: invalid":         environment("ALLOWED_ORIGINS", "https://a.example,b"),
		"and not both":                     environment("OTP_SECRET", "x"),
	} {
		_, _, err := setup.FromEnv(getenv)
		assert.ErrorContains(t, err, message)
	}
}

// The secret is a key in base64, and an error does not repeat it.
func TestSecret(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-central-1")
	for secret, message := range map[string]string{
		base64.StdEncoding.EncodeToString(make([]byte, 32)): "",
		base64.StdEncoding.EncodeToString(make([]byte, 31)): "31 bytes",
		"no base64 at all, though it is long enough":        "not base64",
	} {
		s, _, err := setup.FromEnv(environment("OTP_SECRET_ID", "", "OTP_SECRET", secret))
		require.NoError(t, err)
		_, err = setup.AWS(t.Context(), s, slog.New(slog.DiscardHandler))
		if message == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "OTP_SECRET: ")
		require.ErrorContains(t, err, message)
		require.NotContains(t, err.Error(), secret)
	}
}

// The server that newcomers run builds in a fraction of the time that the AWS SDK takes.
func TestLaptopLinksNoAWS(t *testing.T) {
	for tag, links := range map[string]bool{"laptop": false, "none": true} {
		out, err := exec.Command("go", "list", "-deps", "-tags", tag, "../../server").Output()
		require.NoError(t, err)
		require.Equal(t, links, strings.Contains(string(out), "aws-sdk-go-v2"))
	}
}
