package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/lambdahttp/lambdatest"
)

// resident returns how much memory the process takes, and the most that it has taken, in MiB.
func (f *function) resident() (now, most float64) {
	f.tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.PID()))
	require.NoError(f.tb, err)

	for line := range strings.Lines(string(status)) {
		var kilobytes float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kilobytes); err == nil {
			now = kilobytes / 1024
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kilobytes); err == nil {
			most = kilobytes / 1024
		}
	}
	return now, most
}

// processor returns how long the process has been on a processor.
func (f *function) processor() (total time.Duration) {
	f.tb.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", f.PID()))
	require.NoError(f.tb, err)

	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		require.NoError(f.tb, err)

		var running time.Duration
		_, err = fmt.Sscan(string(stat), &running)
		require.NoError(f.tb, err)
		total += running
	}
	return total
}

// spent returns how long the process is on a processor during the step, in milliseconds.
func (f *function) spent(step func()) float64 {
	before := f.processor()
	step()
	return float64((f.processor() - before).Microseconds()) / 1000
}

// The memory sizes of serverless.yml leave as much again as the functions need. manual.md
// gives the figures that this logs.
func TestMemory(t *testing.T) {
	s := newSystem(t)
	secret, _ := secrets(t)
	settings := append(s.env, secret...)
	generate := startFunction(t, program(t, "generate"), lambdatest.Sources[0], settings)
	reset := startFunction(t, program(t, "reset"), lambdatest.Sources[0], settings)

	ask := func(address string) func() {
		return func() { generate.want(202, "GET", "/generate-otp/"+address, "") }
	}
	take := func() {
		reset.want(200, "POST", "/reset-password", s.body("otp", s.code(), "password", newPassword))
	}
	signIn := func() { reset.want(200, "POST", "/login", s.body("password", newPassword)) }

	for _, x := range []struct {
		f           *function
		name        string
		size        float64 // memorySize
		first, next func()
	}{
		{generate, "generate", 128, ask(s.email), ask("nobody-" + s.email)},
		{reset, "reset", 512, take, signIn},
	} {
		require.Equal(t, 404, x.f.request("POST", "/", "").StatusCode) // it has started
		rest, _ := x.f.resident()
		cold := x.f.spent(x.first)
		first, _ := x.f.resident()
		warm := x.f.spent(x.next)
		_, most := x.f.resident()

		assert.Less(t, most, x.size/2, x.name)
		t.Logf("%s: %.1f MiB at rest, %.1f MiB after the first request, at most %.1f MiB; "+
			"the first request takes %.1f ms of a processor, the next %.1f ms",
			x.name, rest, first, most, cold, warm)
	}
}
