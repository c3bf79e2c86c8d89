package servers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ErrNotInstalled says that a server cannot be started because a program or package is missing.
var ErrNotInstalled = errors.New("not installed: run `make setup`")

// A Server is a running server process. It is stopped by Stop, and by the end of this process,
// whichever comes first.
type Server struct {
	// Address is what a client needs: a URL, a data source name, or host and port.
	Address string

	program    program
	options    []string
	port, data string

	alive  io.WriteCloser // the server runs until this pipe is closed
	ended  chan struct{}  // closed when all processes of the server have ended
	status int            // the exit status; may be read once ended is closed
	output bytes.Buffer   // what was printed; may be read once ended is closed
}

// errShort says that tests with -short start no server.
var errShort = errors.New("-short: no server is started")

// start starts a server and returns once it answers.
func start(p program, options ...string) (*Server, error) {
	if testing.Testing() && testing.Short() {
		return nil, errShort
	}

	for {
		s, err := startOnce(p, options)
		if err == nil || !strings.Contains(err.Error(), "ddress already in use") {
			return s, err
		}
	}
}

// startOnce starts a server at a port that was free a moment ago.
func startOnce(p program, options []string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp("", "otp-server-") // short, since the path of a socket must be
	if err != nil {
		return nil, err
	}

	address := strings.ReplaceAll(p.address, "$port", port)
	s := &Server{Address: address, program: p, options: options, port: port, data: data}
	if err := s.Restart(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(data))
	}
	return s, nil
}

// freePort returns a port that nobody listens on now, nor on the one 10,000 above it, where a node
// of a Redis Cluster talks to the others. Both are below those that the system gives to
// connections, so that none of these takes one while the server is down.
func freePort() (string, error) {
	for {
		port := 10_000 + rand.IntN(10_000)
		err := errors.Join(listen(port), listen(port+10_000))
		if err == nil {
			return strconv.Itoa(port), nil
		}

		if !errors.Is(err, syscall.EADDRINUSE) {
			return "", err
		}
	}
}

// listen returns why nobody can listen on the port now.
func listen(port int) error {
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return err
	}
	return l.Close()
}

// Restart starts a server that Kill has ended again, at the same address, with the same data. It
// returns once the server answers.
func (s *Server) Restart() error {
	_, file, _, _ := runtime.Caller(0)
	home := filepath.Dir(file)

	keep := []string{filepath.Join(home, "keep.sh"), s.data, s.program.script, s.program.name}
	cmd := exec.Command("sh", append(keep, s.options...)...)
	cmd.Dir = s.data
	cmd.Env = append(os.Environ(),
		"port="+s.port, "data="+s.data, "packages="+filepath.Join(home, "node_modules"))
	cmd.Stdout, cmd.Stderr = &s.output, &s.output

	alive, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}

	s.alive, s.ended = alive, make(chan struct{})
	go func() {
		cmd.Wait() // returns when no process of the server can print any more
		s.status = cmd.ProcessState.ExitCode()
		close(s.ended)
	}()

	if err := s.awaitAnswer(); err != nil {
		s.Stop()
		return fmt.Errorf("%s: %w; it printed:\n%s", s.program.name, err, s.output.Bytes())
	}
	return nil
}

// awaitAnswer returns once the server answers.
func (s *Server) awaitAnswer() error {
	const limit = 2 * time.Minute // for Java on a busy machine
	for begin := time.Now(); time.Since(begin) < limit; {
		select {
		case <-s.ended:
			if s.status == 127 {
				return ErrNotInstalled
			}
			return fmt.Errorf("it ended at once, with status %d", s.status)
		case <-time.After(20 * time.Millisecond):
			if s.answers() {
				return nil
			}
		}
	}
	return fmt.Errorf("it did not answer within %v", limit)
}

func (s *Server) answers() bool {
	conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
	if err != nil {
		return false
	}
	defer conn.Close()

	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, s.program.ask); err != nil {
		return false
	}

	answer := make([]byte, max(1, len(s.program.answer)))
	_, err = io.ReadFull(conn, answer)
	return err == nil && bytes.HasPrefix(answer, []byte(s.program.answer))
}

// Kill ends the server by SIGKILL, and returns once it has ended. Its data stays for Restart.
func (s *Server) Kill() {
	io.WriteString(s.alive, "keep\n")
	s.alive.Close()
	<-s.ended
}

// Stop ends the server, removes its data, and returns once that is done.
func (s *Server) Stop() {
	s.alive.Close()
	<-s.ended
	os.RemoveAll(s.data)
}
