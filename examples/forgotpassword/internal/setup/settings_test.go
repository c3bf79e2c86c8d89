package setup_test

import (
	"strings"
	"testing"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/setup"
)

func TestFromEnv(t *testing.T) {
	all := map[string]string{"OTP_TABLE": "otp", "USERS_TABLE": "users", "MAIL_FROM": "no-reply@acme.example", "OTP_SECRET_ID": "otp"}
	with := func(changes ...string) func(string) string {
		env := make(map[string]string)
		for name, value := range all {
			env[name] = value
		}
		for i := 0; i < len(changes); i += 2 {
			env[changes[i]] = changes[i+1]
		}
		return func(name string) string { return env[name] }
	}
	if _, any, err := setup.FromEnv(func(string) string { return "" }); any || err != nil {
		t.Errorf("without settings: %v, %v", any, err)
	}
	if s, any, err := setup.FromEnv(with()); !any || err != nil || s.CodesTable != "otp" || s.SecretID != "otp" {
		t.Errorf("with all settings: %+v, %v, %v", s, any, err)
	}
	for named, getenv := range map[string]func(string) string{
		"OTP_TABLE":                    with("OTP_TABLE", ""),
		"USERS_TABLE":                  with("USERS_TABLE", ""),
		"MAIL_FROM":                    with("MAIL_FROM", ""),
		"OTP_SECRET_ID and OTP_SECRET": with("OTP_SECRET_ID", ""),
		"one of OTP_SECRET_ID":         with("OTP_SECRET", "x"),
		"MAIL_FROM, OTP_TABLE must be": with("OTP_TABLE", "", "MAIL_FROM", ""),
	} {
		if _, _, err := setup.FromEnv(getenv); err == nil || !strings.Contains(err.Error(), named) {
			t.Errorf("the error does not name %s: %v", named, err)
		}
	}
}
