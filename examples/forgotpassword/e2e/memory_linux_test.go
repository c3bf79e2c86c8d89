package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// peak returns the most memory that the process has taken, in MiB.
func (f *function) peak() float64 {
	f.tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.PID()))
	require.NoError(f.tb, err)

	_, line, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes float64
	_, err = fmt.Sscan(line, &kilobytes)
	require.NoError(f.tb, err)
	return kilobytes / 1024
}

// The memory sizes of serverless.yml leave as much again as the functions need. manual.md gives the
// figures that this logs.
func TestMemory(t *testing.T) {
	s := newSystem(t)
	generate, reset := s.functions()
	generate.want(202, "GET", "/generate-otp/"+s.email, "")
	generate.want(202, "GET", "/generate-otp/nobody-"+s.email, "")
	reset.want(200, "POST", "/reset-password", s.body("otp", s.code(), "password", newPassword))
	reset.want(200, "POST", "/login", s.body("password", newPassword))

	for f, size := range map[*function]float64{generate: 128, reset: 512} { // memorySize
		peak := f.peak()
		assert.Less(t, peak, size/2)
		t.Logf("of %v MB: at most %.1f MiB", size, peak)
	}
}
