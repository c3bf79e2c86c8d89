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

	"github.com/seed-5978b5f1/otp/dynamostore"

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
	codes, err := dynamostore.New(db, s.CodesTable, nil)
	if err != nil {
		return nil, err
	}
	app, err := assemble(parts{
		secret:   secret,
		codes:    codes,
		users:    users.NewDynamo(db, s.UsersTable),
		mail:     sesv2.NewFromConfig(cfg),
		mailFrom: s.MailFrom,
	}, log)
	if err != nil {
		return nil, err
	}
	app.HTTPS = true
	return app, nil
}

// secret returns the secret from where the settings say it is. Its text is the key: no encoding is undone.
func (s Settings) secret(ctx context.Context, cfg aws.Config) ([]byte, error) {
	if s.SecretID == "" {
		return []byte(s.Secret), nil
	}
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.SecretID})
	if err != nil {
		return nil, fmt.Errorf("reading the secret OTP_SECRET_ID: %w", err)
	}
	return []byte(aws.ToString(out.SecretString)), nil
}
