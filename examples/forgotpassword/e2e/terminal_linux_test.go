package e2e

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A terminalSession is a program that runs on a terminal of its own.
type terminalSession struct {
	t        *testing.T
	cmd      *exec.Cmd
	terminal *os.File
	shown    bytes.Buffer
}

func (s *system) onTerminal(args ...string) *terminalSession {
	s.t.Helper()
	cmd := exec.Command(program(s.t, "users"), args...)
	cmd.Env = s.env
	terminal, err := pty.Start(cmd)
	require.NoError(s.t, err)
	s.t.Cleanup(func() {
		terminal.Close()
		cmd.Process.Kill()
	})
	return &terminalSession{t: s.t, cmd: cmd, terminal: terminal}
}

// answer waits for the prompt and then types the text.
func (s *terminalSession) answer(prompt, text string) {
	s.t.Helper()
	part := make([]byte, 100)
	for !strings.HasSuffix(s.shown.String(), prompt) {
		n, err := s.terminal.Read(part)
		require.NoError(s.t, err, s.shown.String())
		s.shown.Write(part[:n])
	}

	s.awaitHidden()
	_, err := io.WriteString(s.terminal, text)
	require.NoError(s.t, err)
}

// awaitHidden returns once the terminal does not show what is typed.
func (s *terminalSession) awaitHidden() {
	await(s.t, "the terminal to hide what is typed", func() bool { return !s.shows() })
}

func (s *terminalSession) shows() bool {
	s.t.Helper()
	state, err := unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS)
	require.NoError(s.t, err)
	return state.Lflag&unix.ECHO != 0
}

// end returns what was shown in all, and how the program ended.
func (s *terminalSession) end() (shown string, err error) {
	io.Copy(&s.shown, s.terminal) // ends with an error when the program does
	err = s.cmd.Wait()
	return s.shown.String(), err
}

// The password is asked for twice on the terminal, which does not show it.
func TestAddUserOnTerminal(t *testing.T) {
	s := newSystem(t)
	email := "grace-" + s.email

	session := s.onTerminal("add", email)
	session.answer("Password: ", newPassword+"\n")
	session.answer("The same again: ", newPassword+"\n")
	shown, err := session.end()
	require.NoError(t, err, shown)
	assert.NotContains(t, shown, newPassword)
	assert.Contains(t, shown, "The account was added.")
	assert.True(t, s.matches(email, newPassword))

	session = s.onTerminal("add", "new-"+s.email)
	session.answer("Password: ", newPassword+"\n")
	session.answer("The same again: ", oldPassword+"\n")
	shown, err = session.end()
	assert.Error(t, err)
	assert.Contains(t, shown, "the two passwords are not the same")
	assert.False(t, s.matches("new-"+s.email, newPassword))
}

// Ctrl-C leaves a terminal that shows what is typed.
func TestAddUserInterrupted(t *testing.T) {
	s := newSystem(t)

	session := s.onTerminal("add", "grace-"+s.email)
	session.answer("Password: ", "half a pass")
	require.NoError(t, session.cmd.Process.Signal(syscall.SIGINT))
	require.Error(t, session.cmd.Wait())
	assert.Equal(t, 130, session.cmd.ProcessState.ExitCode())
	assert.True(t, session.shows())
}
