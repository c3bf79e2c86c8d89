package otelotp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otelotp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// The error comes back as it is, and the span says in a word what it was.
func TestSpansOfTheSender(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, "ok"},
		{fmt.Errorf("ada@example.com: %w", otp.ErrUndeliverable), "undeliverable"},
		{fmt.Errorf("ada@example.com: %w", otp.ErrNotSent), "not_sent"},
		{errors.New("ada@example.com"), "delivery_unknown"},
	} {
		opts, _, recorder := newProviders()
		sender, err := otelotp.NewSender(
			otp.SenderFunc(func(context.Context, otp.Message) error { return test.err }), opts)
		require.NoError(t, err)

		err = sender.Send(t.Context(), otp.Message{ID: "m-1", Purpose: "sign-in",
			To: "ada@example.com", Code: otp.NewCode("492013")})
		require.Equal(t, test.err, err)

		want := map[string]string{"otp.purpose": "sign-in", "otp.message.id": "m-1",
			"otp.result": test.want}
		status := codes.Unset
		if test.err != nil {
			want["error.type"], status = test.want, codes.Error
		}
		require.Len(t, recorder.Ended(), 1)
		require.Equal(t, "otp.sender.send", recorder.Ended()[0].Name())
		require.Equal(t, want, attributesOf(recorder.Ended()[0]))
		require.Equal(t, status, recorder.Ended()[0].Status().Code)
	}
}

// A mailer is a sender of notices.
type mailer struct {
	otp.SenderFunc
	err error
}

func (m mailer) SendMail(context.Context, string, otpmail.Mail) error { return m.err }

func TestSpansOfNotices(t *testing.T) {
	opts, _, recorder := newProviders()
	failure := fmt.Errorf("ada@example.com: %w", otp.ErrNotSent)
	sender, err := otelotp.NewSender(mailer{err: failure}, opts)
	require.NoError(t, err)
	require.Equal(t, failure, sender.SendMail(t.Context(), "ada@example.com", otpmail.Mail{}))
	require.Len(t, recorder.Ended(), 1)
	require.Equal(t, "otp.sender.send_mail", recorder.Ended()[0].Name())
	require.Equal(t, map[string]string{
		"otp.purpose": "notice", "otp.result": "not_sent", "error.type": "not_sent",
	}, attributesOf(recorder.Ended()[0]))

	sender, err = otelotp.NewSender(otp.NoSender, opts)
	require.NoError(t, err)
	err = sender.SendMail(t.Context(), "ada@example.com", otpmail.Mail{})
	require.ErrorIs(t, err, otp.ErrNotSent)
	require.ErrorContains(t, err, "no SendMail")

	_, err = otelotp.NewSender(nil, nil)
	require.ErrorContains(t, err, "next is nil")
}
