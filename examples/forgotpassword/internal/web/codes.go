package web

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/seed-5978b5f1/otp"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/mail"
)

const (
	// codeLength follows OWASP's advice for resetting passwords: two digits more than usual make the odds of a guess a
	// hundred times worse.
	codeLength = 8
	// deliveryTimeout bounds how long a mail may take to be handed over, and minSendTime is above it, so that the time
	// of an answer does not tell whether there was a mail.
	deliveryTimeout = 2200 * time.Millisecond
	minSendTime     = 2500 * time.Millisecond
)

// NewCodes returns the service for App.Codes.
func NewCodes(secret []byte, store otp.Store, sender otp.Sender, log *slog.Logger) (*otp.Service, error) {
	return otp.New(otp.Config{
		Purpose: mail.Purpose,
		Secret:  secret,
		Store:   store,
		Sender:  discreet{sender, log},
		Policy:  otp.Policy{Length: codeLength, MaxLength: codeLength, MinSendTime: minSendTime},
		Observe: func(ctx context.Context, e otp.Event) { observe(ctx, log, e) },
	})
}

// discreet sends within deliveryTimeout and does not let the Service know how a delivery failed. A failure that
// certainly sent nothing would otherwise be marked in the record, by calls of the store that a decoy never makes and
// with limits that a decoy never has. The price: a mail that was not sent counts like one that was.
type discreet struct {
	next otp.Sender
	log  *slog.Logger
}

func (d discreet) Send(ctx context.Context, m otp.Message) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	if err := d.next.Send(ctx, m); err != nil {
		d.log.Log(ctx, failureLevel(ctx), "mail failed", "message_id", m.ID, "err", err)
		return errors.New("the mail failed")
	}
	return nil
}

// failureLevel returns the level of a failure: an error, unless the client has hung up, which needs nobody's attention.
func failureLevel(ctx context.Context) slog.Level {
	if errors.Is(ctx.Err(), context.Canceled) {
		return slog.LevelInfo
	}
	return slog.LevelError
}

// observe logs what became of a code. Events hold neither codes nor addresses.
func observe(ctx context.Context, log *slog.Logger, e otp.Event) {
	level, outcome := slog.LevelInfo, "ok"
	if e.Err != nil {
		outcome = e.Err.Error()
		refused := errors.Is(e.Err, otp.ErrRejected) || errors.Is(e.Err, otp.ErrLimited) || errors.Is(e.Err, otp.ErrLocked)
		if !refused {
			level = failureLevel(ctx)
		}
	}
	log.LogAttrs(ctx, level, "otp",
		slog.String("op", e.Op), slog.String("purpose", e.Purpose), slog.String("pseudonym", e.Pseudonym),
		slog.String("message_id", e.MessageID), slog.Bool("decoy", e.Decoy), slog.Bool("resent", e.Resent),
		slog.Float64("duration_ms", milliseconds(e.Duration)), slog.String("outcome", outcome))
}
