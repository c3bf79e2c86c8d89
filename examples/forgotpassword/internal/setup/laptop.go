package setup

import (
	"crypto/rand"
	"log/slog"

	"github.com/seed-5978b5f1/otp/memstore"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/mail"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// Laptop returns the application for development: all in memory, no accounts yet, and mails only in
// its mailbox.
func Laptop(log *slog.Logger) (*web.App, error) {
	secret := make([]byte, 32) // forgotten with the codes
	rand.Read(secret)

	mailbox := mail.NewMailbox()
	app, err := assemble(parts{
		product: "Acme",
		secret:  secret,
		codes:   memstore.New(nil),
		users:   users.NewMemory(),
		mail:    mailbox.Sender,
	}, log)
	if err != nil {
		return nil, err
	}
	app.Mailbox = mailbox
	return app, nil
}
