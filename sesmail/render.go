package sesmail

import (
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/seed-5978b5f1/otp"
)

// Mail is a finished message. It redacts itself when printed, logged or marshalled.
type Mail struct {
	// Subject is one line.
	Subject string
	// HTML and Text are the two bodies, alike in content.
	HTML, Text string
}

// View is what templates see. All text in it is plain; html/template escapes it where it is put in. It redacts itself
// when printed, logged or marshalled.
type View struct {
	// Code is the code, in plain text and in one piece.
	Code string
	// Product and Support are those of Options, Product with its default.
	Product, Support string
	// Purpose is Message.Purpose.
	Purpose string
	// Language is the language of the template, a BCP 47 tag; Direction is "ltr" or "rtl" with it.
	Language, Direction string
	// ExpiresAt is Message.ExpiresAt.
	ExpiresAt time.Time
	// Minutes is how many whole minutes the code lasts from now; 0 for less than one.
	Minutes int
	// Title, Enter, Expires and Ignore are the sentences of the message of the package, in the language of the
	// template; Help is empty without Support. All are empty in a language that only own templates are in.
	Title, Enter, Expires, Ignore, Help string
	// Data is Request.Data.
	Data any
}

// The code and the lifetime that Render shows for a Message without.
const (
	previewCode     = "123456"
	previewLifetime = 10 * time.Minute
)

// Render returns the mail that Send would send for m now, in the language that m.Language asks for, without sending
// it: for previews and tests. Of m it takes Purpose, Language, Code, ExpiresAt and Data. A Message made outside of
// package otp has no code; the mail then shows 123456. For a zero ExpiresAt it says ten minutes.
//
// It fails where an own template does, because of m.Data for instance. Neither the mail nor what the error wraps
// belongs in a log.
func (s *Sender) Render(m otp.Message) (Mail, error) {
	code := m.Code.Reveal()
	if code == "" {
		code = previewCode
	}
	now := time.Now()
	if m.ExpiresAt.IsZero() {
		m.ExpiresAt = now.Add(previewLifetime)
	}
	mail, err := s.render(s.choose(m.Purpose, m.Language), &m, code, now)
	if err != nil {
		return Mail{}, &sendError{reason: "the template failed", cause: err}
	}
	return mail, nil
}

// render writes the mail of e.
func (s *Sender) render(e *edition, m *otp.Message, code string, now time.Time) (Mail, error) {
	v := View{
		Code: code, Product: s.product, Support: s.support, Purpose: m.Purpose,
		Language: e.tag.String(), Direction: direction(e.tag),
		ExpiresAt: m.ExpiresAt, Minutes: minutesLeft(m.ExpiresAt.Sub(now)), Data: m.Data,
	}
	var subject string
	if e.translation != nil {
		p := e.translation.phrases()
		// One pass over the phrase, so that a product called {code} stays one.
		fill := strings.NewReplacer("{product}", s.product, "{code}", code, "{support}", s.support)
		v.Title, v.Enter, v.Expires, v.Ignore = fill.Replace(p.Title), p.Enter, e.translation.expires(v.Minutes), p.Ignore
		if s.support != "" {
			v.Help = fill.Replace(p.Help)
		}
		subject = v.Title
		if s.codeInSubject {
			subject = fill.Replace(p.TitleWithCode)
		}
	}
	var mail Mail
	if e.own == nil {
		mail = standardMail(&v)
		mail.Subject = subject
	} else {
		var err error
		if mail, err = e.own(&v); err != nil {
			return Mail{}, err
		}
	}
	mail = Mail{Subject: oneLine(mail.Subject), HTML: clean(mail.HTML), Text: clean(mail.Text)}
	if mail.Subject == "" {
		return Mail{}, errors.New("the subject is empty")
	}
	return mail, nil
}

// oneLine returns s with every run of white space, line ends and control characters as one space, and none at its ends.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// clean returns s without control characters other than line feeds and tabs.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
