// Bare is the least that a function with clients of DynamoDB and SES can be. What the application adds to the time of a
// cold start is measured against it.
package main

import (
	"context"
	"log"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

// clients keeps the compiler from leaving them out.
var clients struct {
	db  *dynamodb.Client
	ses *sesv2.Client
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	clients.db, clients.ses = dynamodb.NewFromConfig(cfg), sesv2.NewFromConfig(cfg)
	lambda.Start(func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		return events.APIGatewayV2HTTPResponse{StatusCode: 200}, nil
	})
}
