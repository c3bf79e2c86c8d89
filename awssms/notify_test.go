package awssms_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/awssms"
)

var templates = map[string]string{
	"de": "notify-code-verification-german-001",
	"en": "notify-code-verification-english-001",
	"ar": "notify-code-verification-arabic-001",
}

// What leaves, to the last field.
func TestRequestOfTheNotifySender(t *testing.T) {
	aws := serve(t, accept)
	s, err := awssms.NewNotify(newClient(aws.URL), "nc-1234567890abcdef0",
		&awssms.NotifyOptions{Templates: templates, ConfigurationSet: "receipts"})
	require.NoError(t, err)

	m := message()
	m.Language = "de-AT, en;q=0.5"
	require.NoError(t, s.Send(t.Context(), m))
	require.Len(t, aws.got(), 1)
	got := aws.got()[0]
	require.Equal(t, "PinpointSMSVoiceV2.SendNotifyTextMessage", got.Target)
	require.InDelta(t, 299, got.Body["TimeToLive"], 1)
	delete(got.Body, "TimeToLive")
	require.Equal(t, map[string]any{
		"DestinationPhoneNumber": number,
		"NotifyConfigurationId":  "nc-1234567890abcdef0",
		"TemplateId":             "notify-code-verification-german-001",
		"TemplateVariables":      map[string]any{"code": code},
		"ConfigurationSetName":   "receipts",
		"Context": map[string]any{"otp-purpose": "sign-in",
			"otp-message-id": "0123456789abcdef0123456789abcdef"},
	}, got.Body)
}

// The template goes by the language, and English is the fallback where there is one.
func TestTemplates(t *testing.T) {
	for name, test := range map[string]struct {
		templates map[string]string
		language  string
		want      any
	}{
		"none":     {nil, "de", nil},
		"exact":    {templates, "ar", templates["ar"]},
		"region":   {templates, "de-CH", templates["de"]},
		"fallback": {templates, "ja", templates["en"]},
		"empty":    {templates, "", templates["en"]},
		"too long": {templates, strings.Repeat("de, ", 500), templates["en"]},
		"first":    {map[string]string{"fr": "f", "es": "e"}, "ja", "e"},
	} {
		t.Run(name, func(t *testing.T) {
			aws := serve(t, accept)
			s, err := awssms.NewNotify(newClient(aws.URL), "nc-1",
				&awssms.NotifyOptions{Templates: test.templates})
			require.NoError(t, err)

			m := message()
			m.Language = test.language
			require.NoError(t, s.Send(t.Context(), m))
			require.Equal(t, test.want, aws.got()[0].Body["TemplateId"])
		})
	}
}

func TestNotifyConfigurationsRefused(t *testing.T) {
	of := func(language, template string) awssms.NotifyOptions {
		return awssms.NotifyOptions{Templates: map[string]string{language: template}}
	}

	for name, test := range map[string]struct {
		configuration string
		options       awssms.NotifyOptions
		want          string
	}{
		"none":   {"", awssms.NotifyOptions{}, `configuration is ""`},
		"spaces": {"nc 1", awssms.NotifyOptions{}, `configuration is "nc 1"`},
		"long":   {strings.Repeat("a", 257), awssms.NotifyOptions{}, "1 to 256"},
		"set": {"nc-1", awssms.NotifyOptions{ConfigurationSet: "a b"},
			"NotifyOptions.ConfigurationSet"},
		"language": {"nc-1", of("english", "t"), `language "english"`},
		"no tag":   {"nc-1", of("", "t"), `language ""`},
		"template": {"nc-1", of("en", ""), `has "" for "en"`},
	} {
		s, err := awssms.NewNotify(&fakeAPI{}, test.configuration, &test.options)
		assert.Nil(t, s, name)
		assert.ErrorContains(t, err, test.want, name)
	}

	_, err := awssms.NewNotify(nil, "nc-1", nil)
	require.ErrorContains(t, err, "client is nil")
}
