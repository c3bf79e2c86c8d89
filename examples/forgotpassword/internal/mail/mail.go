// Package mail sends the mails of the application, and holds the mailbox that development uses
// instead of SES.
package mail

import (
	"context"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/sesmail"
)

// Purpose is what the codes of the application are for.
const Purpose = "password-reset"

// Mails sends codes and notices by SES, in the language of the person.
type Mails struct {
	standard *otpmail.Standard
	sender   *sesmail.Sender
}

// New returns Mails that come from an address or a display name with an address. The product is
// called by the name, or else by the domain.
func New(client sesmail.API, from string) (*Mails, error) {
	product, err := product(from)
	if err != nil {
		return nil, fmt.Errorf("mail: the sender: %w", err)
	}

	standard, err := otpmail.New(&otpmail.Options{
		Product: product,
		Kinds:   map[string]otpmail.Kind{Purpose: otpmail.ResetPassword},
	})
	if err != nil {
		return nil, fmt.Errorf("mail: the sender: %w", err)
	}

	sender, err := sesmail.New(client, from, &sesmail.Options{Renderer: standard})
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &Mails{standard, sender}, nil
}

// product returns the display name of an address, or its domain.
func product(from string) (string, error) {
	address, err := netmail.ParseAddress(from)
	if err != nil {
		return "", err
	}
	if address.Name != "" {
		return address.Name, nil
	}

	_, domain, _ := strings.Cut(address.Address, "@")
	return domain, nil
}

// Codes returns what sends the codes.
func (m *Mails) Codes() otp.Sender { return m.sender }

// PasswordChanged tells a person that their password was changed just now. The language is a tag or
// an Accept-Language header.
func (m *Mails) PasswordChanged(ctx context.Context, email, language string) error {
	notice, err := m.standard.Notice(otpmail.Notice{
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
