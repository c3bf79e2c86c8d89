package sendlimit

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/isnil"
	"github.com/seed-5978b5f1/otp/internal/redact"
)

// Options are the limits, and what they hold over. At least one limit is required.
//
// A limit allows Count messages, 1 to 1,000,000, in any period of length Window, 1 second to 30
// days. With a Store, a Window of less than a minute asks much: a 16th of it has to be longer than
// the Store takes, and than the clocks of the instances differ.
//
// Options show as "[redacted]" when printed, logged or marshaled.
type Options struct {
	redacted

	// Total bounds all messages together. No two limits have the same Window.
	Total []otp.Limit

	// PerGroup bounds the messages of one group, as Group tells them apart. No two limits have the
	// same Window.
	PerGroup []otp.Limit

	// Group returns the name of the group that an address belongs to. PhonePrefix, CallingCode and
	// EmailDomain are for telephone numbers and for email. Required with PerGroup, and called at
	// most once for each message.
	Group func(to string) string

	// Store makes the limits hold over all instances: see the package comment. It may be that of a
	// Service. Each limit takes one value of 81 bytes, and each group that has been sent to another
	// for each limit of PerGroup, kept for about its Window. Default: memory.
	Store otp.Store

	// Secret keys the MACs under which values are stored: at least 32 bytes, the same in all
	// instances. It may be that of a Service. With another one, the limits begin anew. Required
	// with Store.
	Secret []byte

	// Name tells the limits of several Senders apart that have a Store and Secret in common: 1 to
	// 128 bytes, the same in all instances. Required with Store.
	Name string

	// Log gets an error for each message that is refused because the Store fails. Default
	// slog.Default().
	Log *slog.Logger
}

// redacted keeps the Secret out of logs.
type redacted = redact.Value

const (
	maxCount  = 1_000_000
	minWindow = time.Second
	maxWindow = 30 * 24 * time.Hour
	minSecret = 32
	maxName   = 128
)

func (o *Options) check() error {
	if len(o.Total)+len(o.PerGroup) == 0 {
		return errors.New("there is no limit: give Options.Total, Options.PerGroup or both")
	}
	if len(o.PerGroup) > 0 && o.Group == nil {
		return errors.New("Options.Group is nil: PerGroup needs it (PhonePrefix, CallingCode, " +
			"EmailDomain or your own)")
	}

	if err := o.checkStore(); err != nil {
		return err
	}
	if err := checkLimits("Options.Total", o.Total); err != nil {
		return err
	}
	return checkLimits("Options.PerGroup", o.PerGroup)
}

func (o *Options) checkStore() error {
	switch {
	case o.Store == nil && (o.Secret != nil || o.Name != ""):
		return errors.New("Options.Store is nil: Secret and Name are for it")
	case o.Store == nil:
		return nil
	case isnil.Value(o.Store):
		return errors.New("Options.Store is a nil pointer")
	case len(o.Secret) < minSecret:
		return fmt.Errorf("Options.Secret has %d bytes: with a Store it must have at least %d",
			len(o.Secret), minSecret)
	case len(o.Name) < 1 || len(o.Name) > maxName:
		return fmt.Errorf("Options.Name has %d bytes: with a Store it must have 1 to %d",
			len(o.Name), maxName)
	}
	return nil
}

func checkLimits(field string, limits []otp.Limit) error {
	seen := map[time.Duration]bool{}
	for _, l := range limits {
		switch {
		case l.Count < 1 || l.Count > maxCount:
			return fmt.Errorf("%s has a Count of %d: it must be 1 to %d", field, l.Count, maxCount)
		case l.Window < minWindow || l.Window > maxWindow:
			return fmt.Errorf("%s has a Window of %v: it must be %v to %v", field, l.Window,
				minWindow, maxWindow)
		case seen[l.Window]:
			return fmt.Errorf("%s has two limits with a Window of %v: give one", field, l.Window)
		}
		seen[l.Window] = true
	}
	return nil
}
