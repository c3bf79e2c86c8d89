package smtpmail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-5978b5f1/otp/otpmail"
)

// maxSubject bounds the subject, in characters.
const maxSubject = 255

// compose writes the message that goes over the wire (RFC 5322, RFC 2045): lines of ASCII that end
// with CRLF and have at most 998 bytes.
//
// The package mail of go-mail would do so too. It links html/template, which keeps the linker from
// leaving out methods, and writes a User-Agent header.
func compose(from otpmail.From, to, id string, now time.Time, m otpmail.Mail) ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	if n := utf8.RuneCountInString(m.Subject); n > maxSubject {
		return nil, fmt.Errorf("the subject has %d characters: at most %d are allowed",
			n, maxSubject)
	}

	var message bytes.Buffer
	for _, header := range [][2]string{
		{"Date", now.UTC().Format(time.RFC1123Z)},
		{"From", fold(from.String())},
		{"To", to},
		{"Subject", encode(m.Subject)},
		{"Message-ID", "<" + id + "@" + from.Domain() + ">"},
		// No out-of-office replies, please (RFC 3834 §5; the second is Microsoft's).
		{"Auto-Submitted", "auto-generated"},
		{"X-Auto-Response-Suppress", "All"},
		{"MIME-Version", "1.0"},
	} {
		message.WriteString(header[0] + ": " + header[1] + "\r\n")
	}

	if err := writeBody(&message, m); err != nil {
		return nil, err
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

// encode returns the subject as a header has it: as it is, or as encoded words (RFC 2047), a line
// for each.
func encode(subject string) string {
	encoded := mime.QEncoding.Encode("utf-8", subject)
	if encoded != subject || !strings.Contains(subject, "=?") {
		return fold(encoded)
	}

	// ASCII that a mail program could take for encoded words.
	var words []string
	for chunk := range slices.Chunk([]byte(subject), 45) {
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString(chunk)+"?=")
	}
	return strings.Join(words, "\r\n ")
}

// fold puts each encoded word on a line of its own.
func fold(s string) string { return strings.ReplaceAll(s, "?= =?", "?=\r\n =?") }
