package background

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// Options are what can be left out.
type Options struct {
	// Workers is how many deliveries there are at a time, 1 to 1,000. Default: 8.
	Workers int

	// Capacity is how many messages are held at most: those that wait, those that are being
	// delivered, and those that will be tried again. 1 to 1,000,000. Default: 1,000.
	Capacity int

	// Timeout ends each try, 1 ms to 5 minutes. Default: 10 seconds.
	Timeout time.Duration

	// OnError is called for each try that has failed, one that will be repeated included, with the
	// values of the caller's context. It must be safe for concurrent use and must not panic.
	// Default: a log by slog.Default of the first failure of an outage, of its end, and of each
	// message that is given up, with the Class of the error and without its text.
	OnError func(context.Context, Failure)
}

// Failure is a delivery that has failed.
type Failure struct {
	// MessageID and Purpose are those of the Message. The Event of the Send has the same MessageID.
	// A notice has no MessageID, and the Purpose NoticePurpose.
	MessageID, Purpose string

	// Err is what the Sender has returned, or a *PanicError, or an error of this package that
	// matches otp.ErrNotSent. Its text is the Sender's: whether it holds an address is up to that.
	Err error

	// RetryAt is when the message is tried again: zero if it is given up.
	RetryAt time.Time
}

// Class returns the Class of Err.
func (f Failure) Class() Class { return ClassOf(f.Err) }

// NoticePurpose stands for the purpose where a message is a notice.
const NoticePurpose = "notice"

// Class says in a word how a try has ended.
type Class string

// The classes, by the names that package otelotp has for them.
const (
	Sent          Class = "ok"
	NotSent       Class = "not_sent"         // otp.ErrNotSent
	Undeliverable Class = "undeliverable"    // otp.ErrUndeliverable
	Unknown       Class = "delivery_unknown" // the message may have been sent
)

// ClassOf returns the Class of the error of a Sender.
func ClassOf(err error) Class {
	switch {
	case err == nil:
		return Sent
	case errors.Is(err, otp.ErrUndeliverable):
		return Undeliverable
	case errors.Is(err, otp.ErrNotSent):
		return NotSent
	}
	return Unknown
}

// PanicError says that the Sender has panicked. Its text does not repeat the value, which may hold
// a code or an address. Whether the message was sent is open.
type PanicError struct {
	Value any
	Stack []byte
}

// Error says that the Sender has panicked.
func (e *PanicError) Error() string { return "background: the Sender panicked" }

// GoString keeps %#v from showing the value.
func (e *PanicError) GoString() string { return "background.PanicError" }

const (
	defaultWorkers  = 8
	maxWorkers      = 1000
	defaultCapacity = 1000
	maxCapacity     = 1_000_000
	defaultTimeout  = 10 * time.Second
	minTimeout      = time.Millisecond
	maxTimeout      = 5 * time.Minute

	firstPause = time.Second
	maxPause   = 10 * time.Second

	noticeLifetime = time.Hour
	maxNoticePause = time.Minute
)

func (o Options) withDefaults() Options {
	if o.Workers == 0 {
		o.Workers = defaultWorkers
	}
	if o.Capacity == 0 {
		o.Capacity = defaultCapacity
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return o
}

func (o *Options) check() error {
	switch {
	case o.Workers < 1 || o.Workers > maxWorkers:
		return fmt.Errorf("Options.Workers is %d: it must be 1 to %d", o.Workers, maxWorkers)
	case o.Capacity < 1 || o.Capacity > maxCapacity:
		return fmt.Errorf("Options.Capacity is %d: it must be 1 to %d", o.Capacity, maxCapacity)
	case o.Timeout < minTimeout || o.Timeout > maxTimeout:
		return fmt.Errorf("Options.Timeout is %v: it must be %v to %v",
			o.Timeout, minTimeout, maxTimeout)
	}
	return nil
}
