package redisdb

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server ends with the process that started it, even if that is killed, and leaves no data.
func TestServerEndsWithItsProcess(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(t.TempDir(), "run")
	out, err := exec.Command("go", "build", "-C", "../../..", "-o", program,
		"./internal/servers/run").CombinedOutput()
	require.NoError(t, err, "%s", out)

	run := exec.CommandContext(t.Context(), program, "-only", "redis",
		"sh", "-c", "echo $OTP_REDIS; cat")
	run.Env = append(os.Environ(), "OTP_REDIS=", "TMPDIR="+folder)
	stdin, err := run.StdinPipe()
	require.NoError(t, err)
	defer stdin.Close()
	stdout, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())

	address, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	conn, err := net.Dial("tcp", strings.TrimSpace(address))
	require.NoError(t, err, "the server runs while its process does")
	conn.Close()

	require.NoError(t, run.Process.Kill()) // SIGKILL: the process can do nothing more
	require.Eventually(t, func() bool {
		_, err := net.Dial("tcp", strings.TrimSpace(address))
		left, _ := os.ReadDir(folder)
		return err != nil && len(left) == 0
	}, 30*time.Second, 20*time.Millisecond)
}
