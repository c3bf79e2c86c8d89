package mail

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"github.com/seed-5978b5f1/otp/sesmail"
)

// maxMails is how many mails a Mailbox keeps.
const maxMails = 50

// A Letter is a mail in a Mailbox.
type Letter struct {
	At                      time.Time
	To, Subject, Text, HTML string
}

// Mailbox stands in for SES in development: it keeps the last mails to anybody and shows them as a
// page, codes and all.
type Mailbox struct {
	page    *template.Template
	mu      sync.Mutex
	letters []Letter // the newest first
}

var _ sesmail.API = (*Mailbox)(nil)

//go:embed mailbox.html
var mailboxPage string

// NewMailbox returns an empty Mailbox. It panics if the template of the page does not parse.
func NewMailbox() *Mailbox {
	return &Mailbox{page: template.Must(template.New("mailbox").Parse(mailboxPage))}
}

// SendEmail keeps the mail.
func (m *Mailbox) SendEmail(
	_ context.Context,
	in *sesv2.SendEmailInput,
	_ ...func(*sesv2.Options),
) (*sesv2.SendEmailOutput, error) {
	message := in.Content.Simple
	letter := Letter{
		At:      time.Now(),
		To:      strings.Join(in.Destination.ToAddresses, ", "),
		Subject: aws.ToString(message.Subject.Data),
		Text:    aws.ToString(message.Body.Text.Data),
	}
	if message.Body.Html != nil {
		letter.HTML = aws.ToString(message.Body.Html.Data)
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	m.letters = slices.Insert(m.letters, 0, letter)
	m.letters = m.letters[:min(len(m.letters), maxMails)]
	return &sesv2.SendEmailOutput{}, nil
}

// Letters returns the mails, the newest first.
func (m *Mailbox) Letters() []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.letters)
}

// ServeHTTP shows the mails.
func (m *Mailbox) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	var page bytes.Buffer
	if err := m.page.Execute(&page, m.Letters()); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; "+
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Write(page.Bytes())
}
