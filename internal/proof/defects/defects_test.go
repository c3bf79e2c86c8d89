// Package defects shows that the proofs can fail: it puts one known defect after the other into package otp and expects
// the named test to notice.
package defects

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bound is how long a test may take to notice a defect, building included.
const bound = 3 * time.Minute

// TestDefectsAreCaught applies each *.diff of this folder to the sources of package otp, without touching them, and runs
// the test that it names.
func TestDefectsAreCaught(t *testing.T) {
	t.Setenv("GOFLAGS", "") // the runs are to be the same however this one is
	files, err := filepath.Glob("*.diff")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d defects, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".diff"), func(t *testing.T) {
			d, err := read(file)
			if err != nil {
				t.Fatal(err)
			}
			overlay, err := d.apply("../../..", t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			out, err := goTest(t, "-overlay", overlay, "-run", "^"+d.caughtBy+"$", "../histories", "-proof.histories=20000", "-proof.concurrent=20000", "-rapid.shrinktime=5s")
			if _, failed := errors.AsType[*exec.ExitError](err); !failed {
				t.Fatalf("the defect is not caught: %v\n%s", err, out)
			}
			if !strings.Contains(out, "--- FAIL: "+d.caughtBy) || !strings.Contains(out, "[rapid] failed after") && !strings.Contains(out, "[rapid] flaky test") {
				t.Fatalf("not caught by %s:\n%s", d.caughtBy, out)
			}
		})
	}
}

// TestNoDefectNoCatch: the runs that catch defects succeed without one.
func TestNoDefectNoCatch(t *testing.T) {
	t.Setenv("GOFLAGS", "")
	if out, err := goTest(t, "../histories", "-proof.histories=300", "-proof.concurrent=300"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func goTest(t *testing.T, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1"}, args...)...).CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("not done after %v", bound)
	}
	return string(out), err
}

// A defect is a set of changes to sources of package otp.
type defect struct {
	caughtBy string
	hunks    []hunk
}

type hunk struct{ file, old, new string }

// read reads a defect: what it is, "Caught by" and a test, and hunks that begin with "@@" and the name of a file and go
// on like those of a unified diff.
func read(file string) (d defect, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return d, err
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if name, found := strings.CutPrefix(line, "@@ "); found {
			d.hunks = append(d.hunks, hunk{file: name})
			continue
		}
		if len(d.hunks) == 0 {
			if name, found := strings.CutPrefix(line, "Caught by "); found {
				d.caughtBy = name
			}
			continue
		}
		h := &d.hunks[len(d.hunks)-1]
		switch {
		case strings.HasPrefix(line, " "):
			h.old += line[1:] + "\n"
			h.new += line[1:] + "\n"
		case strings.HasPrefix(line, "-"):
			h.old += line[1:] + "\n"
		case strings.HasPrefix(line, "+"):
			h.new += line[1:] + "\n"
		default:
			return d, fmt.Errorf("%s, line %d: want ' ', '-' or '+' in front", file, i+1)
		}
	}
	if d.caughtBy == "" || len(d.hunks) == 0 {
		return d, fmt.Errorf("%s: names no test or changes nothing", file)
	}
	return d, nil
}

// apply writes the changed sources into folder and returns the overlay with which go builds them. A hunk that does not
// fit exactly one place is an error, so that no defect goes out of date unnoticed.
func (d defect) apply(module, folder string) (overlay string, err error) {
	changed := map[string]string{}
	for _, h := range d.hunks {
		source, found := changed[h.file]
		if !found {
			text, err := os.ReadFile(filepath.Join(module, h.file))
			if err != nil {
				return "", err
			}
			source = string(text)
		}
		if n := strings.Count("\n"+source, "\n"+h.old); n != 1 {
			return "", fmt.Errorf("%d places in %s look like\n%s", n, h.file, h.old)
		}
		changed[h.file] = strings.TrimPrefix(strings.Replace("\n"+source, "\n"+h.old, "\n"+h.new, 1), "\n")
	}
	replace := map[string]string{}
	for name, source := range changed {
		original, err := filepath.Abs(filepath.Join(module, name))
		if err != nil {
			return "", err
		}
		replace[original] = filepath.Join(folder, name)
		if err := os.WriteFile(replace[original], []byte(source), 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(folder, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}
