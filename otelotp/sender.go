package otelotp

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/trace"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/internal/isnil"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// Sender is an [otp.Sender] that makes a span for each message that another one delivers, and for
// each notice ([background.Mailer]). Spans have the purpose, the id of the message, and how it
// ended: ok, undeliverable, not_sent or delivery_unknown.
type Sender struct {
	next   otp.Sender
	tracer trace.Tracer
}

var _ otp.Sender = (*Sender)(nil)

// NewSender returns a Sender around next, which is required.
func NewSender(next otp.Sender, opts *Options) (*Sender, error) {
	if isnil.Value(next) {
		return nil, errors.New("otelotp: next is nil: it is the otp.Sender that delivers")
	}
	return &Sender{next: next, tracer: opts.tracer()}, nil
}

// Send calls Send of the other Sender.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	ctx, span := s.tracer.Start(ctx, "otp.sender.send",
		trace.WithAttributes(purposeKey.String(m.Purpose), messageIDKey.String(m.ID)))
	defer span.End()
	return ended(span, s.next.Send(ctx, m))
}

// SendMail calls SendMail of the other Sender, which must be a [background.Mailer].
func (s *Sender) SendMail(ctx context.Context, to string, mail otpmail.Mail) error {
	mailer, ok := s.next.(background.Mailer)
	if !ok {
		return fmt.Errorf("otelotp: %w", otp.NotSent(errors.New("next has no SendMail")))
	}

	ctx, span := s.tracer.Start(ctx, "otp.sender.send_mail",
		trace.WithAttributes(purposeKey.String(background.NoticePurpose)))
	defer span.End()
	return ended(span, mailer.SendMail(ctx, to, mail))
}

// ended tells a span how a delivery ended.
func ended(span trace.Span, err error) error {
	class := string(background.ClassOf(err))
	span.SetAttributes(resultKey.String(class))
	if err != nil {
		fail(span, class)
	}
	return err
}
