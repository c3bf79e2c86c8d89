// Package setup puts the application together: from settings on AWS, or without any on a laptop.
//
// The settings are environment variables, which manual.md lists. Region, credentials and endpoints
// are those of the AWS SDK.
package setup

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Settings say where the application finds its parts on AWS.
type Settings struct {
	Product, CodesTable, UsersTable, MailFrom string
	SecretID, Secret                          string // one of them
	Origins                                   string
}

// FromEnv reads the settings. With none set at all, it returns false.
func FromEnv(getenv func(string) string) (s Settings, any bool, err error) {
	var missing []string
	for _, setting := range []struct {
		name     string
		field    *string
		required bool
	}{
		{"MAIL_FROM", &s.MailFrom, true},
		{"OTP_TABLE", &s.CodesTable, true},
		{"USERS_TABLE", &s.UsersTable, true},
		{"PRODUCT", &s.Product, true},
		{"OTP_SECRET_ID", &s.SecretID, false},
		{"OTP_SECRET", &s.Secret, false},
		{"ALLOWED_ORIGINS", &s.Origins, false},
	} {
		*setting.field = getenv(setting.name)
		if *setting.field == "" && setting.required {
			missing = append(missing, setting.name)
		}
	}

	switch {
	case s == Settings{}:
		return s, false, nil
	case len(missing) > 0:
		return s, true, fmt.Errorf("settings: %s must be set, as others are",
			strings.Join(missing, ", "))
	case (s.SecretID == "") == (s.Secret == ""):
		return s, true, errors.New(
			"settings: one of OTP_SECRET_ID and OTP_SECRET must be set, and not both")
	}
	for _, origin := range s.origins() {
		if err := new(http.CrossOriginProtection).AddTrustedOrigin(origin); err != nil {
			return s, true, fmt.Errorf("settings: ALLOWED_ORIGINS: %w", err)
		}
	}
	return s, true, nil
}

// origins returns the list of a setting.
func (s Settings) origins() []string {
	return strings.FieldsFunc(s.Origins, func(r rune) bool { return r == ',' })
}
