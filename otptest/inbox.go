package otptest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/seed-5978b5f1/otp"
)

// Inbox is an otp.Sender that keeps the messages it is given. The zero value is an empty one; it is safe for concurrent
// use.
type Inbox struct {
	next otp.Sender // gets each message too, if there is one

	mu       sync.Mutex
	messages []otp.Message
	err      error
}

var _ otp.Sender = (*Inbox)(nil)

// Send keeps the message, unless Fail says otherwise.
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

// Fail makes each Send from now on return err and keep no message, as a mail service that is down. Wrap otp.ErrNotSent
// or otp.ErrUndeliverable to say how it failed; nil ends it.
func (b *Inbox) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// Format writes how many messages there are, and nothing of them, for every verb.
func (b *Inbox) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "otptest.Inbox of %d messages", len(b.Messages()))
}

// Messages returns the messages so far, oldest first.
func (b *Inbox) Messages() []otp.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

// Code returns the code in the latest message to exactly this address. If there is none, the test ends.
func (b *Inbox) Code(tb testing.TB, to string) string {
	tb.Helper()
	messages := b.Messages()
	for _, m := range slices.Backward(messages) {
		if m.To == to {
			return m.Code.Reveal()
		}
	}
	tb.Fatalf("otptest: none of the %d messages in the inbox is to this address", len(messages))
	return ""
}
