package ruletest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// Rule 14: a client that hangs up while its code is being recorded or sent, or that sends a short
// deadline, as by gRPC, does not tell a known address from an unknown one, gets no free budget, and
// spends no send of the person without a mail.
func TestRule14HangingUp(t *testing.T) {
	for name, c := range map[string]client{
		"hangs up at once":       {hangsUp: true},
		"hangs up after 10 ms":   {hangsUp: true, after: 10 * time.Millisecond},
		"hangs up after 40 ms":   {hangsUp: true, after: 40 * time.Millisecond},
		"hangs up after 70 ms":   {hangsUp: true, after: 70 * time.Millisecond},
		"has a deadline":         {after: 40 * time.Millisecond},
		"has a longer deadline":  {after: 70 * time.Millisecond},
		"has no deadline at all": {after: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				known, unknown := c.attack(t, false), c.attack(t, true)
				assert.Equal(t, 3, known.mails)
				assert.Zero(t, unknown.mails)

				unknown.mails = known.mails
				assert.Equal(t, known, unknown)
				assert.Equal(t, 3, known.recorded)
				assert.ErrorIs(t, known.answer, otp.ErrLimited)
			})
		})
	}
}

// A client either hangs up some time after its code begins to be recorded, or sends a deadline.
type client struct {
	hangsUp bool
	after   time.Duration
}

// A trace is what five requests of such a client, and one that stays, leave behind.
type trace struct {
	answer          error // to the one that stays
	recorded, mails int   // by events, and by the Sender
	calls           []string
	took            time.Duration
}

func (c client) attack(t *testing.T, unknown bool) (left trace) {
	store := newTable()
	s, _ := otptest.New(t, otp.Config{
		Store: slow(store, 10*time.Millisecond),
		Policy: otp.Policy{
			MinSendTime: 100 * time.Millisecond,
			SendLimits:  []otp.Limit{{Count: 3, Window: time.Hour}},
		},
		Sender: otp.SenderFunc(func(ctx context.Context, _ otp.Message) error {
			select {
			case <-time.After(50 * time.Millisecond):
				left.mails++
				return nil
			case <-ctx.Done():
				return otp.NotSent(ctx.Err())
			}
		}),
		Observe: func(_ context.Context, e otp.Event) {
			if e.Err == nil || errors.Is(e.Err, otp.ErrDelivery) {
				left.recorded++
			}
		},
	})

	begin, request := time.Now(), otp.Request{To: ada, Decoy: unknown}
	for range 5 {
		deadline := c.after
		if c.hangsUp {
			deadline = time.Hour
		}
		ctx, end := context.WithTimeout(t.Context(), deadline)
		if c.hangsUp {
			store.onSwap = func() { time.AfterFunc(c.after, end) }
		}
		s.Send(ctx, request)
		end()
	}

	store.onSwap = nil
	_, left.answer = s.Send(t.Context(), request)
	left.calls, left.took = store.took(), time.Since(begin)
	return left
}
