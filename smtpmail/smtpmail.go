package smtpmail

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// Sender sends mails through an SMTP server. It is safe for concurrent use. A Sender shows as
// "[redacted]" when printed, logged or marshaled.
type Sender struct {
	redacted

	from        otpmail.From
	renderer    otpmail.Renderer
	connections *pool
}

var _ otp.Sender = (*Sender)(nil)

// New returns a Sender. It connects to nothing: the first mail does. The error of a bad
// configuration names the field, the value and the bound.
func New(c Config) (*Sender, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("smtpmail: %w", err)
	}

	from, err := otpmail.ParseFrom(c.From)
	if err != nil {
		return nil, fmt.Errorf("smtpmail: Config.From is %q: %w", c.From, err)
	}

	if c.Renderer == nil {
		if c.Renderer, err = from.Catalog(); err != nil {
			return nil, fmt.Errorf("smtpmail: the default of Config.Renderer: %w", err)
		}
	}
	return &Sender{from: from, renderer: c.Renderer, connections: newPool(&c)}, nil
}

// Send writes the mail for a message, hands it to the server, and returns when the server has
// accepted it, which does not mean that it has been delivered. Send ends with ctx, at the latest
// when the code expires, and after a minute in any case.
//
// The package comment says what the errors mean. Their text holds no address and no code; what they
// wrap may.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	if m.Code.Reveal() == "" {
		return &sendError{"the message has no code", otp.ErrNotSent, nil}
	}
	if !isID(m.ID) {
		return &sendError{"Message.ID must be 1 to 64 ASCII letters, digits, '_' and '-'",
			otp.ErrNotSent, nil}
	}
	if !time.Now().Before(m.ExpiresAt) {
		return &sendError{"the code has expired", otp.ErrNotSent, nil}
	}

	mail, err := s.renderer.Render(m)
	if err != nil {
		return &sendError{"the mail could not be written", otp.ErrNotSent, err}
	}

	ctx, cancel := context.WithDeadline(ctx, m.ExpiresAt)
	defer cancel()
	return s.deliver(ctx, m.To, m.ID, mail)
}

// isID reports whether s can stand before the @ of a Message-ID.
func isID(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && strings.Trim(s, lettersAndDigits+"_-") == ""
}

// SendMail sends a mail without a code, such as one by otpmail.Catalog.Notice. It does what Send
// does, under a random Message-ID, and returns the same errors.
func (s *Sender) SendMail(ctx context.Context, to string, mail otpmail.Mail) error {
	return s.deliver(ctx, to, rand.Text(), mail)
}

// maxTime bounds a delivery, so that a server that has stopped answering does not keep a connection
// for good where the context has no deadline.
const maxTime = time.Minute

// deliver hands one mail to the server.
func (s *Sender) deliver(ctx context.Context, to, id string, mail otpmail.Mail) error {
	to, err := otpmail.ParseAddress(to)
	if err != nil {
		return &sendError{err.Error(), otp.ErrUndeliverable, err}
	}

	text, err := compose(s.from, to, id, time.Now(), mail)
	if err != nil {
		return &sendError{"the mail is not usable: " + err.Error(), otp.ErrNotSent, nil}
	}

	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()

	c, err := s.announce(ctx)
	if err != nil {
		return err
	}
	defer s.connections.put(c)
	return c.send(ctx, to, text)
}

// announce returns a connection whose server expects a recipient. A kept connection may have been
// closed by the server, or have carried as many mails as the server allows. Then announce takes
// another one: nothing of the message has been handed over.
func (s *Sender) announce(ctx context.Context) (*connection, error) {
	for {
		c, kept, err := s.connections.take(ctx)
		if err != nil {
			return nil, err
		}

		err = c.begin(ctx, s.from.Address)
		if err == nil {
			return c, nil
		}

		stale := kept && ctx.Err() == nil && (c.lost || temporarily(err))
		c.lost = c.lost || stale
		s.connections.put(c)
		if !stale {
			return nil, notSent("MAIL", err)
		}
	}
}

// Close closes the connections that are kept, and those in use after their mail. From then on, Send
// and SendMail return errors that match otp.ErrNotSent.
func (s *Sender) Close() error {
	s.connections.close()
	return nil
}
