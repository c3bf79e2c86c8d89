package dynamostore_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/dynamostore"
)

// Instances of a service that share the table and the Secret are one service: what one sends, any
// other accepts, once.
func Example() {
	var cfg aws.Config // from config.LoadDefaultConfig
	store, err := dynamostore.New(dynamodb.NewFromConfig(cfg), "otp", nil)
	if err != nil {
		log.Fatal(err)
	}

	secret, err := otp.ParseKey(os.Getenv("OTP_SECRET")) // from "openssl rand -base64 32"
	if err != nil {
		log.Fatal(err)
	}
	var mail otp.Sender // a *sesmail.Sender, for example
	resets, err := otp.New(otp.Config{
		Purpose: "password-reset",
		Secret:  secret,
		Store:   store,
		Sender:  mail,
	})
	if err != nil {
		log.Fatal(err)
	}

	status, err := resets.Send(context.Background(), otp.Request{To: "ada@example.com"})
	fmt.Println(status.ExpiresAt, err)
}

// A table that keeps items of many kinds under one key schema.
func ExampleOptions() {
	_, err := dynamostore.New(dynamodb.New(dynamodb.Options{}), "app", &dynamostore.Options{
		PartitionKey: "PK",
		SortKey:      "SK",
		SortValue:    "otp",
		TTLAttribute: "ttl",
		KeyPrefix:    "OTP#",
	})
	fmt.Println(err)

	// Output: <nil>
}

func ExampleNew() {
	table := os.Getenv("OTP_TABLE_THAT_IS_NOT_SET")
	_, err := dynamostore.New(dynamodb.New(dynamodb.Options{}), table, nil)
	fmt.Println(err)

	// Output: dynamostore: the name of the table is empty: it is required
}

// Creating the table in development, where no template does.
func ExampleCreateTable() {
	var cfg aws.Config // from config.LoadDefaultConfig
	client := dynamodb.NewFromConfig(cfg)
	if err := dynamostore.CreateTable(context.Background(), client, "otp", nil); err != nil {
		log.Fatal(err)
	}
}
