package sesmail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/seed-5978b5f1/otp"
)

// API is the part of [*sesv2.Client] that a Sender uses.
type API interface {
	SendEmail(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
}

// Options are what can be left out. All of it is the operator's own: it is checked by [New], not escaped away.
type Options struct {
	// Product is what the person knows the application by. 1 to 64 printable characters. Default: the display name
	// of the From address, or else its domain.
	Product string
	// Support is where questions go, shown as plain text at the end: an address or a telephone number, say. At most
	// 128 printable characters. Default: there is no such line.
	Support string
	// CodeInSubject puts the code into the subject. Telephones show subjects on a locked screen. Own templates decide
	// by themselves.
	CodeInSubject bool
	// ReplyTo is the bare address for replies. Default: the From address.
	ReplyTo string
	// Feedback is the bare address that SES forwards bounces and complaints to. Default: the From address.
	Feedback string
	// ConfigurationSet is the name of the SES configuration set to send with: 1 to 64 ASCII letters, digits, "_" and
	// "-". Leave click and open tracking off in it. Default: that of the identity, if it has one.
	ConfigurationSet string
	// Tags are added to every message, names and values 1 to 256 ASCII letters, digits, "_" and "-". The names
	// otp-purpose and otp-message-id are taken.
	Tags map[string]string
	// Templates holds own messages, by purpose and language; see TemplatesFS. Read by New only.
	Templates *Templates
	// TemplateData stands in for Request.Data, by purpose, when New tries the own templates.
	TemplateData map[string]any
}

const (
	maxProduct = 64  // characters
	maxSupport = 128 // characters
)

// The tags of every message. SES allows fewer characters in them than otp.Config.Purpose: a "." becomes a "-".
const (
	purposeTag   = "otp-purpose"
	messageIDTag = "otp-message-id"
)

// Sender sends one-time codes by Amazon SES. It is safe for concurrent use.
type Sender struct {
	client        API
	from          string
	replyTo       []string
	feedback      *string
	set           *string
	tags          []types.MessageTag
	product       string
	support       string
	codeInSubject bool

	own map[string]*catalog // by purpose
}

var _ otp.Sender = (*Sender)(nil)

// New returns a Sender that sends from an address or a display name with an address, "Acme <no-reply@acme.example>",
// at most 64 printable characters and 254 bytes. The address or its domain must be an identity that SES has verified in
// the client's region. Nil options mean the defaults. The error of a bad configuration names the field, the value and
// the bound; own templates that do not parse, do not execute or do not show the code in both bodies are such an error.
func New(client API, from string, opts *Options) (*Sender, error) {
	if client == nil {
		return nil, errors.New("sesmail: client is nil: it is required (sesv2.NewFromConfig)")
	}
	header, name, domain, err := fromAddress(from)
	if err != nil {
		return nil, fmt.Errorf("sesmail: from is %q: %w", from, err)
	}
	if opts == nil {
		opts = &Options{}
	}
	s := &Sender{
		client: client, from: header, codeInSubject: opts.CodeInSubject,
		product: cmp.Or(opts.Product, name, domain), support: opts.Support,
	}
	if err := s.configure(opts); err != nil {
		return nil, fmt.Errorf("sesmail: %w", err)
	}
	return s, nil
}

// configure checks and takes over the options.
func (s *Sender) configure(o *Options) error {
	if err := checkLine(o.Product, maxProduct); err != nil {
		return fmt.Errorf("Options.Product is %q: %w", o.Product, err)
	}
	if err := checkLine(o.Support, maxSupport); err != nil {
		return fmt.Errorf("Options.Support is %q: %w", o.Support, err)
	}
	if o.ReplyTo != "" {
		address, err := bareAddress(o.ReplyTo)
		if err != nil {
			return fmt.Errorf("Options.ReplyTo is %q: %w", o.ReplyTo, err)
		}
		s.replyTo = []string{address}
	}
	if o.Feedback != "" {
		address, err := bareAddress(o.Feedback)
		if err != nil {
			return fmt.Errorf("Options.Feedback is %q: %w", o.Feedback, err)
		}
		s.feedback = &address
	}
	if o.ConfigurationSet != "" {
		if !isTag(o.ConfigurationSet) || len(o.ConfigurationSet) > 64 {
			return fmt.Errorf("Options.ConfigurationSet is %q: it must be 1 to 64 ASCII letters, digits, '_' and '-'",
				o.ConfigurationSet)
		}
		s.set = aws.String(o.ConfigurationSet)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Tags)) {
		value := o.Tags[name]
		if !isTag(name) || !isTag(value) {
			return fmt.Errorf("Options.Tags has %q = %q: both must be 1 to 256 ASCII letters, digits, '_' and '-'", name, value)
		}
		if name == purposeTag || name == messageIDTag {
			return fmt.Errorf("Options.Tags has %q: the name is taken", name)
		}
		s.tags = append(s.tags, types.MessageTag{Name: &name, Value: &value})
	}
	if o.Templates != nil {
		if o.Templates.read == nil {
			return errors.New("Options.Templates is empty: TemplatesFS makes Templates")
		}
		own, err := o.Templates.read(s, o.TemplateData)
		if err != nil {
			return fmt.Errorf("Options.Templates: %w", err)
		}
		s.own = own
	}
	return nil
}

// checkLine takes text of one line.
func checkLine(s string, most int) error {
	if n := utf8.RuneCountInString(s); n > most {
		return fmt.Errorf("it has %d characters: at most %d are allowed", n, most)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("it must be UTF-8 without control, formatting and line characters")
	}
	return nil
}

// isTag reports whether SES takes s for the name or value of a tag.
func isTag(s string) bool {
	return len(s) >= 1 && len(s) <= 256 && strings.Trim(s, letters+digits+"_-") == ""
}

// Send sends the message and returns when SES has accepted it, which does not mean that it has been delivered. It makes
// one try, which ends with ctx, and at the latest when the code expires: give ctx a deadline of a few seconds.
//
// The error matches otp.ErrUndeliverable if the address is not one bare address that SES takes, and otp.ErrNotSent if
// otherwise certainly nothing was sent: SES refused it, the request never left, a template failed, or the code has
// expired. Any other error leaves it open. The text of the error holds no address and no code; what it wraps,
// the SDK's error among it, may.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	to, err := bareAddress(m.To)
	if err != nil {
		return &sendError{"the address is not usable: " + err.Error(), otp.ErrUndeliverable, nil}
	}
	now := time.Now()
	code := m.Code.Reveal()
	if code == "" {
		return &sendError{"the message has no code", otp.ErrNotSent, nil}
	}
	if !now.Before(m.ExpiresAt) {
		return &sendError{"the code has expired", otp.ErrNotSent, nil}
	}
	if err := ctx.Err(); err != nil {
		return &sendError{"the context is done", otp.ErrNotSent, err}
	}
	mail, err := s.render(s.choose(m.Purpose, m.Language), &m, code, now)
	if err != nil {
		return &sendError{"the template failed", otp.ErrNotSent, err}
	}
	ctx, cancel := context.WithDeadline(ctx, m.ExpiresAt)
	defer cancel()
	var a attempt
	if _, err = s.client.SendEmail(ctx, s.input(to, &m, &mail), a.configure); err == nil {
		return nil
	}
	if a.stayed() {
		return &sendError{"the request did not leave", otp.ErrNotSent, err}
	}
	return classify(err)
}

// input puts the mail into the form of SES. The content is "simple", which leaves no way to add headers by line ends.
func (s *Sender) input(to string, m *otp.Message, mail *Mail) *sesv2.SendEmailInput {
	text := func(s string) *types.Content { return &types.Content{Data: &s, Charset: aws.String("UTF-8")} }
	return &sesv2.SendEmailInput{
		FromEmailAddress:               &s.from,
		Destination:                    &types.Destination{ToAddresses: []string{to}},
		ReplyToAddresses:               s.replyTo,
		FeedbackForwardingEmailAddress: s.feedback,
		ConfigurationSetName:           s.set,
		EmailTags: append(slices.Clone(s.tags),
			types.MessageTag{Name: aws.String(purposeTag), Value: aws.String(strings.ReplaceAll(m.Purpose, ".", "-"))},
			types.MessageTag{Name: aws.String(messageIDTag), Value: &m.ID},
		),
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: text(mail.Subject),
			Body:    &types.Body{Html: text(mail.HTML), Text: text(mail.Text)},
			// No out-of-office replies, please (RFC 3834; the second is Microsoft's).
			Headers: []types.MessageHeader{
				{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")},
				{Name: aws.String("X-Auto-Response-Suppress"), Value: aws.String("All")},
			},
		}},
	}
}
