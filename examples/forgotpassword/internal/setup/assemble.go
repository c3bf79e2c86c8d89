package setup

import (
	"log/slog"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sesmail"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/mail"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// parts are what differs between a laptop and AWS.
type parts struct {
	product  string
	secret   []byte
	codes    otp.Store
	users    users.Store
	mail     sesmail.API
	mailFrom string
}

// assemble returns the application on the parts.
func assemble(p parts, log *slog.Logger) (*web.App, error) {
	mails, err := mail.New(p.mail, p.mailFrom, p.product)
	if err != nil {
		return nil, err
	}

	codes, err := web.NewCodes(p.secret, p.codes, mails.Codes(), log)
	if err != nil {
		return nil, err
	}
	return &web.App{
		Product: p.product, Codes: codes, Keys: otp.Keys{p.secret}, Users: p.users,
		Notify: mails.PasswordChanged, Log: log,
	}, nil
}
