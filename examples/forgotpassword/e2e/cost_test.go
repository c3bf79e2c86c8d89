package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxBinary is how large a function may be, relative to the bare one. manual.md has the bounds.
const maxBinary = 1.15

// functions are what Lambda runs, the bare one first.
var functions = []string{"bare", "generate", "reset"}

func size(tb testing.TB, name string) float64 {
	tb.Helper()
	file, err := os.Stat(program(tb, name))
	require.NoError(tb, err)
	return float64(file.Size())
}

// TestBinarySize fails if something has come in that keeps the linker from leaving out what is not
// used, as text/template does, with which functions are 1.67 of the size.
func TestBinarySize(t *testing.T) {
	bare := size(t, functions[0])

	for _, name := range functions[1:] {
		assert.LessOrEqual(t, size(t, name)/bare, maxBinary, "%s is too large: look for "+
			"<ReflectMethod> in what go build -ldflags=-dumpdep prints", name)
	}
}

// BenchmarkColdStart measures the functions: their size, and the time from the start of the process
// to its first answer, in turns. The answer needs no table and no mail: what is compared is what
// the application costs before it does anything. Each function reads the secret. The result is the
// median, since the least is a matter of luck: when the garbage collector runs, for instance.
func BenchmarkColdStart(b *testing.B) {
	secret, _ := secrets(b)
	settings := append(secret, idle...) // a CA bundle of this machine alone would double the time

	took := map[string][]time.Duration{}
	for range b.N {
		for _, i := range rand.Perm(len(functions)) { // none gets the same processor each time
			name := functions[i]
			f := startFunction(b, name, settings)
			f.request("POST", "/", "")
			took[name] = append(took[name], time.Since(f.Started()))
			f.Stop()
		}
	}

	for _, name := range functions {
		slices.Sort(took[name])
		b.ReportMetric(float64(took[name][b.N/2].Nanoseconds()), name+"-ns")
		b.ReportMetric(size(b, name), name+"-B")
	}
	b.ReportMetric(0, "ns/op")
}

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
