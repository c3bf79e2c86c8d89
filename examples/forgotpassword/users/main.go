// Users adds accounts to the forgot-password system on AWS.
//
//	AWS_REGION=eu-central-1 USERS_TABLE=... go run ./users add ada@example.com
//
// An account has no password at first: its owner sets one as whoever forgot it does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "users:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "The account was added.")
}

// run adds the account. One that is there already stays as it is.
func run(ctx context.Context, args []string) error {
	if len(args) != 2 || args[0] != "add" {
		return errors.New("usage: users add ADDRESS")
	}
	email := args[1]
	if _, err := users.Normalize(email); err != nil {
		return err
	}
	table := os.Getenv("USERS_TABLE")
	if table == "" {
		return errors.New("USERS_TABLE must be set to the name of the table of the accounts")
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}

	accounts := users.NewDynamo(dynamodb.NewFromConfig(cfg), table)
	added, err := accounts.Add(ctx, users.User{Email: email, PasswordChanged: time.Now()})
	if err == nil && !added {
		return errors.New("there is an account of this address already, and it stays as it is")
	}
	return err
}
