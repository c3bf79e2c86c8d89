package servers

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// programs are the ones that this package can start for any user of the system.
var programs = map[string]program{
	"dynamodb": dynamoDB, "ses": ses, "postgres": postgres, "mariadb": mariaDB, "redis": redis,
}

// envHelper makes this test binary start the server of that name, print where it listens and keeps
// its data, and wait to be killed.
const envHelper = "OTP_TEST_SERVERS_HELPER"

func TestMain(m *testing.M) {
	if name := os.Getenv(envHelper); name != "" {
		flag.Parse() // as m.Run does: start asks for -short
		server, err := start(programs[name])
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}

		fmt.Println(server.port, server.data)
		select {}
	}

	os.Exit(m.Run())
}

func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts servers")
	}
}

func TestServerEndsWithTheProcessThatStartedIt(t *testing.T) {
	skipShort(t)
	for name := range programs {
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
			port, data, found := strings.Cut(strings.TrimSpace(line), " ")
			require.True(t, found && err == nil, "the helper printed %q", line)
			require.True(t, listens(port), "the server runs while its process does")

			require.NoError(t, helper.Process.Kill()) // SIGKILL: the helper can do nothing more
			helper.Wait()
			require.Eventually(t, func() bool { return !listens(port) }, 30*time.Second,
				20*time.Millisecond, "the server has ended")
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
		return []string{"mariadb", "--no-defaults", "-NBh127.0.0.1", "-P" + s.port, "-uroot",
			"-e", statement}
	}
	redis := func(s *Server, command string) []string {
		return append([]string{"redis-cli", "-p", s.port}, strings.Fields(command)...)
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
				require.False(t, listens(server.port))
				require.NoError(t, server.Restart())
				require.Equal(t, "42", query(c.read))
			}

			server.Stop()
			require.False(t, listens(server.port))
			require.False(t, exists(server.data))
		})
	}
}

func TestServerThatDoesNotStart(t *testing.T) {
	skipShort(t)
	_, err := start(program{name: "Nothing", script: "echo a reason; exit 3"})
	require.ErrorContains(t, err, "Nothing: it ended at once, with status 3")
	require.ErrorContains(t, err, "a reason", "what it printed")
	require.NotErrorIs(t, err, ErrNotInstalled)

	_, err = start(program{name: "Nothing", script: "exec no-such-program"})
	require.ErrorIs(t, err, ErrNotInstalled)
	require.ErrorContains(t, err, "no-such-program")
}

// A port that somebody else takes before the server does costs one more try.
func TestServerWhosePortIsTaken(t *testing.T) {
	skipShort(t)
	tries := filepath.Join(t.TempDir(), "tries")
	unlucky := redis
	unlucky.script = `printf . >>` + tries + `
		[ "$(cat ` + tries + `)" = ... ] || { echo bind: Address already in use; exit 1; }
		` + redis.script

	server, err := start(unlucky)
	Check(t, err)
	t.Cleanup(server.Stop)
	require.True(t, listens(server.port))
}

func TestSMTP(t *testing.T) {
	if os.Getuid() != 0 {
		Missing(t, "OpenSMTPD runs as root only")
	}

	for range 2 { // beside each other
		server, err := StartSMTP("listen on 127.0.0.1 port $port\n" +
			`action "out" relay` + "\n" + `match from any for any action "out"` + "\n")
		Check(t, err)
		t.Cleanup(server.Stop)

		conn, err := net.Dial("tcp", server.Address)
		require.NoError(t, err)
		defer conn.Close()

		greeting, err := bufio.NewReader(conn).ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, greeting, "OpenSMTPD")
	}
}

func listens(port string) bool {
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
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
