package otptest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// TestStore tests an implementation of otp.Store against each rule of its contract, in a subtest each. open returns two
// handles on one database, as two processes have: two clients, two pools. (For a store in memory, they are the same.) It is
// called for each subtest, and concurrently by those that wait; the database may be a new one or always the same one, since
// keys are random. Use Cleanup of its argument to close the handles.
//
// A failure says that the store is wrong; there are no false alarms as long as a call takes less than half a second, the
// store's clock and that of the test agree to a quarter of one, and no other run uses the same database. A pass does not
// prove that it is right: concurrency is only sampled. What no such test can see are durability, swaps within a
// transaction that rolls back later, and reads that are consistent by luck: on these, read the store's code and the
// database's manual.
//
// On a remote database the suite makes some ten thousand small calls, most of them 64 at a time. Values that it leaves
// behind expire within an hour, but for a handful that are kept for good.
func TestStore(t *testing.T, open func(testing.TB) (a, b otp.Store)) {
	run := func(t *testing.T, c *storeCase) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		a, b := open(t)
		if err := c.check(ctx, handles{a, b}); err != nil {
			t.Errorf("rule: %s: %v", c.rule, err)
		}
	}
	for i := range storeCases {
		if c := &storeCases[i]; !c.waits {
			t.Run(c.name, func(t *testing.T) { run(t, c) })
		}
	}
	// In a group of their own, so that they have ended when TestStore returns and its caller tidies up.
	t.Run("waiting", func(t *testing.T) {
		for i := range storeCases {
			if c := &storeCases[i]; c.waits {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					run(t, c)
				})
			}
		}
	})
}

// A storeCase tests one rule of the contract of otp.Store.
type storeCase struct {
	name  string
	rule  string // as the contract has it, in words
	waits bool   // for a second or two, for values to expire
	check func(ctx context.Context, db handles) error
}

// handles are two stores on one database, as two processes have.
type handles [2]otp.Store

// A slot is one key of the store under test. Its methods make one call each, and return an error if the result is not
// the one in the method's name. In them, the empty value means that there is none.
type slot struct {
	ctx    context.Context
	db     handles
	handle int // the index of the handle that swaps; Load is called on both
	key    string
}

// newSlot returns a slot under a key that was never used.
func newSlot(ctx context.Context, db handles) slot { return slot{ctx, db, 0, newKey()} }

// by returns the slot as worker i sees it: every other one uses the other handle.
func (k slot) by(i int) slot {
	k.handle = i % len(k.db)
	return k
}

// newKey returns a random key of the greatest length.
func newKey() string {
	var key [32]byte
	rand.Read(key[:])
	return base64.RawURLEncoding.EncodeToString(key[:])
}

func (k slot) load() (string, error) {
	value, err := k.db[k.handle].Load(k.ctx, k.key)
	switch {
	case err != nil:
		return "", fmt.Errorf("Load: got error %w", err)
	case value != nil && len(value) == 0:
		return "", fmt.Errorf("Load: got an empty slice, want nil or a value")
	}
	return string(value), nil
}

func (k slot) swap(old, new string, expires time.Time) (bool, error) {
	var oldValue []byte
	if old != "" {
		oldValue = []byte(old)
	}
	swapped, err := k.db[k.handle].CompareAndSwap(k.ctx, k.key, oldValue, []byte(new), expires)
	if err != nil {
		return false, fmt.Errorf("swap from %s to %s: got error %w", show(old), show(new), err)
	}
	return swapped, nil
}

// holds loads the value by both handles.
func (k slot) holds(want string) error {
	for i := range k.db {
		got, err := k.by(i).load()
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("Load: got %s, want %s", show(got), show(want))
		}
	}
	return nil
}

func (k slot) swaps(old, new string) error { return k.swapsUntil(inAnHour(), old, new) }

func (k slot) swapsUntil(expires time.Time, old, new string) error {
	swapped, err := k.swap(old, new, expires)
	if err == nil && !swapped {
		err = fmt.Errorf("swap from %s to %s: got false, want true", show(old), show(new))
	}
	return err
}

func (k slot) refuses(old, new string) error { return k.refusesUntil(inAnHour(), old, new) }

func (k slot) refusesUntil(expires time.Time, old, new string) error {
	swapped, err := k.swap(old, new, expires)
	if err == nil && swapped {
		err = fmt.Errorf("swap from %s to %s: got true, want false", show(old), show(new))
	}
	return err
}

// inAnHour is when values expire whose expiry does not matter.
func inAnHour() time.Time { return time.Now().Add(time.Hour) }

// show renders a value for an error.
func show(value string) string {
	const most = 40
	switch {
	case value == "":
		return "no value"
	case len(value) > most:
		return fmt.Sprintf("%q... (%d bytes)", value[:most], len(value))
	}
	return fmt.Sprintf("%q", value)
}

// firstError returns the first of the errors that is not nil. The arguments of a call are evaluated in order: this is
// how a case lists its steps.
func firstError(steps ...error) error { return cmp.Or(steps...) }

// together runs f n times at once, behind a gate that opens when all are there, and returns the first error.
func together(n int, f func(i int) error) error {
	var ready, done sync.WaitGroup
	ready.Add(n)
	gate := make(chan struct{})
	errs := make([]error, n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-gate
			errs[i] = f(i)
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return firstError(errs...)
}

// withRoom returns a slice that holds value, in an array that goes on behind it.
func withRoom(value string) []byte {
	b := append([]byte(value), "more"...)
	return b[:len(value)]
}

// unchanged checks that nobody has written into the array of a slice from withRoom.
func unchanged(name string, slice []byte, value string) error {
	if whole := slice[:len(value)+len("more")]; !bytes.Equal(whole, []byte(value+"more")) {
		return fmt.Errorf("%s was %q and is %q after the call", name, value+"more", whole)
	}
	return nil
}
