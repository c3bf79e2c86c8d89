package sendlimit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/isnil"
)

// ErrExceeded is what Send returns for a message too many. It matches [otp.ErrNotSent].
var ErrExceeded = fmt.Errorf("sendlimit: %w", otp.NotSent(errors.New("too many messages for now")))

// Sender passes messages on as long as the limits allow it. It is safe for concurrent use.
type Sender struct {
	next   otp.Sender
	group  func(string) string
	budget budget
}

var _ otp.Sender = (*Sender)(nil)

// A budget says whether a message to the group may leave, and counts it then.
type budget interface {
	take(ctx context.Context, group string) error
}

// New returns a Sender that passes messages on to next. The error of bad options names the field,
// the value and the bound.
func New(next otp.Sender, opts Options) (*Sender, error) {
	if isnil.Value(next) {
		return nil, errors.New("sendlimit: next is nil: it is the Sender that delivers")
	}
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("sendlimit: %w", err)
	}

	budget, err := newBudget(&opts)
	if err != nil {
		return nil, fmt.Errorf("sendlimit: %w", err)
	}
	group := opts.Group
	if group == nil {
		group = func(string) string { return "" }
	}
	return &Sender{next: next, group: group, budget: budget}, nil
}

// newBudget returns the budget of one instance, or with a Store that of all.
func newBudget(o *Options) (budget, error) {
	if o.Store != nil {
		return newShared(o)
	}
	return newLedger(o.Total, o.PerGroup), nil
}

// Send passes the message on, or returns ErrExceeded. With a Store, another error that matches
// otp.ErrNotSent says that the Store has failed. A message that is passed on counts, whatever comes
// of it: the provider may charge for it.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	if err := s.budget.take(ctx, s.group(m.To)); err != nil {
		return err
	}
	return s.next.Send(ctx, m)
}

var _ budget = (*ledger)(nil)

// take makes a ledger a budget.
func (l *ledger) take(_ context.Context, group string) error {
	if !l.allow(group, time.Now()) {
		return ErrExceeded
	}
	return nil
}
