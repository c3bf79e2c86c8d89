// Bare is the least that a function with the clients of the application can be. It makes the three
// clients and reads the secret, as the functions do. What the application adds to the size of a
// function, and to the time until its first answer, is measured against it.
package main

import (
	"context"
	"errors"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}

	db, ses := dynamodb.NewFromConfig(cfg), sesv2.NewFromConfig(cfg)
	secrets := secretsmanager.NewFromConfig(cfg)
	id := os.Getenv("OTP_SECRET_ID")
	secret := &secretsmanager.GetSecretValueInput{SecretId: &id}
	if _, err := secrets.GetSecretValue(ctx, secret); err != nil {
		log.Fatal(err)
	}

	type (
		request  = events.APIGatewayV2HTTPRequest
		response = events.APIGatewayV2HTTPResponse
	)
	lambda.Start(func(ctx context.Context, event request) (response, error) {
		// No test asks for this, but the linker leaves out what nothing can call: without the
		// operations that the functions use, there would be little of the clients.
		if event.RawPath == "/use" {
			_, errGet := db.GetItem(ctx, &dynamodb.GetItemInput{})
			_, errPut := db.PutItem(ctx, &dynamodb.PutItemInput{})
			_, errUpdate := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{})
			_, errSend := ses.SendEmail(ctx, &sesv2.SendEmailInput{})
			return response{StatusCode: 500}, errors.Join(errGet, errPut, errUpdate, errSend)
		}
		return response{StatusCode: 200}, nil
	})
}
