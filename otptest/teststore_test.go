package otptest

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

func TestEachBrokenStoreIsCaught(t *testing.T) {
	// Some broken stores in memory are caught only if two calls run at the same time.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0))))

	var caughtBy []string
	for _, b := range brokenStores {
		caughtBy = append(caughtBy, b.caughtBy)
		t.Run(b.fault, func(t *testing.T) {
			named := func(c storeCase) bool { return c.name == b.caughtBy }
			i := slices.IndexFunc(allCases, named)
			require.GreaterOrEqual(t, i, 0, "there is no case %q", b.caughtBy)

			err := checkCase(t, allCases[i], b.open())
			require.Error(t, err, "the case %q passes", b.caughtBy)
			t.Logf("%s: %v", b.caughtBy, err)
		})
	}
	for _, c := range allCases {
		assert.Contains(t, caughtBy, c.name, "no broken store shows that this case can fail")
	}
}

var allCases = slices.Concat(storeCases, waitingCases)

// checkCase runs one case, in a bubble if it waits.
func checkCase(t *testing.T, c storeCase, db handles) (err error) {
	if !slices.ContainsFunc(waitingCases, func(w storeCase) bool { return w.name == c.name }) {
		return c.check(t.Context(), db)
	}
	synctest.Test(t, func(t *testing.T) { err = c.check(t.Context(), db) })
	return err
}

// Sound stores pass: those that drop expired values at once, those that never do, those of two
// handles, slow ones, and a database that has been used before.
func TestSoundStoresPass(t *testing.T) {
	shared := func(s otp.Store) func() handles { return func() handles { return handles{s, s} } }
	dropping := newTable()
	dropping.drops = true
	used := shared(newTable())

	for i, test := range []struct {
		name string
		open func() handles
	}{
		{"dropping table", shared(dropping)},
		{"table", used},
		{"used table", used},
		{"whole seconds", redating(func(a swapArgs, _ time.Time) time.Time {
			if a.expires.IsZero() {
				return a.expires
			}
			return a.expires.Add(time.Second - 1).Truncate(time.Second)
		})},
		{"delayed", func() handles {
			s := memstore.New(nil)
			handle := func(seed uint64) otp.Store {
				return &FaultyStore{Store: s, Fault: RandomFaults(seed, 0, time.Millisecond)}
			}
			return handles{handle(1), handle(2)}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if testing.Short() && i > 0 {
				t.Skip("takes half a second of a processor")
			}
			for _, c := range allCases {
				assert.NoError(t, checkCase(t, c, test.open()), c.name)
			}
		})
	}
}

// TestTestStoreFails runs the suite on a broken store in another process, to see it fail and say
// why.
func TestTestStoreFails(t *testing.T) {
	const child = "OTPTEST_RUN_ON_BROKEN_STORE"
	if os.Getenv(child) != "" {
		TestStore(t, func(testing.TB) (a, b otp.Store) {
			db := mappingKeys(oneKey)()
			return db[0], db[1]
		})
		return
	}

	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTestStoreFails$/^keys$")
	cmd.Env = append(os.Environ(), child+"=1")
	output, err := cmd.CombinedOutput()

	_, failed := errors.AsType[*exec.ExitError](err)
	require.True(t, failed, "the suite did not fail: %v", err)
	for _, want := range []string{
		"--- FAIL: TestTestStoreFails/keys",
		"rule: keys have 1 to 43 characters",
		"Load: got",
	} {
		assert.Contains(t, string(output), want)
	}
}
