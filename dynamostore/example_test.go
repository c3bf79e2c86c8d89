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

// A service whose codes can be verified by any process.
func Example() {
	var cfg aws.Config // from config.LoadDefaultConfig
	store, err := dynamostore.New(dynamodb.NewFromConfig(cfg), "otp", nil)
	if err != nil {
		log.Fatal(err)
	}
	var mail otp.Sender // a *sesmail.Sender, say
	resets, err := otp.New(otp.Config{
		Purpose: "password-reset",
		Secret:  []byte(os.Getenv("OTP_SECRET")),
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
	_, err := dynamostore.New(dynamodb.New(dynamodb.Options{}), os.Getenv("OTP_TABLE_THAT_IS_NOT_SET"), nil)
	fmt.Println(err)
	// Output: dynamostore: the name of the table is empty: it is required
}

// Creating the table in development, where no template does.
func ExampleCreateTable() {
	var cfg aws.Config // from config.LoadDefaultConfig
	if err := dynamostore.CreateTable(context.Background(), dynamodb.NewFromConfig(cfg), "otp"); err != nil {
		log.Fatal(err)
	}
}
