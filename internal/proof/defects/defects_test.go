// Package defects shows that the proofs can fail: it puts one known defect after the other into
// package otp and expects the named test to notice.
package defects

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A defect is one changed line of package otp, and the test that notices it.
type defect struct {
	name     string
	file     string
	old, new string
	caughtBy string
}

const (
	byModel  = "TestServiceAgreesWithModel"   // of package histories
	byLinear = "TestLinearizableOverMemstore" // of package histories
	byRule14 = "TestRule14TheCallerDecidesNothing"
	byKnown  = "TestKnownAnswers"
	byRetain = "TestRetentionDuringARollOut"
)

var defects = []defect{
	{"another Binding is compared", "state.go",
		`		if c.binding != g.binding || !c.comparable(now) { // Rules 3 and 9`,
		`		if !c.comparable(now) {`, byModel},
	{"a code works at its expiry", "state.go",
		`func (c *code) unexpired(now time.Time) bool { return now.Before(c.expires()) }`,
		`func (c *code) unexpired(now time.Time) bool { return !now.After(c.expires()) }`, byModel},
	{"open attempts are not counted", "state.go",
		`	if s.failuresAt(now)+open+p.MaxAttempts > p.MaxFailures {`,
		`	if s.failuresAt(now)+p.MaxAttempts > p.MaxFailures {`, byModel},
	{"asking again gives back attempts", "state.go",
		`	resent := c != nil`,
		`	resent := c != nil && func() bool { c.left = c.given; return true }()`, byModel},
	{"asking again extends the lifetime", "state.go",
		`	resent := c != nil`,
		`	resent := c != nil && func() bool { c.issued = roundDown(now); return true }()`,
		byModel},
	{"success leaves codes of its Binding", "state.go",
		`	s.void(now, func(binding tag) bool { return binding == g.binding })`,
		`	s.void(now, func(tag) bool { return false })`, byModel},
	{"success voids codes of other Bindings", "state.go",
		`	s.void(now, func(binding tag) bool { return binding == g.binding })`,
		`	s.void(now, func(tag) bool { return true })`, byModel},
	{"success clears all failures", "state.go",
		`	s.takeBack(now, c.given-c.left)`,
		`	s.takeBack(now, maxCounted)`, byModel},
	{"success takes nothing back", "state.go",
		`	s.takeBack(now, c.given-c.left)`,
		`	s.takeBack(now, 0)`, byModel},
	{"the code of a decoy verifies", "state.go",
		`		case equal && !c.decoy:`,
		`		case equal:`, byModel},
	{"a decoy voids real codes, and the other way round", "state.go",
		`	s.count(now, a.id)`,
		`	last := len(s.codes) - 1
	s.void(now, func(tag) bool { return s.codes[last].decoy != s.codes[0].decoy })`, byModel},
	{"a real Send leaves the flag of a decoy", "state.go",
		`		c.decoy = false // Rule 5: a real Send of a decoy clears the flag`,
		`		_ = c.decoy`, byModel},
	{"one failure for a guess that was compared with two codes", "state.go",
		`			failures++`,
		`			failures = 1`, byModel},
	{"a used code counts failures", "state.go",
		`		if c.live(now) {`,
		`		if c.comparable(now) {`, byModel},
	{"a repeat by its key without the text", "state.go",
		`		switch equal := typed.equal(&text); {`,
		`		switch equal := typed.equal(&text) || c.used(); {`, byModel},
	{"Revoke leaves repeats", "state.go",
		`			c.usedWith = tag{}`,
		`			_ = c.usedWith`, byModel},
	{"Unlock leaves the sends", "state.go",
		`	s.sends = s.sends[:0]`,
		`	_ = s.sends[:0]`, byModel},
	{"codes do not get longer", "state.go",
		`		length = p.MaxLength`,
		`		length = p.Length`, byModel},
	{"Trust is left out of the record's key", "record.go",
		`	r.recordMAC.message = append(r.recordMAC.message, byte(trust))`,
		`	r.recordMAC.message = append(r.recordMAC.message, 0)`, byModel},
	{"a value expires at once", "state.go",
		`	s.keepUntil = ratchet(s.keepUntil, until, now)`,
		`	s.keepUntil = roundUp(now)`, byModel},
	{"a failed send is refunded", "otp.go",
		`	return outcome.status, s.deliver(&contexts.sender, m)`,
		`	if err = s.deliver(&contexts.sender, m); err != nil {
		update(&contexts.store, r, func(st *state, _ time.Time) (int, bool) {
			st.sends = nil
			return 0, true
		})
	}
	return outcome.status, err`, byModel},
	{"a blind put in place of a swap", "record.go",
		`	swapped, err = r.store.CompareAndSwap(ctx, r.key, old, r.sealed, expires)`,
		`	current, _ := r.store.Load(ctx, r.key)
	swapped, err = r.store.CompareAndSwap(ctx, r.key, current, r.sealed, expires)`, byLinear},
	{"a lost swap counts as won", "record.go",
		`	return swapped, nil`,
		`	return true, nil`, byLinear},
	{"an acceptance does not recognize itself", "state.go",
		`	if slices.ContainsFunc(s.codes, func(c code) bool { return c.usedBy == g.id }) {`,
		`	if false {`, byLinear},
	{"a Send does not recognize itself", "state.go",
		`	if s.recorded(a.id) {`,
		`	if false {`, byLinear},
	{"a canceled context is passed on", "record.go",
		`		detached := context.WithoutCancel(t.parent)`,
		`		detached := t.parent`, byRule14},
	{"a deadline is passed on", "record.go",
		`		detached := context.WithoutCancel(t.parent)`,
		`		detached := context.WithoutCancel(t.parent)
		if d, ok := t.parent.Deadline(); ok {
			detached, _ = context.WithDeadline(detached, d)
		}`, byRule14},
	{"retention shrinks", "state.go",
		`	s.keepUntil = ratchet(s.keepUntil, until, now)`,
		`	s.keepUntil = ratchet(until, until, now)`, byRetain},
	{"codes are derived under a public key", "keys.go",
		`	k.key, err = subkey(secret, "code/"+purpose, sha256.Size)`,
		`	k.key, err = subkey([]byte("public"), "code/"+purpose, sha256.Size)`, byKnown},
	{"values are authenticated under a public key", "record.go",
		`		valueMAC:   newMAC(rs.keys.value),`,
		`		valueMAC:   newMAC([]byte("public")),`, byKnown},
	{"tags are made under a public key", "record.go",
		`		bindingMAC: newMAC(rs.keys.binding),`,
		`		bindingMAC: newMAC([]byte("public")),`, byKnown},
	{"records are located by a public key", "record.go",
		`		recordMAC:  newMAC(rs.keys.record),`,
		`		recordMAC:  newMAC([]byte("public")),`, byKnown},
	{"the flags of the stored form are swapped", "encode.go",
		`	flagDecoy = 1`,
		`	flagDecoy = 3 - 1`, "TestKnownAnswerOfAState"},
}

// root is the folder of package otp.
const root = "../../.."

// TestDefectsAreCaught applies each defect to the sources, without touching them, and runs the test
// that it names.
func TestDefectsAreCaught(t *testing.T) {
	for _, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			out, err := goTest(t, "-overlay", d.overlay(t), d.caughtBy)
			require.Error(t, err, "the defect is not caught:\n%s", out)
			require.Contains(t, out, "--- FAIL: "+d.caughtBy, out)
			require.NotContains(t, out, "[build failed]")
		})
	}
}

// The tests that notice defects succeed without one.
func TestNoDefectNoCatch(t *testing.T) {
	tests := map[string]bool{}
	for _, d := range defects {
		tests[d.caughtBy] = true
	}

	for test := range tests {
		out, err := goTest(t, "-overlay", "", test)
		require.NoError(t, err, out)
		require.NotContains(t, out, "no tests to run")
	}
}

// goTest runs a test with an overlay of sources.
func goTest(t *testing.T, flag, overlay, test string) (string, error) {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()

	args := []string{"test", "-count=1", flag, overlay, "-run", "^" + test + "$"}
	folder := root
	if test == byModel || test == byLinear {
		folder = ".."
		args = append(args, "./histories", "-rapid.shrinktime=1s")
		if overlay != "" {
			args = append(args, "-proof.histories=20000", "-proof.concurrent=20000")
		}
	}

	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOFLAGS=") // the runs are the same however this one is
	out, err := cmd.CombinedOutput()
	require.NoError(t, ctx.Err(), "%s", out)
	return string(out), err
}

// overlay writes the changed source and returns the file that tells go about it. A line that does
// not stand in exactly one place ends the test, so that no defect goes out of date unnoticed.
func (d defect) overlay(t *testing.T) string {
	t.Helper()

	original, err := filepath.Abs(filepath.Join(root, d.file))
	require.NoError(t, err)
	source, err := os.ReadFile(original)
	require.NoError(t, err)
	places := strings.Count(string(source), "\n"+d.old+"\n")
	require.Equal(t, 1, places, "places of the line in %s", d.file)

	folder := t.TempDir()
	changed := filepath.Join(folder, d.file)
	text := strings.Replace(string(source), "\n"+d.old+"\n", "\n"+d.new+"\n", 1)
	require.NoError(t, os.WriteFile(changed, []byte(text), 0o600))

	list, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	require.NoError(t, err)
	overlay := filepath.Join(folder, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, list, 0o600))
	return overlay
}
