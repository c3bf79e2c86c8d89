package setup

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"log/slog"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otpmail"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/mail"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// Laptop returns the application for development: all in memory, no accounts yet, and mails only in
// its mailbox.
func Laptop(log *slog.Logger) (*web.App, error) {
	const product = "Acme"
	secret := make([]byte, 32) // forgotten with the codes
	rand.Read(secret)
	mails, err := otpmail.NewCatalog(otpmail.Options{Product: product})
	if err != nil {
		return nil, err
	}

	mailbox := mail.NewMailbox(mails)
	codes, err := web.NewCodes(secret, memstore.New(nil), mailbox, 0, log)
	if err != nil {
		return nil, err
	}
	return &web.App{
		Product: product, Codes: codes, Keys: otp.Keys{secret}, Users: users.NewMemory(),
		Mails: mails, Mail: mailbox, Mailbox: mailbox, Log: log,
	}, nil
}

//go:embed demo.json
var demo []byte

// AddDemoUsers adds the two accounts of demo.json, whose passwords everybody knows.
func AddDemoUsers(ctx context.Context, s users.Store, log *slog.Logger) error {
	if _, err := users.Seed(ctx, s, bytes.NewReader(demo)); err != nil {
		return err
	}
	log.Info("accounts for development: ada@example.com and grace@example.com")
	return nil
}
