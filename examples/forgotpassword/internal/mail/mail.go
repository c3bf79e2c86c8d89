// Package mail sends the mails of the application, and holds the mailbox that development uses
// instead of SES.
package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/sesmail"
)

// Purpose is what the codes of the application are for.
const Purpose = "password-reset"

// Mails sends codes and notices by SES, in the language of the person.
type Mails struct {
	catalog *otpmail.Catalog
	sender  *sesmail.Sender
}

// New returns Mails that come from an address or a display name with an address, and call the
// product by this name.
func New(client sesmail.API, from, product string) (*Mails, error) {
	catalog, err := otpmail.NewCatalog(otpmail.Options{Product: product})
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}

	sender, err := sesmail.New(client, from, &sesmail.Options{Renderer: catalog})
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
