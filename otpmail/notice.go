package otpmail

import (
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

	noticeKinds int = iota // how many there are
)

// names of the kinds of notices in the files of the languages, by NoticeKind - 1.
var noticeNames = [noticeKinds]string{"password_changed", "address_changed", "new_device"}

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

// Notice writes the mail for a notice.
func (c *Catalog) Notice(n Notice) (Mail, error) {
	if n.Kind < 1 || int(n.Kind) > noticeKinds {
		return Mail{}, fmt.Errorf("otpmail: Notice.Kind is %d: it must be a NoticeKind "+
			"of this package", n.Kind)
	}
	if n.Time.IsZero() {
		return Mail{}, errors.New("otpmail: Notice.Time is zero: it is required")
	}

	t := choose(n.Language)
	p := t.phrases()
	details, err := plainDetails(append([]Detail{{p.Time, t.date(n.Time)}}, n.Details...))
	if err != nil {
		return Mail{}, fmt.Errorf("otpmail: Notice.Details, after the time: %w", err)
	}

	phrases := p.Notices[noticeNames[n.Kind-1]]
	put := c.filler(t)
	notice := noticeSentences{
		language: t.tag.String(), direction: t.direction(),
		title: put.Replace(phrases.Subject), text: put.Replace(phrases.Text), details: details,
		wasYou: p.WasYou, act: put.Replace(phrases.Act),
	}
	if c.support != "" {
		notice.help = put.Replace(p.Help)
	}
	return NewMail(c.subject(phrases.Subject, ""), notice.plain(), c.noticeHTML(notice)), nil
}

// noticeSentences is what the mail for a notice says.
type noticeSentences struct {
	language, direction string
	title, text         string
	details             []Detail
	wasYou, act, help   string
}

// plain writes the plain text of the mail.
func (n noticeSentences) plain() string {
	var t text
	t.paragraph(n.title)
	t.paragraph(n.text)
	t.details(n.details, n.direction)

	t.paragraph(n.wasYou)
	t.paragraph(n.act)
	t.paragraph(n.help)
	return t.String()
}
