// Package defects shows that the proofs can fail: it puts known defects into package otp, turns on
// one after the other, and expects the named test to notice.
package defects

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// root is the folder of package otp.
const root = "../../.."

// TestDefectsAreCaught builds each test with all defects in, switched off, and runs it with one of
// them on. Without one, it succeeds.
func TestDefectsAreCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds three packages and runs their tests many times")
	}

	binaries := build(t)
	for _, d := range append(soundOnes(), defects...) {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			out, err := d.run(t, binaries[d.caughtBy.folder])
			if d.file == "" {
				require.NoError(t, err, out)
				require.Contains(t, out, "--- PASS: "+d.caughtBy.test, out)
				return
			}
			require.Error(t, err, "the defect is not caught:\n%s", out)
			require.Contains(t, out, "--- FAIL: "+d.caughtBy.test, out)
		})
	}
}

// soundOnes returns a case without a defect for each test.
func soundOnes() (sound []defect) {
	seen := map[catcher]bool{}
	for _, d := range defects {
		if c := d.caughtBy; !seen[c] {
			seen[c] = true
			sound = append(sound, defect{name: "none, by " + c.test, caughtBy: c})
		}
	}
	return sound
}

// run runs the test that catches the defect, with the defect on.
func (d defect) run(t *testing.T, binary string) (string, error) {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()

	args := []string{"-test.v", "-test.run", "^" + d.caughtBy.test + "$"}
	if strings.HasSuffix(d.caughtBy.folder, "histories") {
		args = append(args, "-rapid.shrinktime=0s")
		if d.file != "" {
			args = append(args, "-proof.histories=20000", "-proof.concurrent=20000")
		}
	}

	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = filepath.Join(root, d.caughtBy.folder)
	cmd.Env = append(os.Environ(), "OTP_DEFECT="+d.name)
	out, err := cmd.CombinedOutput()
	require.NoError(t, ctx.Err(), "%s", out)
	return string(out), err
}

// build builds the tests and returns the binaries by folder.
func build(t *testing.T) map[string]string {
	t.Helper()

	overlay, binaries := writeOverlay(t), map[string]string{}
	for _, d := range defects {
		folder := d.caughtBy.folder
		if binaries[folder] != "" {
			continue
		}

		binaries[folder] = filepath.Join(t.TempDir(), "test")
		cmd := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off",
			"-overlay", overlay, "-o", binaries[folder], ".")
		cmd.Dir = filepath.Join(root, folder)
		cmd.Env = append(os.Environ(), "GOFLAGS=") // the builds are the same however this one is
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return binaries
}

// support is what the defects in the sources call.
const support = `package otp

import (
	"context"
	"os"
	"slices"
	"time"
)

var activeDefect = os.Getenv("OTP_DEFECT")

func defective(name string) bool { return activeDefect == name }

func pick[T any](name string, defective, sound func() T) T {
	if activeDefect == name {
		return defective()
	}
	return sound()
}

func (s *state) voidOthers(now time.Time, c *code) *code {
	own := *c
	s.void(now, func(tag) bool { return own.decoy != s.codes[0].decoy })
	return &own
}

func (s *state) remove(seed operationID) {
	s.codes = slices.DeleteFunc(s.codes, func(c code) bool { return c.seed == seed })
}

func (s *Service) deliverOrRefund(ctx context.Context, r *record, m Message) error {
	err := s.deliver(ctx, m)
	if err != nil {
		update(ctx, r, func(time.Time) (int, bool) {
			r.state.sends = nil
			return 0, true
		})
	}
	return err
}

func withDeadlineOf(
	ctx context.Context, timeout time.Duration,
) (context.Context, context.CancelFunc) {
	detached := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		detached, _ = context.WithDeadline(detached, deadline)
	}
	return context.WithTimeout(detached, timeout)
}
`

// writeOverlay puts all defects into copies of the sources and returns the file that tells go about
// them. A line that does not stand in exactly one place ends the test, so that no defect goes out
// of date unnoticed.
func writeOverlay(t *testing.T) string {
	t.Helper()

	sources := map[string]string{"defective.go": support}
	changed := map[[2]string]string{} // by file and line: what stands there so far
	for _, d := range defects {
		if _, read := sources[d.file]; !read {
			source, err := os.ReadFile(filepath.Join(root, d.file))
			require.NoError(t, err)
			sources[d.file] = string(source)
		}

		line := [2]string{d.file, d.old}
		now, again := changed[line]
		if !again {
			now = d.old
		}
		require.Equal(t, 1, strings.Count(sources[d.file], "\n"+now+"\n"),
			"places of the line of %q in %s", d.name, d.file)
		changed[line] = d.switched(t, now)
		sources[d.file] = strings.Replace(
			sources[d.file], "\n"+now+"\n", "\n"+changed[line]+"\n", 1)
	}

	folder, replace := t.TempDir(), map[string]string{}
	for name, source := range sources {
		original, err := filepath.Abs(filepath.Join(root, name))
		require.NoError(t, err)
		replace[original] = filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(replace[original], []byte(source), 0o600))
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	overlay := filepath.Join(folder, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, list, 0o600))
	return overlay
}

// expressions are the forms of lines in which a defect changes an expression: a condition, a case,
// a value of a literal or a new variable, and what a function returns. In all others it changes a
// statement.
var expressions = []*regexp.Regexp{
	regexp.MustCompile(`^(\t*\w+ := )(.*)()$`),
	regexp.MustCompile(`^(\t*if )(.*?)( \{(?: //.*)?)$`),
	regexp.MustCompile(`^(\t*case )(.*)(:)$`),
	regexp.MustCompile(`^(\t*\w+: +)(.*)(,)$`),
	regexp.MustCompile(`^(func .* \{ return )(.*)( \})$`),
}

// switched returns the line with the defect in, where it now stands as given.
func (d defect) switched(t *testing.T, now string) string {
	t.Helper()

	for _, form := range expressions {
		was, wanted := form.FindStringSubmatch(now), form.FindStringSubmatch(d.new)
		if was == nil {
			continue
		}

		require.NotNil(t, wanted, "the line of %q has the form of the one before", d.name)
		result := "bool"
		switch {
		case strings.Contains(was[2], "newMAC("):
			result = "*mac"
		case strings.Contains(was[2], "roundUp("):
			result = "time.Time"
		}
		return fmt.Sprintf("%spick(%q, func() %s { return %s }, func() %s { return %s })%s",
			was[1], d.name, result, wanted[2], result, was[2], was[3])
	}
	return fmt.Sprintf("if defective(%q) {\n%s\n} else {\n%s\n}", d.name, d.new, now)
}
