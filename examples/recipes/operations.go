package recipes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/seed-5978b5f1/otp"
)

// NewSignIns reads the keys from the environment, or from wherever getenv does.
func NewSignIns(getenv func(string) string, store otp.Store, s otp.Sender) (*otp.Service, error) {
	secret, err := otp.ParseKey(getenv("OTP_SECRET"))
	if err != nil {
		return nil, fmt.Errorf("OTP_SECRET: %w", err)
	}
	codeKeys, err := otp.ParseKeys(getenv("OTP_CODE_KEYS")) // newest first, separated by commas
	if err != nil {
		return nil, fmt.Errorf("OTP_CODE_KEYS: %w", err)
	}
	return otp.New(otp.Config{
		Purpose: "sign-in", Secret: secret, CodeKeys: codeKeys, Store: store, Sender: s,
	})
}

// CheckAtStart logs what does not work and what is not safe, and lets the service start: a relay
// that is down for a minute must not keep it from doing so. A store is one of sqlstore, redisstore
// or dynamostore, a sender one of smtpmail.
func CheckAtStart(ctx context.Context, log *slog.Logger, store interface {
	Check(context.Context) (unsafe, unknown []error)
}, sender interface{ Check(context.Context) error }) {
	unsafe, unknown := store.Check(ctx)
	for _, err := range unsafe {
		log.ErrorContext(ctx, "a setting of the store is not safe", "error", err)
	}
	for _, err := range unknown {
		log.WarnContext(ctx, "a setting of the store is not known", "error", err)
	}
	if err := sender.Check(ctx); err != nil {
		log.ErrorContext(ctx, "no mail can be sent", "error", err)
	}
}

// Either sends by the second provider what the first has certainly not sent.
func Either(first, second otp.Sender) otp.Sender {
	return otp.SenderFunc(func(ctx context.Context, m otp.Message) error {
		err := first.Send(ctx, m)
		if errors.Is(err, otp.ErrNotSent) && !errors.Is(err, otp.ErrUndeliverable) {
			return second.Send(ctx, m)
		}
		return err
	})
}
