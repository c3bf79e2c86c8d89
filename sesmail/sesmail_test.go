package sesmail_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/seed-5978b5f1/otp"
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

// mapStore is the smallest otp.Store.
type mapStore struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (s *mapStore) Load(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.values[key]), nil
}

func (s *mapStore) CompareAndSwap(_ context.Context, key string, old, new []byte, _ time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(s.values[key], old) {
		return false, nil
	}
	s.values[key] = bytes.Clone(new)
	return true, nil
}

// newService returns a service over a new store.
func newService(tb testing.TB, sender otp.Sender) *otp.Service {
	tb.Helper()
	service, err := otp.New(otp.Config{
		Purpose: "password-reset",
		Secret:  bytes.Repeat([]byte("secret"), 8),
		Store:   &mapStore{values: map[string][]byte{}},
		Sender:  sender,
		Policy:  otp.Policy{MinSendTime: -1},
	})
	if err != nil {
		tb.Fatal(err)
	}
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
