package web

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

const (
	// codeLength follows OWASP's advice for resetting passwords: two digits more than usual make a
	// guess a hundred times less likely.
	codeLength = 8

	// deliveryTimeout bounds how long a mail may take to be handed over.
	deliveryTimeout = 2200 * time.Millisecond

	// MinSendTime is above what mail by SES may take, so that the time of an answer does not tell
	// whether there was a mail.
	MinSendTime = 2500 * time.Millisecond
)

// NewCodes returns the Service for App.Codes. A minSendTime of 0 is the default, 500 ms.
func NewCodes(secret []byte, store otp.Store, sender otp.Sender, minSendTime time.Duration,
	log *slog.Logger) (*otp.Service, error) {
	return otp.New(otp.Config{
		Purpose: "password-reset",
		Kind:    otp.ResetPassword,
		Secret:  secret,
		Store:   store,
		Sender:  sender,

		Normalize: otpmail.Normalize,
		Policy: otp.Policy{
			Length: codeLength, MinSendTime: minSendTime, DeliveryTimeout: deliveryTimeout,
		},
		Observe: func(ctx context.Context, e otp.Event) { observe(ctx, log, e) },
	})
}

// observe logs what became of a code. Events hold neither codes nor addresses. A client that hangs
// up is no error, which an alarm may be set on.
func observe(ctx context.Context, log *slog.Logger, e otp.Event) {
	level, outcome := slog.LevelInfo, "ok"
	if e.Err != nil {
		outcome = e.Err.Error()
		if !expected(e.Err) && !errors.Is(ctx.Err(), context.Canceled) {
			level = slog.LevelError
		}
	}

	log.LogAttrs(ctx, level, "otp",
		slog.String("op", string(e.Op)), slog.String("purpose", e.Purpose),
		slog.String("pseudonym", e.Pseudonym), slog.String("message_id", e.MessageID),
		slog.String("trust", e.Trust.String()), slog.Bool("decoy", e.Decoy),
		slog.Bool("resent", e.Resent), slog.Float64("duration_ms", milliseconds(e.Duration)),
		slog.String("outcome", outcome))
}

// expected reports whether the error is one that clients bring about.
func expected(err error) bool {
	for _, target := range []error{
		otp.ErrRejected, otp.ErrLimited, otp.ErrLocked, otp.ErrInvalid, otp.ErrRepeated,
		otp.ErrUndeliverable, evp.ErrInvalid, evp.ErrUnavailable,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
