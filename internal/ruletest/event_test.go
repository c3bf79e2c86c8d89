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
		right := func() string { return messages[0].Code.Reveal() }
		verify := func(code string) error {
			return s.Verify(ctx, otp.Submission{To: ada, Code: code})
		}
		spend := func(key string) error {
			return s.Spend(ctx, "id", key, time.Now().Add(time.Hour))
		}
		ask := func(r otp.Request, says error) error {
			delivery = says
			_, err := s.Send(ctx, r)
			return err
		}

		for _, c := range []struct {
			to   string
			call func() error
			want otp.Event // without Purpose, Pseudonym and MessageID
		}{
			{ada, func() error { return ask(otp.Request{To: ada}, nil) },
				otp.Event{Op: "send", Duration: mail}},
			{ada, func() error { return ask(otp.Request{To: " ADA@example.com"}, nil) },
				otp.Event{Op: "send", Duration: mail, Resent: true}},
			{ada, func() error { return ask(otp.Request{To: ada}, failing) },
				otp.Event{Op: "send", Duration: mail, Resent: true, Err: failing}},
			{ada, func() error { return ask(otp.Request{To: ada}, nil) },
				otp.Event{Op: "send", Err: otp.ErrLimited}},
			{ada, func() error { return ask(bound, nil) },
				otp.Event{Op: "send", Duration: mail, Trust: otp.Known}},
			{nobody, func() error { return ask(otp.Request{To: nobody, Decoy: true}, nil) },
				otp.Event{Op: "send", Decoy: true}},
			{"", func() error { return ask(otp.Request{}, nil) },
				otp.Event{Op: "send", Err: otp.ErrInvalid}},
			{ada, func() error { return verify("hello") },
				otp.Event{Op: "verify", Err: otp.ErrMalformed}},
			{ada, func() error { return verify(wrong(right(), 0)) },
				otp.Event{Op: "verify", Err: otp.ErrMismatch}},
			{ada, func() error { return verify(right()) }, otp.Event{Op: "verify"}},
			{ada, func() error {
				return s.Verify(ctx, otp.Submission{
					To: ada, Binding: "b", Trust: otp.Challenged, Code: "123456"})
			}, otp.Event{Op: "verify", Trust: otp.Challenged, Err: otp.ErrNoCode}},
			{ada, func() error { return s.Check(ctx, otp.Submission{To: ada, Code: "1"}) },
				otp.Event{Op: "check", Err: otp.ErrMalformed}},
			{"", func() error { return spend("key") }, otp.Event{Op: "spend"}},
			{"", func() error { return spend("form") }, otp.Event{Op: "spend", Err: otp.ErrUsed}},
			{"", func() error { return s.CheckSpend(ctx, "id", "key") },
				otp.Event{Op: "check-spend", Err: otp.ErrRepeated}},
			{ada, func() error {
				s.Report(ctx, otp.Event{Op: otp.OpProof, Pseudonym: s.Pseudonym(ada)})
				return nil
			}, otp.Event{Op: "proof"}},
			{ada, func() error { _, err := s.Status(ctx, bound); return err },
				otp.Event{Op: "status", Trust: otp.Known}},
			{ada, func() error { return s.Revoke(ctx, ada, "") }, otp.Event{Op: "revoke"}},
			{ada, func() error { return s.RevokeAll(ctx, ada) }, otp.Event{Op: "revoke-all"}},
			{ada, func() error { return s.Unlock(ctx, ada) }, otp.Event{Op: "unlock"}},
			{ada, func() error { return s.Revoke(ctx, ada, tooLong) },
				otp.Event{Op: "revoke", Err: otp.ErrInvalid}},
			{ada, func() error { return s.RevokeAll(ctx, ada, tooLong) },
				otp.Event{Op: "revoke-all", Err: otp.ErrInvalid}},
		} {
			events, messages = nil, messages[:min(1, len(messages))]
			before := len(messages)
			require.ErrorIs(t, c.call(), c.want.Err)

			require.Len(t, events, 1)
			require.ErrorIs(t, events[0].Err, c.want.Err)
			c.want.Err = events[0].Err
			c.want.Purpose, c.want.Pseudonym = "password-reset", s.Pseudonym(c.to)
			for _, m := range messages[before:] {
				c.want.MessageID = m.ID
			}
			assert.Equal(t, c.want, events[0])
		}
	})
}
