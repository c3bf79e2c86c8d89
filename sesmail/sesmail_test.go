package sesmail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sesmail"
)

const (
	from = "Acme <no-reply@acme.example>"
	code = "492013"
)

// fakeAPI keeps what it is given and answers with err.
type fakeAPI struct {
	inputs []*sesv2.SendEmailInput
	err    error
}

func (f *fakeAPI) SendEmail(
	_ context.Context, in *sesv2.SendEmailInput, _ ...func(*sesv2.Options),
) (*sesv2.SendEmailOutput, error) {
	f.inputs = append(f.inputs, in)
	return &sesv2.SendEmailOutput{}, f.err
}

// newSender fails the test where sesmail.New does.
func newSender(tb testing.TB, client sesmail.API, opts *sesmail.Options) *sesmail.Sender {
	tb.Helper()

	s, err := sesmail.New(client, from, opts)
	require.NoError(tb, err)
	return s
}

// message returns a message as a Service makes it.
func message() otp.Message {
	return otp.Message{
		ID: "6f2a", Purpose: "password-reset", To: "ada@example.com", Code: otp.NewCode(code),
		ExpiresAt: time.Now().Add(10 * time.Minute),
	}
}

// rendererFunc is a function that serves as a Renderer.
type rendererFunc func(otp.Message) (otpmail.Mail, error)

func (f rendererFunc) Render(m otp.Message) (otpmail.Mail, error) { return f(m) }

func TestSendHandsOverTheMailOfTheRenderer(t *testing.T) {
	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
	require.NoError(t, err)

	api := &fakeAPI{}
	s := newSender(t, api, &sesmail.Options{
		Renderer: mails, ReplyTo: "help@Acme.example", Feedback: "bounces@acme.example",
		ConfigurationSet: "codes",
		Tags:             map[string]string{"team": "login", "a": "1", "b": "2", "c": "3"},
	})
	m := message()
	m.Purpose = "v2.reset" // "." is fine there, but not in a tag
	other := m
	other.ID = "other"
	require.NoError(t, s.Send(t.Context(), m))
	require.NoError(t, s.Send(t.Context(), other)) // leaves the first as it was

	in := api.inputs[0]
	assert.Equal(t, `"Acme" <no-reply@acme.example>`, *in.FromEmailAddress)
	assert.Equal(t, &types.Destination{ToAddresses: []string{"ada@example.com"}}, in.Destination)
	assert.Equal(t, []string{"help@acme.example"}, in.ReplyToAddresses)
	assert.Equal(t, "bounces@acme.example", *in.FeedbackForwardingEmailAddress)
	assert.Equal(t, "codes", *in.ConfigurationSetName)
	assert.Equal(t, map[string]string{
		"team": "login", "a": "1", "b": "2", "c": "3",
		"otp-purpose": "v2-reset", "otp-message-id": m.ID,
	}, tagsOf(in))

	want, err := mails.Render(m)
	require.NoError(t, err)
	text := func(s string) *types.Content {
		return &types.Content{Data: &s, Charset: aws.String("UTF-8")}
	}
	assert.Equal(t, &types.EmailContent{Simple: &types.Message{
		Subject: text(want.Subject),
		Body:    &types.Body{Html: text(want.HTML), Text: text(want.Text)},
		Headers: []types.MessageHeader{
			{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")},
			{Name: aws.String("X-Auto-Response-Suppress"), Value: aws.String("All")},
			{Name: aws.String("X-Entity-Ref-ID"), Value: &m.ID},
		},
	}}, in.Content)
}

// tagsOf returns the tags of a request by name.
func tagsOf(in *sesv2.SendEmailInput) map[string]string {
	tags := map[string]string{}
	for _, tag := range in.EmailTags {
		tags[*tag.Name] = *tag.Value
	}
	return tags
}

func TestSendMail(t *testing.T) {
	api := &fakeAPI{}
	s := newSender(t, api, &sesmail.Options{Tags: map[string]string{"team": "login"}})
	mail := otpmail.Mail{Subject: "Your password was changed", Text: "It was changed."}
	require.NoError(t, s.SendMail(t.Context(), "ada@bücher.example", mail))

	in := api.inputs[0]
	assert.Nil(t, in.ReplyToAddresses)
	assert.Nil(t, in.FeedbackForwardingEmailAddress)
	assert.Nil(t, in.ConfigurationSetName)
	assert.Equal(t, []string{"ada@xn--bcher-kva.example"}, in.Destination.ToAddresses)
	assert.Equal(t, map[string]string{"team": "login"}, tagsOf(in))
	assert.Equal(t, mail.Subject, *in.Content.Simple.Subject.Data)
	assert.Equal(t, mail.Text, *in.Content.Simple.Body.Text.Data)
	assert.Nil(t, in.Content.Simple.Body.Html)

	done, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.SendMail(done, "ada@example.com", mail)
	require.ErrorIs(t, err, otp.ErrNotSent)
	require.ErrorIs(t, err, context.Canceled)

	err = s.SendMail(t.Context(), "Ada <ada@example.com>", mail)
	require.ErrorIs(t, err, otp.ErrUndeliverable)
	require.NotContains(t, err.Error(), "ada@")
	require.Len(t, api.inputs, 1)
}

// Whatever a Renderer returns, it adds no header and no line.
func TestUnusableMailsAreRefused(t *testing.T) {
	for _, test := range []struct {
		mail otpmail.Mail
		err  error
	}{
		{err: errors.New("about ada@example.com")},
		{mail: otpmail.Mail{Subject: "x\r\nBcc: eve@evil.example", Text: "x"}},
	} {
		api := &fakeAPI{}
		render := func(otp.Message) (otpmail.Mail, error) { return test.mail, test.err }
		s := newSender(t, api, &sesmail.Options{Renderer: rendererFunc(render)})
		err := s.Send(t.Context(), message())
		require.Equal(t, notSent, classOf(err))
		require.NotContains(t, err.Error(), "@")
		require.Empty(t, api.inputs)
	}
}

// What is of no use is not tried, and mails go to one bare address.
func TestNothingLeavesInVain(t *testing.T) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	to := func(to string) func(*otp.Message) {
		return func(m *otp.Message) { m.To = to }
	}

	for _, test := range []struct {
		ctx    context.Context
		change func(*otp.Message)
		class  string
		text   string
	}{
		{t.Context(), func(m *otp.Message) { m.ExpiresAt = time.Now() }, notSent, "expired"},
		{t.Context(), func(m *otp.Message) { m.Code = otp.Code{} }, notSent, "has no code"},
		{done, to("ada@example.com"), notSent, "the context is done"},
		{t.Context(), to(""), undeliverable, "invalid address"},
		{t.Context(), to("Ada <ada@example.com>"), undeliverable, "invalid address"},
		{t.Context(), to("ada@example.com, eve@evil.example"), undeliverable, "invalid address"},
	} {
		api := &fakeAPI{}
		m := message()
		test.change(&m)
		err := newSender(t, api, nil).Send(test.ctx, m)
		require.Equal(t, test.class, classOf(err), test.text)
		require.ErrorContains(t, err, test.text)
		assertDiscreet(t, err)
		require.Empty(t, api.inputs, test.text)
	}
}

// deadlineAPI waits for the end of its context.
type deadlineAPI struct{}

func (deadlineAPI) SendEmail(
	ctx context.Context, _ *sesv2.SendEmailInput, _ ...func(*sesv2.Options),
) (*sesv2.SendEmailOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTheTryEndsWithTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := message()
		err := newSender(t, deadlineAPI{}, nil).Send(t.Context(), m)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, otp.ErrNotSent)
		require.Equal(t, m.ExpiresAt, time.Now())
	})
}

// storedMail is how the emulator of SES lists a mail.
type storedMail struct {
	From        string
	ReplyTo     []string
	Destination struct{ To, CC, BCC []string }
	Subject     string
	Body        struct{ HTML, Text string }
	Headers     []struct{ Name, Value string }
}

// stored returns the one mail to an address that the emulator has.
func stored(t *testing.T, endpoint, to string) storedMail {
	t.Helper()

	answer, err := http.Get(endpoint + "/store")
	require.NoError(t, err)
	defer answer.Body.Close()

	var store struct{ Emails []storedMail }
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&store))
	mails := slices.DeleteFunc(store.Emails, func(m storedMail) bool {
		return !slices.Contains(m.Destination.To, to)
	})
	require.Len(t, mails, 1)
	return mails[0]
}

// A code goes through a service and SES, and is accepted as the mail has it.
func TestThroughSES(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}

	endpoint := servers.SESEndpoint(t)
	s := newSender(t, newClient(endpoint), &sesmail.Options{ReplyTo: "help@acme.example"})
	for language, subject := range map[string]string{
		"en": "Your code for Acme", "ja": "Acme の確認コード", "ar": "رمز التحقق الخاص بك في Acme",
	} {
		t.Run(language, func(t *testing.T) {
			service, _ := otptest.New(t, otp.Config{Purpose: "password-reset", Sender: s})
			local := servers.TableName()
			to := local + "@bücher.example"
			_, err := service.Send(t.Context(), otp.Request{To: to, Language: language})
			require.NoError(t, err)

			mail := stored(t, endpoint, local+"@xn--bcher-kva.example")
			assert.Equal(t, `"Acme" <no-reply@acme.example>`, mail.From)
			assert.Equal(t, []string{"help@acme.example"}, mail.ReplyTo)
			assert.Equal(t, subject, mail.Subject)
			assert.Len(t, mail.Destination.To, 1)
			assert.Empty(t, mail.Destination.CC)
			assert.Empty(t, mail.Destination.BCC)
			require.Len(t, mail.Headers, 3, "X-Entity-Ref-ID is the last")
			assert.Equal(t, []struct{ Name, Value string }{
				{"Auto-Submitted", "auto-generated"}, {"X-Auto-Response-Suppress", "All"},
			}, mail.Headers[:2])

			code := strings.TrimSpace(regexp.MustCompile(`\n[0-9]{6}\n`).FindString(mail.Body.Text))
			require.NotEmpty(t, code)
			require.Contains(t, mail.Body.HTML, ">"+code+"<")
			require.NoError(t, service.Verify(t.Context(), otp.Submission{To: to, Code: code}))
		})
	}
}

// All that the SDK can log is on, and still no log has the code.
func TestNoLogHoldsTheCode(t *testing.T) {
	requests := make(chan []byte, 2)
	endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		requests <- body
		w.WriteHeader(http.StatusBadRequest)
		w.Write(body) // SES does not repeat the mail, but if it did
	})
	var log bytes.Buffer
	client := newClient(endpoint, func(o *sesv2.Options) {
		o.ClientLogMode = ^aws.ClientLogMode(0)
		o.Logger = logging.NewStandardLogger(&log)
	})

	s := newSender(t, client, nil)
	err := s.Send(t.Context(), message())
	require.Contains(t, string(<-requests), code, "the request must have the code")

	slog.New(slog.NewJSONHandler(&log, nil)).Info("sent", "error", err, "sender", s,
		"all", fmt.Sprintf("%v %+v %#v %+v", err, err, err, s))
	require.NotContains(t, log.String(), code)

	// The test can fail: without sesmail, the same client logs the same request.
	log.Reset()
	_, err = client.SendEmail(t.Context(), &sesv2.SendEmailInput{
		Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte("x")}},
	})
	require.Error(t, err)
	require.Contains(t, log.String(), "Raw")
}
