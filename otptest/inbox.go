package otptest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-5978b5f1/otp"
)

// Inbox is an otp.Sender that keeps the messages it is given. The zero value is an empty Inbox. It
// is safe for concurrent use.
type Inbox struct {
	next otp.Sender // gets each message, too; may be nil

	mu       sync.Mutex
	messages []otp.Message
	err      error
}

var _ otp.Sender = (*Inbox)(nil)

// Send keeps the message, or returns the error that Fail was given.
func (b *Inbox) Send(ctx context.Context, m otp.Message) error {
	if err := b.keep(m); err != nil || b.next == nil {
		return err
	}
	return b.next.Send(ctx, m)
}

func (b *Inbox) keep(m otp.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()

	if b.err == nil {
		b.messages = append(b.messages, m)
	}
	return b.err
}

// Fail makes each later Send return err and keep no message, as a mail service that is down. Wrap
// otp.ErrNotSent or otp.ErrUndeliverable to say how it failed. Fail(nil) ends it.
func (b *Inbox) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()

	b.err = err
}

// Format writes the number of messages for every verb, and nothing of their contents.
func (b *Inbox) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "otptest.Inbox of %d messages", len(b.Messages()))
}

// Messages returns the messages so far, the oldest first.
func (b *Inbox) Messages() []otp.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

// Code returns the code in the latest message to this address, spelled as in Request.To. If there
// is no such message, the test ends.
func (b *Inbox) Code(tb TB, to string) string {
	if h, ok := tb.(helper); ok {
		h.Helper()
	}
	return b.code(tb, to, "to this address", func(otp.Message) bool { return true })
}

// CodeFor returns the code in the latest message of this purpose to this address, for tests of
// several Services that share an Inbox. The purpose is Config.Purpose. If there is no such message,
// the test ends.
func (b *Inbox) CodeFor(tb TB, purpose, to string) string {
	if h, ok := tb.(helper); ok {
		h.Helper()
	}
	return b.code(tb, to, "of this purpose to this address",
		func(m otp.Message) bool { return m.Purpose == purpose })
}

func (b *Inbox) code(tb TB, to, which string, wanted func(otp.Message) bool) string {
	if h, ok := tb.(helper); ok {
		h.Helper()
	}

	messages := b.Messages()
	for _, m := range slices.Backward(messages) {
		if m.To == to && wanted(m) {
			return m.Code.Reveal()
		}
	}
	tb.Fatalf("otptest: none of the %d messages in the inbox is %s", len(messages), which)
	return ""
}
