package awssms

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"golang.org/x/text/language"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery"
	"github.com/seed-5978b5f1/otp/internal/isnil"
	choice "github.com/seed-5978b5f1/otp/internal/language"
)

// NotifyAPI is the part of [*pinpointsmsvoicev2.Client] that a [NotifySender] uses.
type NotifyAPI interface {
	SendNotifyTextMessage(context.Context, *pinpointsmsvoicev2.SendNotifyTextMessageInput,
		...func(*pinpointsmsvoicev2.Options),
	) (*pinpointsmsvoicev2.SendNotifyTextMessageOutput, error)
}

// NotifyOptions are those of a [NotifySender].
type NotifyOptions struct {
	// Templates are the ids of templates by language (BCP 47), such as "en":
	// "notify-code-verification-english-001". The one that fits Message.Language best is taken, or
	// else the English one, or else the first by its tag. All take the variable "code". Default:
	// the template of the notify configuration.
	Templates map[string]string

	// ConfigurationSet is the name or ARN of the configuration set, through which delivery receipts
	// come. Default: none.
	ConfigurationSet string
}

// NotifySender sends one-time codes by SendNotifyTextMessage, with the numbers and texts of AWS.
// The texts say that it is a code, and whose: not what it is for. Use a [Sender] for transactions.
// It is safe for concurrent use.
type NotifySender struct {
	client           NotifyAPI
	configuration    string
	configurationSet string

	templates []string // in the order of matcher; empty: that of the configuration
	matcher   choice.Matcher
}

var _ otp.Sender = (*NotifySender)(nil)

// NewNotify returns a NotifySender for a notify configuration of the account, by its id
// ("nc-1234567890abcdef0") or ARN. The error of a bad configuration names the field, the value and
// the bound. Nil options mean the defaults.
func NewNotify(client NotifyAPI, configuration string, opts *NotifyOptions) (*NotifySender, error) {
	if opts == nil {
		opts = &NotifyOptions{}
	}

	if isnil.Value(client) {
		return nil, errNoClient
	}
	if !nameForm.MatchString(configuration) {
		return nil, fmt.Errorf("awssms: configuration is %q: it must be the id or ARN of a notify "+
			"configuration, 1 to 256 ASCII letters, digits, and _ : / -", configuration)
	}
	if err := checkName("NotifyOptions.ConfigurationSet", opts.ConfigurationSet); err != nil {
		return nil, fmt.Errorf("awssms: %w", err)
	}

	s := &NotifySender{client: client, configuration: configuration,
		configurationSet: opts.ConfigurationSet}
	if err := s.takeTemplates(opts.Templates); err != nil {
		return nil, fmt.Errorf("awssms: %w", err)
	}
	return s, nil
}

// takeTemplates puts the templates in order, the fallback first.
func (s *NotifySender) takeTemplates(templates map[string]string) error {
	names := slices.Sorted(maps.Keys(templates))
	if i := slices.Index(names, "en"); i > 0 {
		names[0], names[i] = names[i], names[0]
	}

	var tags []language.Tag
	for _, name := range names {
		tag, err := language.Parse(name)
		if err != nil {
			return fmt.Errorf("NotifyOptions.Templates has the language %q: it must be a BCP 47 "+
				"tag such as en or pt-BR", name)
		}
		if id := templates[name]; !nameForm.MatchString(id) {
			return fmt.Errorf("NotifyOptions.Templates has %q for %q: it must be the id of a "+
				"template, 1 to 256 ASCII letters, digits, and _ : / -", id, name)
		}

		tags = append(tags, tag)
		s.templates = append(s.templates, templates[name])
	}
	s.matcher = choice.NewMatcher(tags)
	return nil
}

// template returns the id of the template that fits the tag or Accept-Language header best.
func (s *NotifySender) template(accept string) *string {
	if len(s.templates) == 0 {
		return nil
	}
	return &s.templates[s.matcher.Match(accept)]
}

// Send sends the message. All that is said of [Sender.Send] holds, but for the text, which is that
// of the template.
func (s *NotifySender) Send(ctx context.Context, m otp.Message) error {
	to, seconds, err := prepare(ctx, &m)
	if err != nil {
		return err
	}

	code := m.Code.Reveal()
	if code == "" {
		return delivery.NotSent(packageName, "the message has no code", nil)
	}

	ctx, cancel := context.WithDeadline(ctx, m.ExpiresAt)
	defer cancel()
	try := endUserMessaging.Begin()
	_, err = s.client.SendNotifyTextMessage(ctx, &pinpointsmsvoicev2.SendNotifyTextMessageInput{
		DestinationPhoneNumber: &to,
		NotifyConfigurationId:  &s.configuration,
		TemplateId:             s.template(m.Language),
		TemplateVariables:      map[string]string{"code": code},
		TimeToLive:             &seconds,
		Context:                labels(&m),
		ConfigurationSetName:   optional(s.configurationSet),
	}, once(try))
	return try.Result(err)
}
