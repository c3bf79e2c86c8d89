package recipes

import (
	"context"
	"errors"
	"fmt"

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
