// Package setup puts the application together: from settings on AWS, or without any on a laptop.
//
// The settings are environment variables:
//
//	OTP_TABLE      name of the DynamoDB table of package dynamostore
//	USERS_TABLE    name of the DynamoDB table of the accounts: partition key "email", a string
//	MAIL_FROM      sender of the mails, "Acme <no-reply@acme.example>": an identity that SES has verified
//	OTP_SECRET_ID  name or ARN of the secret in AWS Secrets Manager, a text of at least 32 random characters
//	OTP_SECRET     that text itself, in place of OTP_SECRET_ID, where the platform hands out secrets this way
//
// Region, credentials and endpoints are those of the AWS SDK: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_DYNAMODB,
// AWS_ENDPOINT_URL_SESV2 and so on.
package setup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Settings say where the application finds its parts on AWS.
type Settings struct {
	CodesTable, UsersTable, MailFrom string
	SecretID, Secret                 string // one of them
}

// FromEnv reads the settings. With none set at all, it returns false.
func FromEnv(getenv func(string) string) (s Settings, any bool, err error) {
	s = Settings{
		CodesTable: getenv("OTP_TABLE"), UsersTable: getenv("USERS_TABLE"), MailFrom: getenv("MAIL_FROM"),
		SecretID: getenv("OTP_SECRET_ID"), Secret: getenv("OTP_SECRET"),
	}
	if s == (Settings{}) {
		return s, false, nil
	}
	var missing []string
	for name, value := range map[string]string{"OTP_TABLE": s.CodesTable, "USERS_TABLE": s.UsersTable, "MAIL_FROM": s.MailFrom} {
		if value == "" {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) > 0:
		return s, true, fmt.Errorf("settings: %s must be set, as others are", strings.Join(slices.Sorted(slices.Values(missing)), ", "))
	case (s.SecretID == "") == (s.Secret == ""):
		return s, true, errors.New("settings: one of OTP_SECRET_ID and OTP_SECRET must be set, and not both")
	}
	return s, true, nil
}
