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

// The product is called as the settings say, or as the mails are signed. The secret is a key in
// base64, and an error does not repeat it.
func TestAWS(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-central-1")
	secret := base64.StdEncoding.EncodeToString(make([]byte, 32))
	short := base64.StdEncoding.EncodeToString(make([]byte, 31))
	const other = "no base64 at all, though it is long enough"

	for _, c := range []struct{ product, from, secret, wantProduct, wantErr string }{
		{"Acme", "no-reply@acme.example", secret, "Acme", ""},
		{"", "Sender <no-reply@acme.example>", secret, "Sender", ""},
		{"", "no-reply@acme.example", secret, "acme.example", ""},
		{"Acme", "no-reply@acme.example", short, "", "31 bytes"},
		{"Acme", "no-reply@acme.example", other, "", "not base64"},
	} {
		s, _, err := setup.FromEnv(environment(
			"PRODUCT", c.product, "MAIL_FROM", c.from, "OTP_SECRET_ID", "", "OTP_SECRET", c.secret))
		require.NoError(t, err)
		app, err := setup.AWS(t.Context(), s, slog.New(slog.DiscardHandler))
		if c.wantErr == "" {
			require.NoError(t, err)
			require.Equal(t, c.wantProduct, app.Product)
			continue
		}
		require.ErrorContains(t, err, "OTP_SECRET: ")
		require.ErrorContains(t, err, c.wantErr)
		require.NotContains(t, err.Error(), c.secret)
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
