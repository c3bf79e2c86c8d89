package ruletest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// Observe gets one event for each call, with what the call returned, in a context with the caller's
// values.
func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, "value")

		var events []otp.Event
		var messages []otp.Message
		var delivery error
		s, _ := otptest.New(t, otp.Config{
			Purpose: "password-reset",
			Policy: otp.Policy{
				MinSendTime: time.Second,
				SendLimits:  []otp.Limit{{Count: 3, Window: time.Hour}},
			},
			Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
				time.Sleep(100 * time.Millisecond)
				messages = append(messages, m)
				return delivery
			}),
			Observe: func(ctx context.Context, e otp.Event) {
				assert.Equal(t, "value", ctx.Value(key{}))
				events = append(events, e)
			},
		})

		const mail, nobody = 100 * time.Millisecond, "nobody@example.com"
		failing, tooLong := errors.New("x"), strings.Repeat("b", 1025)
		bound := otp.Request{To: ada, Binding: "session", Trust: otp.Known}
		verify := func(code string) error {
			return s.Verify(ctx, otp.Submission{To: ada, Code: code})
		}
		ask := func(r otp.Request) func() error {
			return func() error {
				_, err := s.Send(ctx, r)
				return err
			}
		}

		for _, c := range []struct {
			call    func() error
			want    otp.Event // without Purpose and Pseudonym
			to      string
			message bool
		}{
			{ask(otp.Request{To: ada}), otp.Event{Op: "send", Duration: mail}, ada, true},
			{ask(otp.Request{To: " ADA@example.com"}),
				otp.Event{Op: "send", Duration: mail, Resent: true}, ada, true},
			{func() error { delivery = failing; return ask(otp.Request{To: ada})() },
				otp.Event{Op: "send", Duration: mail, Resent: true, Err: failing}, ada, true},
			{ask(otp.Request{To: ada}), otp.Event{Op: "send", Err: otp.ErrLimited}, ada, false},
			{func() error { delivery = nil; return ask(bound)() },
				otp.Event{Op: "send", Duration: mail, Trust: otp.Known}, ada, true},
			{ask(otp.Request{To: nobody, Decoy: true}),
				otp.Event{Op: "send", Decoy: true}, nobody, false},
			{ask(otp.Request{}), otp.Event{Op: "send", Err: otp.ErrInvalid}, "", false},
			{func() error { return s.Verify(ctx, otp.Submission{To: ada, Code: "hello"}) },
				otp.Event{Op: "verify", Err: otp.ErrMalformed}, ada, false},
			{func() error { return verify(wrong(messages[0].Code.Reveal(), 0)) },
				otp.Event{Op: "verify", Err: otp.ErrMismatch}, ada, false},
			{func() error { return verify(messages[0].Code.Reveal()) },
				otp.Event{Op: "verify"}, ada, false},
			{func() error {
				return s.Verify(ctx, otp.Submission{
					To: ada, Binding: "b", Trust: otp.Challenged, Code: "123456",
				})
			}, otp.Event{Op: "verify", Trust: otp.Challenged, Err: otp.ErrNoCode}, ada, false},
			{func() error { return s.Check(ctx, otp.Submission{To: ada, Code: "1"}) },
				otp.Event{Op: "check", Err: otp.ErrMalformed}, ada, false},
			{func() error { return s.Spend(ctx, "id", "key", time.Now().Add(time.Hour)) },
				otp.Event{Op: "spend"}, "", false},
			{func() error { return s.Spend(ctx, "id", "form", time.Now().Add(time.Hour)) },
				otp.Event{Op: "spend", Err: otp.ErrUsed}, "", false},
			{func() error { return s.CheckSpend(ctx, "id", "key") },
				otp.Event{Op: "check-spend", Err: otp.ErrRepeated}, "", false},
			{func() error {
				s.Report(ctx, otp.Event{Op: otp.OpProof, Pseudonym: s.Pseudonym(ada)})
				return nil
			}, otp.Event{Op: "proof"}, ada, false},
			{func() error { _, err := s.Status(ctx, bound); return err },
				otp.Event{Op: "status", Trust: otp.Known}, ada, false},
			{func() error { return s.Revoke(ctx, ada, "") }, otp.Event{Op: "revoke"}, ada, false},
			{func() error { return s.RevokeAll(ctx, ada) },
				otp.Event{Op: "revoke-all"}, ada, false},
			{func() error { return s.Unlock(ctx, ada) }, otp.Event{Op: "unlock"}, ada, false},
			{func() error { return s.Revoke(ctx, ada, tooLong) },
				otp.Event{Op: "revoke", Err: otp.ErrInvalid}, ada, false},
			{func() error { return s.RevokeAll(ctx, ada, tooLong) },
				otp.Event{Op: "revoke-all", Err: otp.ErrInvalid}, ada, false},
		} {
			events, messages = nil, messages[:min(1, len(messages))]
			before := len(messages)
			if err := c.call(); err != nil {
				require.ErrorIs(t, err, c.want.Err)
			}

			require.Len(t, events, 1)
			got := events[0]
			require.ErrorIs(t, got.Err, c.want.Err)
			c.want.Err = got.Err
			c.want.Purpose, c.want.Pseudonym = "password-reset", s.Pseudonym(c.to)
			if c.message {
				require.Len(t, messages, before+1)
				c.want.MessageID = messages[before].ID
			}
			assert.Equal(t, c.want, got)
		}
	})
}
