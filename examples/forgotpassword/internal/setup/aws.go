//go:build !laptop

package setup

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/sesmail"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// AWS returns the application on DynamoDB and SES. It reads the secret, once.
func AWS(ctx context.Context, s Settings, log *slog.Logger) (*web.App, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}

	secret, err := s.secret(ctx, cfg)
	if err != nil {
		return nil, err
	}

	db := dynamodb.NewFromConfig(cfg)
	store, err := dynamostore.New(db, s.CodesTable, nil)
	if err != nil {
		return nil, err
	}

	mails, err := otpmail.NewCatalog(otpmail.Options{Product: s.Product})
	if err != nil {
		return nil, err
	}
	sender, err := sesmail.New(
		sesv2.NewFromConfig(cfg), s.MailFrom, &sesmail.Options{Renderer: mails})
	if err != nil {
		return nil, err
	}

	codes, err := web.NewCodes(secret, store, sender, web.MinSendTime, log)
	if err != nil {
		return nil, err
	}
	return &web.App{
		Product: s.Product, Codes: codes, Keys: otp.Keys{secret},
		Users: users.NewDynamo(db, s.UsersTable), Mails: mails, Mail: sender, Log: log,
		HTTPS: true, Origins: s.origins(),
	}, nil
}

// secret returns the secret from where the settings say it is.
func (s Settings) secret(ctx context.Context, cfg aws.Config) ([]byte, error) {
	if s.SecretID == "" {
		secret, err := otp.ParseKey(s.Secret)
		if err != nil {
			return nil, fmt.Errorf("settings: OTP_SECRET: %w", err)
		}
		return secret, nil
	}

	client := secretsmanager.NewFromConfig(cfg)
	out, err := client.GetSecretValue(ctx,
		&secretsmanager.GetSecretValueInput{SecretId: &s.SecretID})
	if err != nil {
		return nil, fmt.Errorf("settings: reading the secret OTP_SECRET_ID: %w", err)
	}

	secret, err := otp.ParseKey(aws.ToString(out.SecretString))
	if err != nil {
		return nil, fmt.Errorf("settings: the secret OTP_SECRET_ID: %w", err)
	}
	return secret, nil
}
