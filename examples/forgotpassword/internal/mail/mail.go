// Package mail is what the application asks of a Sender, and the mailbox that development uses
// instead of one.
package mail

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// A Sender sends codes and notices.
type Sender interface {
	otp.Sender
	SendMail(ctx context.Context, to string, mail otpmail.Mail) error
}

// maxMails is how many mails a Mailbox keeps.
const maxMails = 50

// A Letter is a mail in a Mailbox.
type Letter struct {
	At                      time.Time
	To, Subject, Text, HTML string
}

// Mailbox takes the place of mail in development: it keeps the last mails to anybody and shows them
// as a page, codes and all.
type Mailbox struct {
	page     *template.Template
	renderer otpmail.Renderer

	mu      sync.Mutex
	letters []Letter // the newest first
}

//go:embed mailbox.html
var mailboxPage string

// NewMailbox returns an empty Mailbox of mails that the Renderer writes. It panics if the template
// of the page does not parse.
func NewMailbox(renderer otpmail.Renderer) *Mailbox {
	page := template.Must(template.New("mailbox").Parse(mailboxPage))
	return &Mailbox{page: page, renderer: renderer}
}

// Send keeps the mail of a message.
func (m *Mailbox) Send(ctx context.Context, message otp.Message) error {
	mail, err := m.renderer.Render(message)
	if err != nil {
		return err
	}
	return m.SendMail(ctx, message.To, mail)
}

// SendMail keeps a mail.
func (m *Mailbox) SendMail(_ context.Context, to string, mail otpmail.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()

	letter := Letter{time.Now(), to, mail.Subject, mail.Text, mail.HTML}
	m.letters = slices.Insert(m.letters, 0, letter)
	m.letters = m.letters[:min(len(m.letters), maxMails)]
	return nil
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
