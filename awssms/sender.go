package awssms

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery/awstry"
	"github.com/seed-5978b5f1/otp/internal/isnil"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// API is the part of [*pinpointsmsvoicev2.Client] that a [Sender] uses.
type API interface {
	SendTextMessage(context.Context, *pinpointsmsvoicev2.SendTextMessageInput,
		...func(*pinpointsmsvoicev2.Options)) (*pinpointsmsvoicev2.SendTextMessageOutput, error)
}

// Options are those of a [Sender] that can be left out.
type Options struct {
	// ConfigurationSet is the name or ARN of the configuration set, through which delivery receipts
	// come. Default: none.
	ConfigurationSet string

	// ProtectConfiguration is the id or ARN of the protect configuration, which blocks countries.
	// Default: that of the account.
	ProtectConfiguration string

	// MaxPrice is the most that a message may cost, in US dollars: "0.15". AWS refuses dearer ones.
	// Default: no bound.
	MaxPrice string

	// CountryParameters are what a country wants to be sent along: IN_ENTITY_ID and IN_TEMPLATE_ID
	// for India. Default: none.
	CountryParameters map[string]string
}

// Sender sends one-time codes by SendTextMessage. It is safe for concurrent use.
type Sender struct {
	client      API
	origination string
	text        otpsms.Options
	options     Options
}

var _ otp.Sender = (*Sender)(nil)

// New returns a Sender that sends from an origination identity of the account: a phone number in
// the form +4915112345678, a sender id ("Acme"), or the id or ARN of a phone number, sender id or
// pool. The text says what stands in the messages. Nil options mean the defaults. The error of a
// bad configuration names the field, the value and the bound.
func New(client API, origination string, text otpsms.Options, opts *Options) (*Sender, error) {
	if opts == nil {
		opts = &Options{}
	}

	if isnil.Value(client) {
		return nil, errNoClient
	}
	if err := checkOrigination(origination); err != nil {
		return nil, fmt.Errorf("awssms: %w", err)
	}
	if err := text.Check(); err != nil {
		return nil, fmt.Errorf("awssms: text: %w", err)
	}
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("awssms: %w", err)
	}

	s := &Sender{client: client, origination: origination, text: text, options: *opts}
	s.options.CountryParameters = maps.Clone(opts.CountryParameters)
	return s, nil
}

var errNoClient = errors.New(
	"awssms: client is nil: it is required (pinpointsmsvoicev2.NewFromConfig)")

// The forms that the API takes.
var (
	identityForm  = regexp.MustCompile(`^[A-Za-z0-9_:/+-]{1,256}$`)
	nameForm      = regexp.MustCompile(`^[A-Za-z0-9_:/-]{1,256}$`)
	priceForm     = regexp.MustCompile(`^[0-9]{0,2}\.[0-9]{1,5}$`)
	parameterForm = regexp.MustCompile(`^[A-Z_]{1,64}$`)
)

// checkOrigination takes what the API takes. An identity that begins with + has to be a number.
func checkOrigination(identity string) error {
	if !identityForm.MatchString(identity) {
		return fmt.Errorf("origination is %q: it must be 1 to 256 ASCII letters, digits, "+
			"and _ : / + -", identity)
	}

	if identity[0] == '+' {
		if number, err := otpsms.Normalize(identity); err != nil || number != identity {
			return fmt.Errorf("origination is %q: a telephone number must have the form "+
				"+4915112345678", identity)
		}
	}
	return nil
}

func (o *Options) check() error {
	if err := checkName("Options.ConfigurationSet", o.ConfigurationSet); err != nil {
		return err
	}
	if err := checkName("Options.ProtectConfiguration", o.ProtectConfiguration); err != nil {
		return err
	}
	if o.MaxPrice != "" && !priceForm.MatchString(o.MaxPrice) {
		return fmt.Errorf("Options.MaxPrice is %q: it must be US dollars such as 0.15, with up "+
			"to 2 digits before the point and 1 to 5 after it", o.MaxPrice)
	}

	for _, name := range slices.Sorted(maps.Keys(o.CountryParameters)) {
		value := o.CountryParameters[name]
		if !parameterForm.MatchString(name) || value == "" || len(value) > 64 {
			return fmt.Errorf("Options.CountryParameters has %q = %q: the name must be "+
				"capitals and _, the value 1 to 64 bytes", name, value)
		}
	}
	return nil
}

// checkName takes the name, id or ARN of a resource, or none.
func checkName(field, name string) error {
	if name != "" && !nameForm.MatchString(name) {
		return fmt.Errorf("%s is %q: it must be 1 to 256 ASCII letters, digits, and _ : / -",
			field, name)
	}
	return nil
}

// Send sends the message and returns when AWS has accepted it, which does not mean that it has been
// delivered. It makes one try, which ends with ctx, and at the latest when the code expires. AWS
// gives the message up at that time, too.
//
// The error matches
//
//   - otp.ErrUndeliverable if m.To is no telephone number (see [otpsms.Normalize]), or if AWS
//     refuses the number: it has opted out, or is blocked, or its country is;
//   - otp.ErrNotSent if otherwise certainly nothing was sent: AWS refused it, the request never
//     left, the text could not be written (see [otpsms.Text]), or the code expires within 5 s.
//
// Any other error leaves it open. The text of the error holds no number and no code. What it wraps,
// the SDK's error among it, may.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	to, seconds, err := prepare(ctx, &m)
	if err != nil {
		return err
	}

	text, err := otpsms.Text(m, s.text)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithDeadline(ctx, m.ExpiresAt)
	defer cancel()
	try := endUserMessaging.Begin()
	_, err = s.client.SendTextMessage(ctx, s.input(&m, to, text, seconds), once(try))
	return try.Result(err)
}

func (s *Sender) input(m *otp.Message, to, text string,
	seconds int32) *pinpointsmsvoicev2.SendTextMessageInput {
	return &pinpointsmsvoicev2.SendTextMessageInput{
		DestinationPhoneNumber:       &to,
		OriginationIdentity:          &s.origination,
		MessageBody:                  &text,
		MessageType:                  types.MessageTypeTransactional,
		TimeToLive:                   &seconds,
		Context:                      labels(m),
		ConfigurationSetName:         optional(s.options.ConfigurationSet),
		ProtectConfigurationId:       optional(s.options.ProtectConfiguration),
		MaxPrice:                     optional(s.options.MaxPrice),
		DestinationCountryParameters: s.options.CountryParameters,
	}
}

// once is the option of a call that makes one try.
func once(try *awstry.Try) func(*pinpointsmsvoicev2.Options) {
	return func(o *pinpointsmsvoicev2.Options) {
		o.Retryer, o.ClientLogMode, o.HTTPClient = aws.NopRetryer{}, 0, try.Watch(o.HTTPClient)
	}
}

// optional returns nil for what was left out.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
