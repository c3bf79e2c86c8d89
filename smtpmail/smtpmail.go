package smtpmail

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// Sender sends mails through an SMTP server. It is safe for concurrent use. A Sender shows as
// "[redacted]" when printed, logged or marshaled.
type Sender struct {
	redacted

	from, replyTo otpmail.From
	returnPath    string
	header        map[string]string
	renderer      otpmail.Renderer
	connections   *pool
}

var _ otp.Sender = (*Sender)(nil)

// New returns a Sender. It connects to nothing: the first mail does, or [Sender.Check]. The error
// of a bad configuration names the field, the value and the bound.
func New(c Config) (*Sender, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("smtpmail: %w", err)
	}
	s := &Sender{renderer: c.Renderer, header: maps.Clone(c.Header), connections: newPool(&c)}
	if err := s.parseParties(&c); err != nil {
		return nil, err
	}

	if s.renderer == nil {
		catalog, err := s.from.Catalog()
		if err != nil {
			return nil, fmt.Errorf("smtpmail: the default of Config.Renderer: %w", err)
		}
		s.renderer = catalog
	}
	return s, nil
}

// parseParties takes over what the configuration says of senders.
func (s *Sender) parseParties(c *Config) (err error) {
	if s.from, err = otpmail.ParseFrom(c.From); err != nil {
		return fmt.Errorf("smtpmail: Config.From is %q: %w", c.From, err)
	}
	if c.ReplyTo != "" {
		if s.replyTo, err = otpmail.ParseFrom(c.ReplyTo); err != nil {
			return fmt.Errorf("smtpmail: Config.ReplyTo is %q: %w", c.ReplyTo, err)
		}
	}

	s.returnPath = s.from.Address
	if c.ReturnPath != "" {
		if s.returnPath, err = otpmail.ParseAddress(c.ReturnPath); err != nil {
			return fmt.Errorf("smtpmail: Config.ReturnPath is %q: %w", c.ReturnPath, err)
		}
	}
	return nil
}

// Send writes the mail for a message, hands it to the server, and returns when the server has
// accepted it, which does not mean that it has been delivered. Send ends with ctx, at the latest
// when the code expires, and after a minute in any case.
//
// The package comment says what the errors mean. Their text holds no address and no code; what they
// wrap may.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	if m.Code.Reveal() == "" {
		return unsent("the message has no code", nil)
	}
	if !isID(m.ID) {
		return unsent("Message.ID must be 1 to 64 ASCII letters, digits, '_' and '-'", nil)
	}
	if !time.Now().Before(m.ExpiresAt) {
		return unsent("the code has expired", nil)
	}

	mail, err := s.renderer.Render(m)
	if err != nil {
		return unsent("the mail could not be written", err)
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
	var id [16]byte
	rand.Read(id[:])
	return s.deliver(ctx, to, hex.EncodeToString(id[:]), mail)
}

// Check makes a connection, logs in, and keeps the connection for the first mail. It is for the
// start of a service: a wrong name, certificate or password shows then, and not with the first
// code. It ends with ctx, and after a minute in any case. Its errors match [otp.ErrNotSent].
func (s *Sender) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()

	c, err := s.connections.takeNew(ctx)
	if err != nil {
		return err
	}
	s.connections.put(ctx, c)
	return nil
}

// maxTime bounds a delivery, so that a server that has stopped answering does not keep a connection
// for good where the context has no deadline.
const maxTime = time.Minute

// deliver hands one mail to the server.
func (s *Sender) deliver(ctx context.Context, to, id string, mail otpmail.Mail) error {
	to, beyondASCII, err := parseRecipient(to)
	if err != nil {
		return undeliverable(err.Error(), err)
	}
	text, err := compose(&heading{s.from, s.replyTo, to, id, s.header}, time.Now(), mail)
	if err != nil {
		return unsent("the mail is not usable: "+err.Error(), nil)
	}

	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	return s.carry(ctx, &letter{s.returnPath, to, beyondASCII, text})
}

// carry has a connection hand the mail over. A kept connection may have been closed by the server,
// or have carried as many mails as the server allows, and a new one may be one too many. Then
// another one does it: nothing of the mail has been handed over. A server that has understood less
// than its extensions promise is asked in turn. If that helps, the extensions were at fault, and
// not the recipient, as with Postfix's 504 to a domain without dots.
func (s *Sender) carry(ctx context.Context, l *letter) error {
	w := s.connections.arrive()
	cautious := false
	for {
		c, err := s.connections.take(ctx, w)
		if err != nil {
			return err
		}

		kept := c.kept
		c.cautious = c.cautious || cautious
		o := c.handOver(ctx, l)
		if o.distrust && !o.again || cautious && o.err == nil {
			s.connections.distrust()
		}
		cautious = cautious || o.distrust
		again := o.again && (kept || o.distrust || s.connections.crowded())
		s.connections.put(ctx, c)
		if !again || ctx.Err() != nil {
			return o.err
		}
	}
}

// Close closes the connections that are kept, and those in use after their mail. From then on, Send
// and SendMail return errors that match otp.ErrNotSent.
func (s *Sender) Close() error {
	s.connections.close()
	return nil
}
