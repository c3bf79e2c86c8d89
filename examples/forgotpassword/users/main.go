// Users adds accounts to the forgot-password system on AWS.
//
//	AWS_REGION=eu-central-1 USERS_TABLE=... go run ./users add ada@example.com
//
// It asks for the password on the terminal, twice, and does not show it. From anything but a
// terminal it reads one line: pass show acme | go run ./users add ada@example.com.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/term"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "users:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 2 || args[0] != "add" {
		return errors.New("usage: users add ADDRESS")
	}

	email := args[1]
	if _, err := users.Normalize(email); err != nil {
		return err
	}

	accounts, err := open(ctx)
	if err != nil {
		return err
	}

	password, err := readPassword(os.Stdin)
	if err != nil {
		return err
	}
	return add(ctx, accounts, email, password)
}

// open returns the accounts in the table that USERS_TABLE names.
func open(ctx context.Context) (users.Store, error) {
	table := os.Getenv("USERS_TABLE")
	if table == "" {
		return nil, errors.New("USERS_TABLE must be set to the name of the table of the accounts")
	}

	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	return users.NewDynamo(dynamodb.NewFromConfig(cfg), table), nil
}

// add makes the account. One that is there already stays as it is.
func add(ctx context.Context, accounts users.Store, email, password string) error {
	if err := users.CheckPassword(password, email); err != nil {
		return err
	}

	hash, err := users.Hash(ctx, password)
	if err != nil {
		return err
	}

	added, err := accounts.Add(ctx, users.User{
		Email:           email,
		PasswordHash:    hash,
		PasswordChanged: time.Now(),
	})
	if err != nil {
		return err
	}
	if !added {
		return errors.New("there is an account of this address already, and it stays as it is")
	}

	fmt.Fprintln(os.Stderr, "The account was added.")
	return nil
}

// readPassword asks for a password on a terminal, or reads one line of anything else.
func readPassword(in *os.File) (string, error) {
	if !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}

	password, err := ask(in, "Password: ")
	if err != nil {
		return "", err
	}

	again, err := ask(in, "The same again: ")
	if err != nil {
		return "", err
	}
	if again != password {
		return "", errors.New("the two passwords are not the same")
	}
	return password, nil
}

// ask reads a line that the terminal does not show.
func ask(terminal *os.File, prompt string) (string, error) {
	restore, err := restoreOnInterrupt(int(terminal.Fd()))
	if err != nil {
		return "", err
	}
	defer restore()

	fmt.Fprint(os.Stderr, prompt)
	line, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return string(line), nil
}

// restoreOnInterrupt has Ctrl-C leave the terminal as it was, until the function that it returns is
// called.
func restoreOnInterrupt(fd int) (stop func(), err error) {
	state, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}

	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)

	go func() {
		if _, ok := <-interrupted; ok {
			term.Restore(fd, state)
			os.Exit(130) // as shells have it for an interrupt
		}
	}()
	return func() {
		signal.Stop(interrupted)
		close(interrupted)
	}, nil
}
