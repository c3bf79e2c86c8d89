package otptest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

// slowLoads is a store whose Load takes time. In a bubble time stands still while anybody is busy: without it, those
// who read again and again would keep those who wait from ever going on.
type slowLoads struct{ otp.Store }

func (s slowLoads) Load(ctx context.Context, key string) ([]byte, error) {
	time.Sleep(time.Microsecond)
	return s.Store.Load(ctx, key)
}

// checkInBubble runs one case, in a bubble so that it need not wait.
func checkInBubble(t *testing.T, c *storeCase, s otp.Store) (err error) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err = c.check(ctx, handles{slowLoads{s}, slowLoads{s}})
	})
	return err
}

func TestEachBrokenStoreIsCaught(t *testing.T) {
	for _, b := range brokenStores {
		t.Run(b.fault, func(t *testing.T) {
			i := slices.IndexFunc(storeCases, func(c storeCase) bool { return c.name == b.caughtBy })
			if i < 0 {
				t.Fatalf("there is no case %q", b.caughtBy)
			}
			err := checkInBubble(t, &storeCases[i], b.make())
			if err == nil {
				t.Errorf("the case %q passes", b.caughtBy)
			}
			t.Logf("%s: %v", b.caughtBy, err)
		})
	}
}

func TestEachCaseCatchesABrokenStore(t *testing.T) {
	catches := make(map[string]bool)
	for _, b := range brokenStores {
		catches[b.caughtBy] = true
	}
	for _, c := range storeCases {
		if !catches[c.name] {
			t.Errorf("no broken store shows that the case %q can fail", c.name)
		}
	}
}

// Right stores pass: those that drop expired values at once, those that never do, and those that have been used before.
func TestRightStoresPass(t *testing.T) {
	used := memstore.New(nil)
	for _, test := range []struct {
		name string
		make func() otp.Store
	}{
		{"memstore", func() otp.Store { return memstore.New(nil) }},
		{"table", func() otp.Store { return newTable() }},
		{"dropping table", func() otp.Store { return newDroppingTable() }},
		{"used", func() otp.Store { return used }},
		{"used again", func() otp.Store { return used }},
		{"delayed", func() otp.Store {
			return &FaultyStore{Store: memstore.New(nil), Fault: RandomFaults(1, 0, time.Millisecond)}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i := range storeCases {
				if err := checkInBubble(t, &storeCases[i], test.make()); err != nil {
					t.Errorf("%s: %v", storeCases[i].name, err)
				}
			}
		})
	}
}

// TestTestStore runs the suite as its users do.
func TestTestStore(t *testing.T) {
	TestStore(t, func(testing.TB) (a, b otp.Store) {
		s := memstore.New(nil)
		return s, s
	})
}

// TestTestStoreFails runs the suite on a broken store in another process, to see it fail and say why.
func TestTestStoreFails(t *testing.T) {
	const child = "OTPTEST_RUN_ON_BROKEN_STORE"
	if os.Getenv(child) != "" {
		TestStore(t, func(testing.TB) (a, b otp.Store) {
			s := mangledKeys(memstore.New(nil), strings.ToLower)
			return s, s
		})
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTestStoreFails$/^keys$")
	cmd.Env = append(os.Environ(), child+"=1")
	output, err := cmd.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed {
		t.Fatalf("the suite did not fail: %v", err)
	}
	for _, want := range []string{"--- FAIL: TestTestStoreFails/keys", "rule: keys have 1 to 43 characters", "Load: got"} {
		if !strings.Contains(string(output), want) {
			t.Errorf("the output lacks %q:\n%s", want, output)
		}
	}
}
