// Dynamodb shows two instances of a service that share a DynamoDB table: what one sends, the other accepts, once.
//
//	go run ./internal/servers/run go run ./examples/dynamodb
//
// runs it on DynamoDB Local. A real service takes its client from the SDK's package config, and its table from a template.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
)

func main() {
	endpoint := os.Getenv("OTP_DYNAMODB_ENDPOINT")
	if endpoint == "" {
		fmt.Fprintln(os.Stderr, "dynamodb: OTP_DYNAMODB_ENDPOINT is empty: go run ./internal/servers/run go run ./examples/dynamodb")
		os.Exit(2)
	}
	client := dynamodb.New(dynamodb.Options{
		Region:       "eu-central-1",
		BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	})
	if err := run(context.Background(), client, "otp", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "dynamodb:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, client *dynamodb.Client, table string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := dynamostore.CreateTable(ctx, client, table); err != nil {
		return err
	}
	secret := make([]byte, 32) // a real service reads it from its secret store, the same on every instance
	rand.Read(secret)
	var code string
	instance := func() (*otp.Service, error) {
		store, err := dynamostore.New(client, table, nil)
		if err != nil {
			return nil, err
		}
		return otp.New(otp.Config{
			Purpose: "password-reset",
			Secret:  secret,
			Store:   store,
			Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
				code = m.Code.Reveal()
				return nil
			}),
		})
	}
	a, errA := instance()
	b, errB := instance()
	if err := errors.Join(errA, errB); err != nil {
		return err
	}

	const to = "ada@example.com"
	if _, err := a.Send(ctx, otp.Request{To: to}); err != nil {
		return err
	}
	fmt.Fprintln(out, "A sends a code")
	if err := b.Verify(ctx, otp.Submission{To: to, Code: code}); err != nil {
		return err
	}
	fmt.Fprintln(out, "B accepts it")
	err := a.Verify(ctx, otp.Submission{To: to, Code: code})
	if !errors.Is(err, otp.ErrUsed) {
		return fmt.Errorf("the second submission is answered with %w", err)
	}
	fmt.Fprintln(out, "A refuses it:", err)
	return nil
}
