package otp

import (
	"context"
	"time"
)

// Store keeps one small value under each key and replaces it atomically. It is all that a [Service]
// needs from a database: every rule about codes, attempts and times is in the Service, none in a
// Store.
//
// Keys are 1 to 43 characters of the base64url alphabet (A-Z, a-z, 0-9, "-", "_") and differ by
// case. Values are 1 to 1024 bytes of any content. Both methods are linearizable per key and safe
// for concurrent use. They return ctx.Err or an error that wraps it when ctx ends before they know
// the answer.
//
// Package otptest tests an implementation against this contract (otptest.TestStore).
type Store interface {
	// Load returns the value under key, or nil and no error if there is none. It sees every swap
	// that has returned: a cache, a read replica or an eventually consistent read will not do. The
	// caller does not change the returned slice, so it may be the store's own.
	Load(ctx context.Context, key string) ([]byte, error)

	// CompareAndSwap stores new under key if the value there still equals old, byte for byte, and
	// reports whether it did. An empty old (nil or of length zero) means "there is no value"; new
	// is never empty. A lost race is false and no error. After an error the swap may or may not
	// have happened, also later.
	//
	// The swap is atomic, durable, and never part of a transaction that may still roll back. It
	// must neither keep nor change the slices it was given.
	//
	// The value must stay until expires, which replaces the time given with the value before; the
	// zero time means "keep for good". Afterwards the store may drop the value, and what Load no
	// longer shows must count as absent here too. Nothing but memory depends on when that happens:
	// a Service judges codes by its own clock.
	CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (
		swapped bool, err error)
}
