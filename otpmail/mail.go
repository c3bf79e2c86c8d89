package otpmail

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-5978b5f1/otp"
)

// Mail is a message that is ready to be carried: one subject line, and the same content as plain
// text and as HTML. Text is never empty; HTML may be. All three are valid UTF-8. A Mail shows as
// "[redacted]" when printed, logged or marshaled.
type Mail struct {
	redacted

	Subject string
	Text    string
	HTML    string
}

// NewMail returns a Mail with white space, line ends and control characters in the subject as
// single spaces, without control characters other than tabs and line feeds in the bodies, and with
// U+FFFD in the place of what is not UTF-8. A Renderer that puts text from elsewhere into a mail
// ends with it.
func NewMail(subject, text, html string) Mail {
	return Mail{Subject: oneLine(subject), Text: clean(text), HTML: clean(html)}
}

// clean returns s as valid UTF-8 without control characters other than tabs and line feeds.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// Check tells what keeps a transport from carrying m: a subject that is empty or not one line, no
// text, control characters other than tabs and line ends in a body, or text that is not UTF-8.
// Transports call it, since any program may be a Renderer; without it, a line end in the subject
// could become a header.
func (m Mail) Check() error {
	switch {
	case m.Subject == "":
		return errors.New("the subject is empty")
	case !utf8.ValidString(m.Subject) || strings.ContainsFunc(m.Subject, notOneLine):
		return errors.New("the subject must be UTF-8 without control and line characters")
	case m.Text == "":
		return errors.New("the plain text is empty")
	case !utf8.ValidString(m.Text) || strings.ContainsFunc(m.Text, notInBody):
		return errors.New("the plain text must be UTF-8 without control characters")
	case !utf8.ValidString(m.HTML) || strings.ContainsFunc(m.HTML, notInBody):
		return errors.New("the HTML must be UTF-8 without control characters")
	}
	return nil
}

func notOneLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

func notInBody(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }

// A Renderer writes the mail for a message. It must be safe for concurrent use.
//
// A transport (sesmail, smtpmail) takes any Renderer. An error means that no mail was written and
// nothing was sent.
type Renderer interface {
	Render(otp.Message) (Mail, error)
}
