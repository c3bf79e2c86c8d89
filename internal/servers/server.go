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
	"time"
)

// ErrNotInstalled says that a server cannot be started because a program or package is missing.
var ErrNotInstalled = errors.New("not installed: run `make setup`")

// startTimeout is long because a Java program starts slowly on a busy machine.
const startTimeout = 2 * time.Minute

// A program is a server that can be started. In its strings, {port} stands for a free port and
// {data} for a folder of its own.
type program struct {
	name        string
	address     string     // what clients are told
	folder      string     // where the server runs; empty for {data}
	commands    [][]string // the last one is the server, those before it make its data
	rootless    bool       // refuses to run as root
	ask, answer string     // the server is ready once it answers ask with what begins with answer
}

// A Server is a running server process. It is stopped by Stop, and by the end of this process,
// whichever comes first.
type Server struct {
	// Address is what a client needs: a URL, a data source name, or host and port.
	Address string

	program  program // with its places filled in, and its commands found
	hostPort string
	data     string

	alive  io.WriteCloser // the server runs until this pipe is closed
	ended  chan struct{}  // closed when it has ended, with all its processes
	output bytes.Buffer   // what the server has printed; may be read once ended is closed
}

// start makes the data of a server, starts it, and returns once it answers.
func start(p program) (*Server, error) {
	data, err := os.MkdirTemp("", "otp-server-") // short, since the path of a socket must be
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}

	s := &Server{data: data}
	if err := s.fill(p); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", p.name, err), os.RemoveAll(data))
	}

	last := len(s.program.commands) - 1
	for _, command := range s.program.commands[:last] {
		prepare := exec.Command(command[0], command[1:]...)
		prepare.Dir = data
		if out, err := prepare.CombinedOutput(); err != nil {
			err = fmt.Errorf("%s: %s: %w; it printed:\n%s", p.name, command[0], err, out)
			return nil, errors.Join(err, os.RemoveAll(data))
		}
	}

	if err := s.Restart(); err != nil {
		return nil, err
	}
	return s, nil
}

// fill sets the program and its addresses.
func (s *Server) fill(p program) error {
	port, err := freePort()
	if err != nil {
		return err
	}

	places := strings.NewReplacer("{port}", port, "{data}", s.data)
	s.Address, s.hostPort = places.Replace(p.address), "127.0.0.1:"+port

	if p.folder == "" {
		p.folder = s.data
	} else if _, err := os.Stat(p.folder); err != nil {
		return ErrNotInstalled
	}

	for i, command := range p.commands {
		if command[0], err = find(command[0]); err != nil {
			return err
		}
		for j, word := range command {
			command[j] = places.Replace(word)
		}

		if p.rootless && os.Getuid() == 0 {
			p.commands[i] = append(asNobody, command...)
		}
	}

	if p.rootless && os.Getuid() == 0 {
		if err := os.Chown(s.data, nobody, nobody); err != nil {
			return err
		}
	}

	s.program = p
	return nil
}

// nobody is the number of the user and the group that no file belongs to.
const nobody = 65534

var asNobody = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}

// find returns the path of a program: in PATH, or where Debian puts those of servers.
func find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}

	for _, folder := range []string{"/usr/sbin/", "/usr/lib/postgresql/*/bin/"} {
		if found, _ := filepath.Glob(folder + program); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}

	return "", fmt.Errorf("%s is %w", program, ErrNotInstalled)
}

// freePort returns a port that nobody listens on now. It is below those that the system gives to
// connections, so that none of these takes it while the server is down.
func freePort() (string, error) {
	for {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err == nil {
			return port, l.Close()
		}

		if !errors.Is(err, syscall.EADDRINUSE) {
			return "", err
		}
	}
}

// home returns the folder of this file, which holds the scripts and, after make setup, the npm
// packages.
func home() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// Restart starts a server that Kill has ended again, at the same address, with the same data. It
// returns once the server answers.
func (s *Server) Restart() error {
	command := s.program.commands[len(s.program.commands)-1]
	keep := []string{filepath.Join(home(), "keep.sh"), s.data}
	cmd := exec.Command("sh", append(keep, command...)...)
	cmd.Dir = s.program.folder
	cmd.Stdout, cmd.Stderr = &s.output, &s.output

	alive, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", s.program.name, err), os.RemoveAll(s.data))
	}

	s.alive, s.ended = alive, make(chan struct{})
	go func() {
		cmd.Wait() // returns when no process of the server can print any more
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
	tick := time.NewTicker(20 * time.Millisecond)
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

		if s.answers() {
			return nil
		}
	}
}

func (s *Server) answers() bool {
	conn, err := net.Dial("tcp", s.hostPort)
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
