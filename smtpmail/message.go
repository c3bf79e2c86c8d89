package smtpmail

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/seed-5978b5f1/otp/otpmail"
)

// maxSubject bounds the subject, in characters.
const maxSubject = 255

// A heading is what the header of a mail says.
type heading struct {
	from, replyTo otpmail.From // replyTo may be empty
	to, id        string
	extra         map[string]string
}

// compose writes the message that goes over the wire (RFC 5322, RFC 2045): lines that end with CRLF
// and have at most 998 bytes, of ASCII unless the recipient is beyond.
//
// The package mail of go-mail would do so too. It links html/template, which keeps the linker from
// leaving out methods, and writes a User-Agent header.
func compose(h *heading, now time.Time, m otpmail.Mail) ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	if n := utf8.RuneCountInString(m.Subject); n > maxSubject {
		return nil, fmt.Errorf("the subject has %d characters: at most %d are allowed",
			n, maxSubject)
	}

	var message bytes.Buffer
	field := func(name, value string) { message.WriteString(name + ": " + value + "\r\n") }
	field("Date", now.UTC().Format(time.RFC1123Z))
	field("From", formatFrom("From", h.from))
	if h.replyTo.Address != "" {
		field("Reply-To", formatFrom("Reply-To", h.replyTo))
	}
	field("To", h.to)
	field("Subject", encodeText("Subject", m.Subject))
	field("Message-ID", "<"+h.id+"@"+h.from.Domain()+">")
	// No out-of-office replies, please (RFC 3834 §5; the second is Microsoft's).
	field("Auto-Submitted", "auto-generated")
	field("X-Auto-Response-Suppress", "All")
	// Gmail shows mails with this as they are, and does not fold what two of them have in common.
	field("X-Entity-Ref-ID", h.id)
	for _, name := range slices.Sorted(maps.Keys(h.extra)) {
		field(name, foldASCII(name, h.extra[name]))
	}
	field("MIME-Version", "1.0")

	if err := writeBody(&message, m); err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(message.Bytes(), []byte("\r\n")) {
		message.WriteString("\r\n") // BDAT counts bytes, and adds none
	}
	return message.Bytes(), nil
}

// writeBody writes the header fields of the body, and the body.
func writeBody(message *bytes.Buffer, m otpmail.Mail) error {
	if m.HTML == "" {
		for name, values := range partHeader("plain") {
			message.WriteString(name + ": " + values[0] + "\r\n")
		}
		message.WriteString("\r\n")
		return writeText(message, m.Text)
	}

	parts := multipart.NewWriter(message)
	fmt.Fprintf(message, "Content-Type: multipart/alternative;\r\n boundary=%s\r\n\r\n",
		parts.Boundary())
	for _, part := range [][2]string{{"plain", m.Text}, {"html", m.HTML}} { // the best comes last
		w, err := parts.CreatePart(partHeader(part[0]))
		if err != nil {
			return err
		}
		if err := writeText(w, part[1]); err != nil {
			return err
		}
	}
	return parts.Close()
}

func partHeader(subtype string) textproto.MIMEHeader {
	return textproto.MIMEHeader{
		"Content-Type":              {"text/" + subtype + "; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	}
}

// writeText writes text as quoted-printable: short lines of ASCII, whatever the text has.
func writeText(w io.Writer, text string) error {
	quoted := quotedprintable.NewWriter(w)
	if _, err := io.WriteString(quoted, text); err != nil {
		return err
	}
	return quoted.Close()
}
