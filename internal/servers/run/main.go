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
	"sync"
	"syscall"

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

	status, err := run(strings.Split(*only, ","), flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
	}
	os.Exit(status)
}

func run(names, command []string) (status int, err error) {
	stop, err := start(names)
	defer stop()
	if err != nil {
		return 1, err
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

// start starts the servers, all at a time, and sets their variables. It returns what stops them.
func start(names []string) (stop func(), err error) {
	started := make([]*servers.Server, len(names))
	errs := make([]error, len(names))
	stop = func() {
		for _, server := range started {
			if server != nil {
				server.Stop()
			}
		}
	}

	var all sync.WaitGroup
	for i, name := range names {
		shared, ok := servers.Shared[name]
		switch {
		case !ok:
			errs[i] = fmt.Errorf("no server %q", name)
		case os.Getenv(shared.Env) == "":
			all.Go(func() {
				if started[i], errs[i] = shared.Start(); errs[i] == nil {
					errs[i] = os.Setenv(shared.Env, started[i].Address)
				}
			})
		}
	}
	all.Wait()

	return stop, errors.Join(errs...)
}
