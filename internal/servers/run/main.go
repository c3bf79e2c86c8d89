// Command run starts the servers of package servers, runs a command with the environment variables that point tests at
// them, stops them and exits with the command's status:
//
//	go run ./internal/servers/run go test ./...
//
// A server whose variable is set already is used and not started.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: run command [argument ...]")
		os.Exit(2)
	}
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
	}
	os.Exit(status)
}

func run(command []string) (status int, err error) {
	for env, start := range map[string]func() (*servers.Server, error){
		servers.EnvDynamoDB: servers.StartDynamoDB,
		servers.EnvSES:      servers.StartSES,
	} {
		if os.Getenv(env) != "" {
			continue
		}
		server, err := start()
		if err != nil {
			return 1, err
		}
		defer server.Stop()
		os.Setenv(env, server.Endpoint)
	}

	os.Setenv(servers.EnvRequired, "1") // what is missing now is a fault, not a reason to skip

	// From here on a signal is for the command to act on; a terminal sends its own to both.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)

	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go func() {
		for s := range signals {
			cmd.Process.Signal(s)
		}
	}()
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
