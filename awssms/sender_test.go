package awssms_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/awssms"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// What leaves, to the last field.
func TestRequestOfTheSender(t *testing.T) {
	aws := serve(t, accept)
	s, err := awssms.New(newClient(aws.URL), "pool-0123", otpsms.Options{
		Product: "Acme", Domain: "acme.example",
	}, &awssms.Options{
		ConfigurationSet:     "receipts",
		ProtectConfiguration: "protect-1",
		MaxPrice:             "0.15",
		CountryParameters:    map[string]string{"IN_ENTITY_ID": "1", "IN_TEMPLATE_ID": "2"},
	})
	require.NoError(t, err)

	require.NoError(t, s.Send(t.Context(), message()))
	require.Len(t, aws.got(), 1)
	got := aws.got()[0]
	require.Equal(t, "PinpointSMSVoiceV2.SendTextMessage", got.Target)
	require.InDelta(t, 299, got.Body["TimeToLive"], 1)
	delete(got.Body, "TimeToLive")
	require.Equal(t, map[string]any{
		"DestinationPhoneNumber": number,
		"OriginationIdentity":    "pool-0123",
		"MessageBody": "492013 is your code to sign in to Acme. Do not share it with anyone.\n" +
			"@acme.example #492013",
		"MessageType":                  "TRANSACTIONAL",
		"ConfigurationSetName":         "receipts",
		"ProtectConfigurationId":       "protect-1",
		"MaxPrice":                     "0.15",
		"DestinationCountryParameters": map[string]any{"IN_ENTITY_ID": "1", "IN_TEMPLATE_ID": "2"},
		"Context": map[string]any{"otp-purpose": "sign-in",
			"otp-message-id": "0123456789abcdef0123456789abcdef"},
	}, got.Body)
}

// What is left out of the options is left out of the request.
func TestDefaultsOfTheSender(t *testing.T) {
	aws := serve(t, accept)
	s, err := awssms.New(newClient(aws.URL), number, acme, nil)
	require.NoError(t, err)

	require.NoError(t, s.Send(t.Context(), message()))
	for _, field := range []string{"ConfigurationSetName", "ProtectConfigurationId", "MaxPrice",
		"DestinationCountryParameters", "DryRun", "Keyword"} {
		require.NotContains(t, aws.got()[0].Body, field)
	}
}

// A fakeAPI stands for the client where only time matters: it waits for the end of the context.
type fakeAPI struct{ seconds int32 }

func (f *fakeAPI) SendTextMessage(ctx context.Context, in *pinpointsmsvoicev2.SendTextMessageInput,
	_ ...func(*pinpointsmsvoicev2.Options)) (*pinpointsmsvoicev2.SendTextMessageOutput, error) {

	f.seconds = *in.TimeToLive
	<-ctx.Done()
	return nil, ctx.Err()
}

func (f *fakeAPI) SendNotifyTextMessage(ctx context.Context,
	in *pinpointsmsvoicev2.SendNotifyTextMessageInput, _ ...func(*pinpointsmsvoicev2.Options),
) (*pinpointsmsvoicev2.SendNotifyTextMessageOutput, error) {

	f.seconds = *in.TimeToLive
	<-ctx.Done()
	return nil, ctx.Err()
}

// senders are those of the two operations, on one API.
func senders(t *testing.T, api *fakeAPI) []otp.Sender {
	t.Helper()
	text, err := awssms.New(api, "Acme", acme, nil)
	require.NoError(t, err)
	notify, err := awssms.NewNotify(api, "nc-1", nil)
	require.NoError(t, err)
	return []otp.Sender{text, notify}
}

// AWS gives the message up, and the Sender its try, when the code expires: never later.
func TestTheMessageLivesAsLongAsTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, life := range []time.Duration{5 * time.Second, 5*time.Second + 999*time.Millisecond,
			10 * time.Minute, 24 * time.Hour} {
			api := &fakeAPI{}
			for _, s := range senders(t, api) {
				m := message()
				m.ExpiresAt = time.Now().Add(life)

				err := s.Send(t.Context(), m)
				require.Equal(t, int32(life.Seconds()), api.seconds)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, open, classOf(err))
				require.Equal(t, m.ExpiresAt, time.Now())
			}
		}
	})
}

// What is of no use is not tried.
func TestNothingLeavesInVain(t *testing.T) {
	done, cancel := context.WithCancel(t.Context())
	cancel()

	left := func(life time.Duration) func(*otp.Message) {
		return func(m *otp.Message) { m.ExpiresAt = time.Now().Add(life) }
	}
	to := func(to string) func(*otp.Message) {
		return func(m *otp.Message) { m.To = to }
	}

	for name, test := range map[string]struct {
		ctx    context.Context
		change func(*otp.Message)
		want   string
	}{
		"expired":      {t.Context(), left(0), notSent},
		"expires soon": {t.Context(), left(5*time.Second - time.Nanosecond), notSent},
		"done":         {done, to(number), notSent},
		"no code":      {t.Context(), func(m *otp.Message) { m.Code = otp.Code{} }, notSent},
		"no number":    {t.Context(), to("ada@example.com"), undeliverable},
		"national":     {t.Context(), to("0151 12345678"), undeliverable},
		"two numbers":  {t.Context(), to(number + "," + number), undeliverable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{}
				for _, s := range senders(t, api) {
					m := message()
					test.change(&m)

					err := s.Send(test.ctx, m)
					require.Error(t, err)
					require.Equal(t, test.want, classOf(err), "%v", err)
					require.Zero(t, api.seconds, "the API was called")
					checkTellsNothing(t, err)
				}
			})
		})
	}
}

// Codes of letters and texts that cannot be written fail before anything leaves.
func TestTextsThatCannotBeWritten(t *testing.T) {
	api := &fakeAPI{}
	s, err := awssms.New(api, "Acme", acme, nil)
	require.NoError(t, err)

	letters, transfer := message(), message()
	letters.Code = otp.NewCode("BCDFGH")
	transfer.Kind = otp.ConfirmTransaction

	require.ErrorContains(t, s.Send(t.Context(), letters), "use otp.Digits")
	require.ErrorContains(t, s.Send(t.Context(), transfer), "needs an otpsms.Payer")
	require.Equal(t, notSent, classOf(s.Send(t.Context(), letters)))
	require.Zero(t, api.seconds)
}

func TestConfigurationsRefused(t *testing.T) {
	set := func(name string) *awssms.Options { return &awssms.Options{ConfigurationSet: name} }
	protect := func(name string) *awssms.Options {
		return &awssms.Options{ProtectConfiguration: name}
	}
	price := func(price string) *awssms.Options { return &awssms.Options{MaxPrice: price} }
	parameter := func(name, value string) *awssms.Options {
		return &awssms.Options{CountryParameters: map[string]string{name: value}}
	}

	for name, test := range map[string]struct {
		origination string
		options     *awssms.Options
		want        string
	}{
		"no origination":  {"", nil, `origination is ""`},
		"spaces":          {"Acme Ltd", nil, `origination is "Acme Ltd"`},
		"two lines":       {"Acme\nLtd", nil, "origination is"},
		"long":            {strings.Repeat("a", 257), nil, "1 to 256"},
		"spelled number":  {"+49-151-12345678", nil, "must have the form +4915112345678"},
		"short number":    {"+49151", nil, "must have the form +4915112345678"},
		"set":             {"Acme", set("a b"), "Options.ConfigurationSet"},
		"protect":         {"Acme", protect("."), "Options.ProtectConfiguration"},
		"price in words":  {"Acme", price("1 USD"), `Options.MaxPrice is "1 USD"`},
		"price in cents":  {"Acme", price("15"), "Options.MaxPrice"},
		"price of 6":      {"Acme", price("0.123456"), "Options.MaxPrice"},
		"small parameter": {"Acme", parameter("in", "1"), "Options.CountryParameters"},
		"empty parameter": {"Acme", parameter("IN_ENTITY_ID", ""), "Options.CountryParameters"},
	} {
		s, err := awssms.New(&fakeAPI{}, test.origination, acme, test.options)
		assert.Nil(t, s, name)
		assert.ErrorContains(t, err, test.want, name)
		assert.ErrorContains(t, err, "awssms: ", name)
	}

	for _, client := range []awssms.API{nil, (*fakeAPI)(nil)} {
		_, err := awssms.New(client, "Acme", acme, nil)
		require.ErrorContains(t, err, "client is nil")
	}
	_, err := awssms.New(&fakeAPI{}, "Acme", otpsms.Options{}, nil)
	require.ErrorContains(t, err, `awssms: text: Options.Product is ""`)
}

func TestOriginationsTaken(t *testing.T) {
	for _, origination := range []string{number, "Acme", "ACME-1", "phone-0123456789abcdef",
		"pool-0123456789abcdef", "12345",
		"arn:aws:sms-voice:eu-central-1:111122223333:sender-id/Acme/DE"} {
		_, err := awssms.New(&fakeAPI{}, origination, acme, nil)
		assert.NoError(t, err, origination)
	}
}

// The options are copied: a caller that changes its maps changes nothing.
func TestOptionsAreCopied(t *testing.T) {
	options := &awssms.Options{CountryParameters: map[string]string{"IN_ENTITY_ID": "1"}}
	aws := serve(t, accept)
	s, err := awssms.New(newClient(aws.URL), "Acme", acme, options)
	require.NoError(t, err)

	options.CountryParameters["IN_ENTITY_ID"] = "2"

	require.NoError(t, s.Send(t.Context(), message()))
	require.Equal(t, map[string]any{"IN_ENTITY_ID": "1"},
		aws.got()[0].Body["DestinationCountryParameters"])
}
