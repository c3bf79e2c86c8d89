// Package setup puts the application together: from settings on AWS, or without any on a laptop.
//
// The settings are environment variables:
//
//	PRODUCT          name of the product, which stands on pages and mails. Default: the display name
//	                 of MAIL_FROM, or else its domain
//	OTP_TABLE        name of the DynamoDB table of package dynamostore
//	USERS_TABLE      name of the DynamoDB table of the accounts: partition key "email", a string
//	MAIL_FROM        sender of the mails, "Acme <no-reply@acme.example>": an identity that SES has
//	                 verified
//	OTP_SECRET_ID    name or ARN of the secret in AWS Secrets Manager: a key in base64, as
//	                 "openssl rand -base64 32" makes
//	OTP_SECRET       that key itself, in place of OTP_SECRET_ID, where the platform hands out
//	                 secrets this way
//	ALLOWED_ORIGINS  origins of single-page applications that may use the API, separated by commas:
//	                 "https://app.acme.example". Optional
//
// Region, credentials and endpoints are those of the AWS SDK: AWS_REGION, AWS_PROFILE,
// AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_SESV2 and so on.
package setup

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
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
		{"PRODUCT", &s.Product, false},
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
	return s, true, s.checkOrigins()
}

func (s Settings) checkOrigins() error {
	for _, origin := range s.origins() {
		if err := new(http.CrossOriginProtection).AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("settings: ALLOWED_ORIGINS: %w", err)
		}
	}
	return nil
}

// product returns the name of the product. A MAIL_FROM that is no address is refused by package
// mail.
func (s Settings) product() string {
	if s.Product != "" {
		return s.Product
	}

	address, err := mail.ParseAddress(s.MailFrom)
	if err != nil {
		return s.MailFrom
	}
	_, domain, _ := strings.Cut(address.Address, "@")
	return cmp.Or(address.Name, domain)
}

// origins returns the list of a setting.
func (s Settings) origins() []string {
	if s.Origins == "" {
		return nil
	}
	return strings.Split(s.Origins, ",")
}
