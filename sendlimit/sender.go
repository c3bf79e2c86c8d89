package sendlimit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// ErrExceeded is what Send returns for a message too many. It matches [otp.ErrNotSent].
var ErrExceeded = fmt.Errorf("sendlimit: too many messages for now: %w", otp.ErrNotSent)

// Options are the limits. At least one limit is required.
//
// A limit allows Count messages, 1 to 1,000,000, in any period of length Window, 1 second to 30
// days. Each message that is allowed is remembered for the longest Window.
type Options struct {
	// Total bounds all messages together.
	Total []otp.Limit

	// PerGroup bounds the messages of one group, as Group tells them apart.
	PerGroup []otp.Limit

	// Group returns the name of the group that an address belongs to. Digits and Domain make one
	// for telephone numbers and for email. Required with PerGroup, and called at most once for each
	// message.
	Group func(to string) string
}

const (
	maxCount  = 1_000_000
	maxWindow = 30 * 24 * time.Hour
)

// Sender passes messages on as long as the limits allow it. It is safe for concurrent use.
type Sender struct {
	next  otp.Sender
	group func(string) string
	sent  *ledger
}

var _ otp.Sender = (*Sender)(nil)

// New returns a Sender that passes messages on to next. The error of bad options names the field,
// the value and the bound.
func New(next otp.Sender, opts *Options) (*Sender, error) {
	if next == nil {
		return nil, errors.New("sendlimit: next is nil: it is the Sender that delivers")
	}
	if opts == nil {
		opts = &Options{}
	}
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("sendlimit: %w", err)
	}

	group := opts.Group
	if group == nil {
		group = func(string) string { return "" }
	}
	return &Sender{next: next, group: group, sent: newLedger(opts.Total, opts.PerGroup)}, nil
}

func (o *Options) check() error {
	if len(o.Total)+len(o.PerGroup) == 0 {
		return errors.New("there is no limit: give Options.Total, Options.PerGroup or both")
	}
	if len(o.PerGroup) > 0 && o.Group == nil {
		return errors.New("Options.Group is nil: PerGroup needs it (Digits, Domain " +
			"or your own)")
	}

	if err := checkLimits("Options.Total", o.Total); err != nil {
		return err
	}
	return checkLimits("Options.PerGroup", o.PerGroup)
}

func checkLimits(field string, limits []otp.Limit) error {
	for _, l := range limits {
		if l.Count < 1 || l.Count > maxCount {
			return fmt.Errorf("%s has a Count of %d: it must be 1 to %d", field, l.Count, maxCount)
		}
		if l.Window < time.Second || l.Window > maxWindow {
			return fmt.Errorf("%s has a Window of %v: it must be 1s to %v", field, l.Window,
				maxWindow)
		}
	}
	return nil
}

// Send passes the message on, or returns ErrExceeded. A message that is passed on counts, whatever
// comes of it: the provider may charge for it.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	if !s.sent.take(s.group(m.To), time.Now()) {
		return ErrExceeded
	}
	return s.next.Send(ctx, m)
}
