package sesmail

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// API is the part of [*sesv2.Client] that a Sender uses.
type API interface {
	SendEmail(
		context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options),
	) (*sesv2.SendEmailOutput, error)
}

// Sender sends mails by Amazon SES. It is safe for concurrent use.
type Sender struct {
	client   API
	renderer otpmail.Renderer

	from     string
	replyTo  []string
	feedback *string
	set      *string
	tags     []types.MessageTag
}

var _ otp.Sender = (*Sender)(nil)

// Send writes the mail for a message, sends it, and returns when SES has accepted it, which does
// not mean that it has been delivered. It makes one try, which ends with ctx, and at the latest
// when the code expires.
//
// The error matches otp.ErrUndeliverable if the address is not one bare address that SES takes, and
// otp.ErrNotSent if otherwise certainly nothing was sent: SES refused it, the request never left,
// the Renderer failed, or the code has expired. Any other error leaves it open. The text of the
// error holds no address and no code; what it wraps, the SDK's error among it, may.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	to, err := bareAddress(m.To)
	if err != nil {
		return err
	}
	if m.Code.Reveal() == "" {
		return delivery.NotSent(packageName, "the message has no code", nil)
	}
	if !time.Now().Before(m.ExpiresAt) {
		return delivery.NotSent(packageName, "the code has expired", nil)
	}
	if err := ctx.Err(); err != nil {
		return delivery.NotSent(packageName, "the context is done", err)
	}

	mail, err := s.renderer.Render(m)
	if err != nil {
		return delivery.NotSent(packageName, "the mail could not be written", err)
	}

	ctx, cancel := context.WithDeadline(ctx, m.ExpiresAt)
	defer cancel()
	return s.deliver(ctx, to, m.ID, mail,
		tag(purposeTag, strings.ReplaceAll(m.Purpose, ".", "-")), tag(messageIDTag, m.ID))
}

// SendMail sends a mail without a code, such as one by otpmail.Catalog.Notice, and returns when
// SES has accepted it. It makes one try, which ends with ctx. Its errors are those of Send.
func (s *Sender) SendMail(ctx context.Context, to string, mail otpmail.Mail) error {
	to, err := bareAddress(to)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return delivery.NotSent(packageName, "the context is done", err)
	}
	return s.deliver(ctx, to, rand.Text(), mail)
}

// bareAddress returns the address as SES takes it, or an error that matches otp.ErrUndeliverable.
func bareAddress(to string) (string, error) {
	address, err := otpmail.ParseAddress(to)
	if err != nil {
		return "", delivery.Undeliverable(packageName, err.Error(), err)
	}
	return address, nil
}

// deliver makes the one try.
func (s *Sender) deliver(
	ctx context.Context, to, id string, mail otpmail.Mail, tags ...types.MessageTag,
) error {
	if err := mail.Check(); err != nil {
		return delivery.NotSent(packageName, "the mail is not usable: "+err.Error(), nil)
	}

	try := ses.Begin()
	_, err := s.client.SendEmail(ctx, s.input(to, id, mail, tags), once(try))
	return try.Result(err)
}

// input puts the mail into the form of SES. The content is "simple", which leaves no way to add
// headers by line ends.
func (s *Sender) input(
	to, id string, mail otpmail.Mail, tags []types.MessageTag,
) *sesv2.SendEmailInput {
	body := &types.Body{Text: content(mail.Text)}
	if mail.HTML != "" {
		body.Html = content(mail.HTML)
	}
	return &sesv2.SendEmailInput{
		FromEmailAddress:               &s.from,
		Destination:                    &types.Destination{ToAddresses: []string{to}},
		ReplyToAddresses:               s.replyTo,
		FeedbackForwardingEmailAddress: s.feedback,
		ConfigurationSetName:           s.set,
		EmailTags:                      slices.Concat(s.tags, tags),
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: content(mail.Subject),
			Body:    body,
			Headers: []types.MessageHeader{
				// No out-of-office replies, please (RFC 3834; the second is Microsoft's).
				header("Auto-Submitted", "auto-generated"),
				header("X-Auto-Response-Suppress", "All"),
				// Gmail does not put mails with different ones into one conversation, where it
				// would hide what they have in common: the code that is sent again.
				header("X-Entity-Ref-ID", id),
			},
		}},
	}
}

func content(s string) *types.Content {
	return &types.Content{Data: &s, Charset: aws.String("UTF-8")}
}

func header(name, value string) types.MessageHeader {
	return types.MessageHeader{Name: &name, Value: &value}
}

func tag(name, value string) types.MessageTag {
	return types.MessageTag{Name: &name, Value: &value}
}
