package setup

import (
	"log/slog"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/mail"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// parts are what differs between a laptop and AWS.
type parts struct {
	product     string
	secret      []byte
	codes       otp.Store
	users       users.Store
	mail        func(otpmail.Renderer) (mail.Sender, error)
	minSendTime time.Duration // 0: the default
}

// assemble returns the application on the parts.
func assemble(p parts, log *slog.Logger) (*web.App, error) {
	mails, err := mail.New(p.product, p.mail)
	if err != nil {
		return nil, err
	}

	codes, err := web.NewCodes(p.secret, p.codes, mails.Codes(), p.minSendTime, log)
	if err != nil {
		return nil, err
	}
	return &web.App{
		Product: p.product, Codes: codes, Keys: otp.Keys{p.secret}, Users: p.users,
		Notify: mails.PasswordChanged, Log: log,
	}, nil
}
