package sesmail

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/seed-5978b5f1/otp/internal/isnil"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// Options are what can be left out. All of it is the operator's own: it is checked by [New], not
// escaped away.
type Options struct {
	// Renderer writes the mails. Default: an otpmail.Catalog whose product is the display name of
	// the From address, or else its domain.
	Renderer otpmail.Renderer

	// ReplyTo is the bare address for replies. Default: the From address.
	ReplyTo string
	// Feedback is the bare address that SES forwards bounces and complaints to. Default: the From
	// address.
	Feedback string

	// ConfigurationSet is the name of the SES configuration set to send with: 1 to 64 ASCII
	// letters, digits, "_" and "-". Leave click and open tracking off in it. Default: that of the
	// identity, if it has one.
	ConfigurationSet string
	// Tags are added to every message, names and values 1 to 256 ASCII letters, digits, "_" and
	// "-". The names otp-purpose and otp-message-id are taken.
	Tags map[string]string
}

const (
	maxConfigurationSet = 64
	maxTag              = 256
)

// The tags of every message with a code. SES allows fewer characters in them than
// otp.Config.Purpose: a "." becomes a "-".
const (
	purposeTag   = "otp-purpose"
	messageIDTag = "otp-message-id"
)

// New returns a Sender that sends from an address or a display name with an address, "Acme
// <no-reply@acme.example>": see [otpmail.ParseFrom]. The address or its domain must be an identity
// that SES has verified in the client's region. Nil options mean the defaults.
//
// The error of a bad configuration names the field, the value and the bound.
func New(client API, from string, opts *Options) (*Sender, error) {
	if isnil.Value(client) {
		return nil, errors.New("sesmail: client is nil: it is required (sesv2.NewFromConfig)")
	}

	sender, err := otpmail.ParseFrom(from)
	if err != nil {
		return nil, fmt.Errorf("sesmail: from is %q: %w", from, err)
	}

	if opts == nil {
		opts = &Options{}
	}
	s := &Sender{client: client, from: sender.String(), renderer: opts.Renderer}
	if err := s.configure(opts); err != nil {
		return nil, fmt.Errorf("sesmail: %w", err)
	}

	if s.renderer == nil {
		if s.renderer, err = sender.Catalog(); err != nil {
			return nil, fmt.Errorf("sesmail: the default of Options.Renderer: %w", err)
		}
	}
	return s, nil
}

// configure checks and takes over the options.
func (s *Sender) configure(o *Options) error {
	if o.ReplyTo != "" {
		address, err := otpmail.ParseAddress(o.ReplyTo)
		if err != nil {
			return fmt.Errorf("Options.ReplyTo is %q: %w", o.ReplyTo, err)
		}
		s.replyTo = []string{address}
	}

	if o.Feedback != "" {
		address, err := otpmail.ParseAddress(o.Feedback)
		if err != nil {
			return fmt.Errorf("Options.Feedback is %q: %w", o.Feedback, err)
		}
		s.feedback = &address
	}

	if o.ConfigurationSet != "" {
		if !isTag(o.ConfigurationSet, maxConfigurationSet) {
			return fmt.Errorf("Options.ConfigurationSet is %q: it must be 1 to %d ASCII letters, "+
				"digits, '_' and '-'", o.ConfigurationSet, maxConfigurationSet)
		}
		s.set = aws.String(o.ConfigurationSet)
	}
	return s.addTags(o.Tags)
}

// addTags checks and takes over Options.Tags.
func (s *Sender) addTags(tags map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		value := tags[name]
		if !isTag(name, maxTag) || !isTag(value, maxTag) {
			return fmt.Errorf("Options.Tags has %q = %q: both must be 1 to %d ASCII letters, "+
				"digits, '_' and '-'", name, value, maxTag)
		}
		if name == purposeTag || name == messageIDTag {
			return fmt.Errorf("Options.Tags has %q: the name is taken", name)
		}

		s.tags = append(s.tags, types.MessageTag{Name: &name, Value: &value})
	}
	return nil
}

// isTag reports whether SES takes s for the name or value of a tag, or for the name of a
// configuration set, of at most so many bytes.
func isTag(s string, most int) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	return len(s) >= 1 && len(s) <= most && strings.Trim(s, allowed) == ""
}
