package sesmail_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sesmail"
)

const from = "Acme <no-reply@acme.example>"

// fakeAPI keeps what it is given and answers with err.
type fakeAPI struct {
	inputs []*sesv2.SendEmailInput
	err    error
}

func (f *fakeAPI) SendEmail(_ context.Context, in *sesv2.SendEmailInput, _ ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	f.inputs = append(f.inputs, in)
	return &sesv2.SendEmailOutput{}, f.err
}

// newSender fails the test where sesmail.New does.
func newSender(tb testing.TB, client sesmail.API, opts *sesmail.Options) *sesmail.Sender {
	tb.Helper()
	s, err := sesmail.New(client, from, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// newService returns a service over a new store.
func newService(tb testing.TB, sender otp.Sender) *otp.Service {
	tb.Helper()
	service, _ := otptest.New(tb, otp.Config{Purpose: "password-reset", Sender: sender})
	return service
}

// message returns a message with a real code, which only a Service can make.
func message(tb testing.TB, r otp.Request) (m otp.Message) {
	tb.Helper()
	if r.To == "" {
		r.To = "ada@example.com"
	}
	service := newService(tb, otp.SenderFunc(func(_ context.Context, got otp.Message) error {
		m = got
		return nil
	}))
	if _, err := service.Send(tb.Context(), r); err != nil {
		tb.Fatal(err)
	}
	return m
}
