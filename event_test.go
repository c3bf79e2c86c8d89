package otp_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// Observe gets one event for each call, with what the call returned.
func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, "value")
		var got []otp.Event
		failing := errors.New("x")
		var delivery error
		var sent []otp.Message
		s, _ := otptest.New(t, otp.Config{
			Purpose: "password-reset",
			Policy:  otp.Policy{MinSendTime: time.Second, SendLimits: []otp.Limit{{Count: 3, Window: time.Hour}}},
			Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
				time.Sleep(100 * time.Millisecond)
				sent = append(sent, m)
				return delivery
			}),
			Observe: func(ctx context.Context, e otp.Event) {
				if ctx.Value(key{}) != "value" {
					t.Error("Observe gets another context")
				}
				got = append(got, e)
			},
		})
		s.Send(ctx, otp.Request{To: ada})
		s.Send(ctx, otp.Request{To: " ADA@example.com"})
		delivery = failing
		s.Send(ctx, otp.Request{To: ada})
		s.Send(ctx, otp.Request{To: ada})
		s.Send(ctx, otp.Request{To: "nobody@example.com", Decoy: true})
		s.Send(ctx, otp.Request{})
		s.Verify(ctx, otp.Submission{To: ada, Code: "hello"})
		s.Verify(ctx, otp.Submission{To: ada, Code: wrong(sent[0].Code.Reveal(), 0)})
		s.Verify(ctx, otp.Submission{To: ada, Code: sent[0].Code.Reveal()})
		s.Status(ctx, ada, "")
		s.Revoke(ctx, ada)
		s.Unlock(ctx, ada)

		me, nobody := s.Subject(ada), s.Subject("nobody@example.com")
		const mail = 100 * time.Millisecond
		for i, w := range []struct {
			op      string
			subject string
			message int // place in sent, from 1
			err     error
			decoy   bool
			resent  bool
			took    time.Duration
		}{
			{"send", me, 1, nil, false, false, mail},
			{"send", me, 2, nil, false, true, mail},
			{"send", me, 3, failing, false, true, mail},
			{"send", me, 0, otp.ErrLimited, false, false, 0},
			{"send", nobody, 0, nil, true, false, 0},
			{"send", "", 0, errAny, false, false, 0},
			{"verify", me, 0, otp.ErrMalformed, false, false, 0},
			{"verify", me, 0, otp.ErrMismatch, false, false, 0},
			{"verify", me, 0, nil, false, false, 0},
			{"status", me, 0, nil, false, false, 0},
			{"revoke", me, 0, nil, false, false, 0},
			{"unlock", me, 0, nil, false, false, 0},
		} {
			if i >= len(got) {
				t.Fatalf("%d events, want more", len(got))
			}
			e := got[i]
			id := ""
			if w.message > 0 {
				id = sent[w.message-1].ID
			}
			if e.Op != w.op || e.Purpose != "password-reset" || e.Subject != w.subject || e.MessageID != id || e.Decoy != w.decoy || e.Resent != w.resent || e.Took != w.took {
				t.Errorf("event %d is %+v, want %+v with message %q", i, e, w, id)
			}
			if w.err == errAny {
				wantNotJudged(t, "the event's error", e.Err)
			} else {
				want(t, "the event's error", e.Err, w.err)
			}
		}
		if len(got) != 12 {
			t.Errorf("%d events, want 12", len(got))
		}
		if sent[0].ID == sent[1].ID || sent[0].ID == "" {
			t.Error("two messages have the same ID, or none")
		}
	})
}

var errAny = errors.New("any error")
