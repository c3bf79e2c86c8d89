package otpmail

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// NoticeKind is what a [Notice] tells.
type NoticeKind int

const (
	// PasswordChanged tells that the password of the account was changed.
	PasswordChanged NoticeKind = iota + 1
	// AddressChanged tells that the address of the account was changed. Send it to the old address.
	AddressChanged
	// NewDevice tells that somebody has signed in on a device that the account did not know.
	NewDevice
	// PaymentDetailsChanged tells that what the account pays with, or is paid to, was changed.
	PaymentDetailsChanged
	// AccountExists tells that somebody has tried to sign up with an address that has an account.
	// Send it where the Send of the decoy has returned nil, which bounds it, and after the answer,
	// which its time would give away.
	AccountExists

	noticeKinds int = iota // how many there are
)

// noticeNames are the names of the kinds in the files of the languages, by NoticeKind - 1.
var noticeNames = [noticeKinds]string{
	"password_changed", "address_changed", "new_device", "payment_details_changed",
	"account_exists",
}

// String returns the name of the kind, "password_changed" for example.
func (k NoticeKind) String() string {
	if k < 1 || int(k) > noticeKinds {
		return "NoticeKind(?)"
	}
	return noticeNames[k-1]
}

// Notice tells a person what has happened to their account, so that they can act if it was not
// them. Its mail has no code, no link and no button: nobody learns to follow those of a mail that
// alarms.
type Notice struct {
	// Kind is what has happened. Required.
	Kind NoticeKind
	// Time is when it has happened. It is shown in its own time zone. Required.
	Time time.Time
	// Language is a BCP 47 tag or the value of an Accept-Language header. Default: English.
	Language string
	// Details are more facts, such as the device. At most 11; see Detail.
	Details []Detail
}

// Notice writes the mail for a notice, in the language that fits n.Language best.
func (c *Catalog) Notice(n Notice) (Mail, error) {
	sentences, err := c.NoticeSentences(n)
	if err != nil {
		return Mail{}, err
	}
	return c.mail(sentences), nil
}

// NoticeSentences returns what the mail for a notice says, for layouts of one's own. Its errors are
// those of Notice.
func (c *Catalog) NoticeSentences(n Notice) (Sentences, error) {
	if n.Kind < 1 || int(n.Kind) > noticeKinds {
		return Sentences{}, fmt.Errorf("otpmail: Notice.Kind is %d: it must be a NoticeKind "+
			"of this package", int(n.Kind))
	}
	if n.Time.IsZero() {
		return Sentences{}, errors.New("otpmail: Notice.Time is zero: it is required")
	}

	t := choose(n.Language)
	p := t.phrases()
	details, err := plainDetails(append([]Detail{{p.Time, t.date(n.Time)}}, n.Details...))
	if err != nil {
		return Sentences{}, fmt.Errorf("otpmail: Notice.Details, after the time: %w", err)
	}

	phrases := p.Notices[n.Kind.String()]
	put := c.filler(t)
	all := c.sentences(t)
	all.Subject, all.Title = c.subject(phrases.Subject, ""), put.Replace(phrases.Subject)
	all.Text, all.Details = put.Replace(phrases.Text), details
	all.WasYou, all.Act = cmp.Or(phrases.WasYou, p.WasYou), put.Replace(phrases.Act)
	return all, nil
}
