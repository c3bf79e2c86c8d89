// Command run starts the servers of package servers, runs a command with the environment variables
// that point tests at them, stops them and exits with the command's status:
//
//	go run ./internal/servers/run go test ./...
//	go run ./internal/servers/run -only postgres,redis sh
//
// A server whose variable is set already is used and not started.
package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

func main() {
	all := strings.Join(slices.Sorted(maps.Keys(servers.Shared)), ",")
	only := flag.String("only", all, "start no other `servers`")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: run [-only servers] command [argument ...]")
		os.Exit(2)
	}

	err := run(strings.Split(*only, ","), flag.Args())
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(max(exit.ExitCode(), 1))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		os.Exit(1)
	}
}

// run starts the servers, which end with this process, and runs the command.
func run(names, command []string) error {
	for _, name := range names {
		share, ok := servers.Shared[name]
		if !ok {
			return fmt.Errorf("no server %q", name)
		}
		if _, err := share(); err != nil {
			return err
		}
	}
	os.Setenv(servers.EnvRequired, "1") // what is missing now is a fault, not a reason to skip

	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // a terminal sends it to the command, too
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
