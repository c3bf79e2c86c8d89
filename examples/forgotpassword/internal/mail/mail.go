// Package mail sends the mails of the application, and holds the mailbox that development uses
// instead.
package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// Purpose is what the codes of the application are for.
const Purpose = "password-reset"

// A Sender sends codes and notices.
type Sender interface {
	otp.Sender
	SendMail(ctx context.Context, to string, mail otpmail.Mail) error
}

// Mails sends codes and notices in the language of the person.
type Mails struct {
	catalog *otpmail.Catalog
	sender  Sender
}

// New returns Mails that call the product by this name, on a Sender of mails that a Renderer
// writes.
func New(product string, newSender func(otpmail.Renderer) (Sender, error)) (*Mails, error) {
	catalog, err := otpmail.NewCatalog(otpmail.Options{Product: product})
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}

	sender, err := newSender(catalog)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &Mails{catalog, sender}, nil
}

// Codes returns what sends the codes.
func (m *Mails) Codes() otp.Sender { return m.sender }

// PasswordChanged tells a person that their password was changed just now. The language is a tag or
// an Accept-Language header.
func (m *Mails) PasswordChanged(ctx context.Context, email, language string) error {
	notice, err := m.catalog.Notice(otpmail.Notice{
		Kind: otpmail.PasswordChanged, Time: time.Now().UTC(), Language: language,
	})
	if err != nil {
		return fmt.Errorf("mail: notice of a new password: %w", err)
	}

	if err := m.sender.SendMail(ctx, email, notice); err != nil {
		return fmt.Errorf("mail: notice of a new password: %w", err)
	}
	return nil
}
