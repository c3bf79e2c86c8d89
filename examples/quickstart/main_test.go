package main

import (
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuickstart(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a program")
	}

	program := filepath.Join(t.TempDir(), "quickstart")
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)

	// run starts the program, types what answer makes of the code, and returns what is said then.
	run := func(answer func(code string) string) (string, error) {
		cmd := exec.Command(program)
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())

		var code string
		_, err = fmt.Fscanf(out, "To ada@example.com: your code is %s\n", &code)
		require.NoError(t, err)

		_, err = fmt.Fprintln(in, answer(code))
		require.NoError(t, err)
		rest, err := io.ReadAll(out)
		require.NoError(t, err)
		return string(rest), cmd.Wait()
	}

	said, err := run(func(code string) string { return code })
	require.NoError(t, err)
	require.Equal(t, "Code: Welcome, Ada.\n", said)

	said, err = run(func(code string) string { return code[1:] })
	require.Error(t, err)
	require.Equal(t, "Code: ", said)
}
