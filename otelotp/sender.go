package otelotp

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/trace"

	"github.com/seed-5978b5f1/otp"
)

// Sender is an [otp.Sender] that makes a span for each message that another one delivers. Spans
// have the purpose, the id of the message, and how it ended: ok, undeliverable, not_sent or
// delivery_unknown.
type Sender struct {
	next   otp.Sender
	tracer trace.Tracer
}

var _ otp.Sender = (*Sender)(nil)

// NewSender returns a Sender around next, which is required.
func NewSender(next otp.Sender, opts *Options) (*Sender, error) {
	if next == nil {
		return nil, errors.New("otelotp: next is nil: it is the otp.Sender that delivers")
	}
	return &Sender{next: next, tracer: opts.tracer()}, nil
}

// Send calls Send of the other Sender.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	ctx, span := s.tracer.Start(ctx, "otp.sender.send",
		trace.WithAttributes(purposeKey.String(m.Purpose), messageIDKey.String(m.ID)))
	defer span.End()

	err := s.next.Send(ctx, m)
	name := delivery(err)
	span.SetAttributes(resultKey.String(name))
	if err != nil {
		fail(span, name)
	}
	return err
}

// delivery says in a word how a delivery ended.
func delivery(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, otp.ErrUndeliverable):
		return "undeliverable"
	case errors.Is(err, otp.ErrNotSent):
		return "not_sent"
	}
	return "delivery_unknown"
}
