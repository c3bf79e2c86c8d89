package servers

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// envHelper makes this test binary start the server of that name, print where it listens and keeps
// its data, and wait to be killed.
const envHelper = "OTP_TEST_SERVERS_HELPER"

func TestMain(m *testing.M) {
	if name := os.Getenv(envHelper); name != "" {
		server, err := Shared[name].Start()
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}

		fmt.Println(server.hostPort, server.data)
		select {}
	}

	os.Exit(m.Run())
}

func TestServerEndsWithTheProcessThatStartedIt(t *testing.T) {
	for name := range Shared {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			helper := exec.Command(os.Args[0])
			helper.Env = append(os.Environ(), envHelper+"="+name)
			out, err := helper.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, helper.Start())

			line, err := bufio.NewReader(out).ReadString('\n')
			if strings.Contains(line, ErrNotInstalled.Error()) {
				Missing(t, line)
			}
			hostPort, data, found := strings.Cut(strings.TrimSpace(line), " ")
			require.True(t, found && err == nil, "the helper printed %q", line)
			require.True(t, listens(hostPort), "the server runs while its process does")

			require.NoError(t, helper.Process.Kill()) // SIGKILL: the helper can do nothing more
			helper.Wait()
			awaitEnd(t, hostPort)
			require.Eventually(t, func() bool { return !exists(data) }, 30*time.Second,
				20*time.Millisecond, "its data is removed")
		})
	}
}

// Killed servers come back at the same address with what they had acknowledged.
func TestKillAndRestart(t *testing.T) {
	psql := func(s *Server, statement string) []string {
		return []string{"psql", "-Atqc", statement, s.Address}
	}
	mariadb := func(s *Server, statement string) []string {
		_, port, _ := net.SplitHostPort(s.hostPort)
		return []string{"mariadb", "--no-defaults", "-NBh127.0.0.1", "-P" + port, "-uroot",
			"-e", statement}
	}
	redis := func(s *Server, command string) []string {
		_, port, _ := net.SplitHostPort(s.hostPort)
		return append([]string{"redis-cli", "-p", port}, strings.Fields(command)...)
	}

	for name, c := range map[string]struct {
		start       func() (*Server, error)
		client      func(s *Server, statement string) []string
		write, read string
	}{
		"postgres": {func() (*Server, error) { return StartPostgres() }, psql,
			"CREATE TABLE t AS SELECT 42 AS n", "SELECT n FROM t"},
		"mariadb": {func() (*Server, error) { return StartMariaDB() }, mariadb,
			"CREATE DATABASE d; CREATE TABLE d.t AS SELECT 42 AS n", "SELECT n FROM d.t"},
		"redis": {func() (*Server, error) { return StartRedis() }, redis,
			"SET n 42", "GET n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server, err := c.start()
			Check(t, err)
			query := func(statement string) string {
				command := c.client(server, statement)
				out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
				require.NoError(t, err, "%s", out)
				return strings.TrimSpace(string(out))
			}

			query(c.write)
			for range 2 {
				server.Kill()
				require.False(t, listens(server.hostPort))
				require.NoError(t, server.Restart())
				require.Equal(t, "42", query(c.read))
			}

			server.Stop()
			require.False(t, listens(server.hostPort))
			require.False(t, exists(server.data))
		})
	}
}

func TestServerThatDoesNotStart(t *testing.T) {
	_, err := start(program{name: "Nothing", commands: [][]string{
		{"sh", "-c", "echo a reason; exit 3"},
	}})
	assert.ErrorContains(t, err, "Nothing: it ended at once")
	assert.ErrorContains(t, err, "a reason", "what it printed")

	_, err = start(program{name: "Nothing", commands: [][]string{
		{"sh", "-c", "echo another reason; exit 3"}, {"sh"},
	}})
	assert.ErrorContains(t, err, "another reason", "what its preparation printed")

	for _, p := range []program{
		{name: "Nothing", commands: [][]string{{"no-such-program"}}},
		{name: "Nothing", folder: "/no/such/folder", commands: [][]string{{"sh"}}},
	} {
		_, err = start(p)
		assert.ErrorIs(t, err, ErrNotInstalled)
	}
}

func TestSMTP(t *testing.T) {
	for range 2 { // beside each other
		address := SMTP(t, "listen on 127.0.0.1 port $port\n"+
			`action "out" relay`+"\n"+`match from any for any action "out"`+"\n")

		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()

		greeting, err := bufio.NewReader(conn).ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, greeting, "OpenSMTPD")
	}
}

// Tests get databases of their own on a shared server.
func TestDatabasesOfTests(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{
		"postgres": Postgres,
		"mariadb":  MariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, database(t), database(t))
		})
	}
}

func awaitEnd(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool { return !listens(address) }, 30*time.Second,
		20*time.Millisecond, "the server has ended")
}

func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}

	conn.Close()
	return true
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// A probe notes how a test that misses something ends.
type probe struct {
	testing.TB
	failed, skipped bool
}

func (p *probe) Helper()      {}
func (p *probe) Fatal(...any) { p.failed = true }
func (p *probe) Skip(...any)  { p.skipped = true }

func TestMissing(t *testing.T) {
	for required, want := range map[string]probe{
		"":  {skipped: true},
		"1": {failed: true, skipped: true}, // Fatal of a real test does not return
	} {
		t.Setenv(EnvRequired, required)

		p := &probe{}
		Missing(p, "a program")
		assert.Equal(t, want, *p, "%s=%q", EnvRequired, required)
	}
}
