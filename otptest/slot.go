package otptest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// handles are two stores on one database, as two processes have.
type handles [2]otp.Store

// A slot is one key of the database, used over one of the handles. In its methods the empty string
// stands for "no value". A method named after a result returns an error for any other result.
type slot struct {
	ctx    context.Context
	db     handles
	handle int // index in db
	key    string
}

// newSlot returns a slot under a key that was never used, on the first handle.
func newSlot(ctx context.Context, db handles) slot {
	return slot{ctx: ctx, db: db, key: newKey()}
}

// newKey returns a random key of the greatest length.
func newKey() string {
	var key [32]byte
	rand.Read(key[:])
	return base64.RawURLEncoding.EncodeToString(key[:])
}

// by returns the slot as the nth worker uses it: on the first handle if n is even, on the second if
// it is odd.
func (k slot) by(n int) slot {
	k.handle = n % len(k.db)
	return k
}

// store returns the handle that the slot uses.
func (k slot) store() otp.Store { return k.db[k.handle] }

// load returns the value.
func (k slot) load() (string, error) {
	value, err := k.store().Load(k.ctx, k.key)
	if err != nil {
		return "", fmt.Errorf("Load: got error %w", err)
	}
	if value != nil && len(value) == 0 {
		return "", fmt.Errorf("Load: got an empty slice, want nil or a value")
	}
	return string(value), nil
}

// swap reports whether the value was old and is now new.
func (k slot) swap(old, new string, expires time.Time) (bool, error) {
	var oldValue []byte
	if old != "" {
		oldValue = []byte(old)
	}

	swapped, err := k.store().CompareAndSwap(k.ctx, k.key, oldValue, []byte(new), expires)
	if err != nil {
		return false, fmt.Errorf("swap from %s to %s: got error %w", show(old), show(new), err)
	}
	return swapped, nil
}

// shows loads the value over the handle of the slot.
func (k slot) shows(want string) error {
	got, err := k.load()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("Load: got %s, want %s", show(got), show(want))
	}
	return nil
}

// holds loads the value over both handles.
func (k slot) holds(want string) error {
	return firstError(k.by(0).shows(want), k.by(1).shows(want))
}

// swaps swaps a value whose expiry does not matter.
func (k slot) swaps(old, new string) error { return k.swapsUntil(inAnHour(), old, new) }

func (k slot) swapsUntil(expires time.Time, old, new string) error {
	swapped, err := k.swap(old, new, expires)
	if err == nil && !swapped {
		err = fmt.Errorf("swap from %s to %s: got false, want true", show(old), show(new))
	}
	return err
}

// refuses tries a swap to a value whose expiry does not matter.
func (k slot) refuses(old, new string) error { return k.refusesUntil(inAnHour(), old, new) }

func (k slot) refusesUntil(expires time.Time, old, new string) error {
	swapped, err := k.swap(old, new, expires)
	if err == nil && swapped {
		err = fmt.Errorf("swap from %s to %s: got true, want false", show(old), show(new))
	}
	return err
}

// agrees checks that the value that Load returns can be swapped. The first swap may be refused,
// since the value may have been dropped in between.
func (k slot) agrees(new string) error {
	var shown [2]string

	for i := range shown {
		var err error
		if shown[i], err = k.load(); err != nil {
			return err
		}

		swapped, err := k.swap(shown[i], new, inAnHour())
		if err != nil {
			return err
		}
		if swapped {
			return k.holds(new)
		}
	}
	return fmt.Errorf("Load returns %s, then %s, and swaps from both are refused",
		show(shown[0]), show(shown[1]))
}

// inAnHour is the expiry of values whose expiry does not matter.
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

// firstError returns the first error that is not nil. Go evaluates arguments in order, so a case
// can list its steps as arguments; those after a failed step are carried out, too.
func firstError(steps ...error) error { return cmp.Or(steps...) }
