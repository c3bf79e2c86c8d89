package otp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A textSender sends text messages through the HTTP API of a provider.
type textSender struct {
	client   *http.Client
	endpoint string
}

// Send makes one try: a person who asks again gets the same code.
func (s *textSender) Send(ctx context.Context, m otp.Message) error {
	text := fmt.Sprintf("%s is your code for Example. Do not share it.", m.Code.Reveal())
	form := url.Values{"to": {m.To}, "text": {text}, "reference": {m.ID}}

	body := strings.NewReader(form.Encode())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, body)
	if err != nil {
		return fmt.Errorf("%w: %w", otp.ErrNotSent, err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	answer, err := s.client.Do(r)
	if err != nil {
		return err // no answer: it may have been sent
	}
	defer answer.Body.Close()

	switch {
	case answer.StatusCode < 300:
		return nil
	case answer.StatusCode == http.StatusUnprocessableEntity: // "no such number" to this provider
		return otp.ErrUndeliverable
	case answer.StatusCode < 500:
		return fmt.Errorf("%w: %s", otp.ErrNotSent, answer.Status)
	}
	return errors.New(answer.Status) // the provider failed: the message may have been sent
}

// A Sender of one's own says how it failed: certainly not sent, not deliverable, or open.
func ExampleSender() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.FormValue("to"); !strings.HasPrefix(to, "+") {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}))
	defer provider.Close()

	sender := &textSender{provider.Client(), provider.URL}
	service, _ := otptest.New(log.Default(), otp.Config{Sender: sender})
	for _, to := range []string{"+44 20 7946 0000", "Ada"} {
		_, err := service.Send(context.Background(), otp.Request{To: to})
		fmt.Println(err, errors.Is(err, otp.ErrDelivery), errors.Is(err, otp.ErrUndeliverable))
	}
	// Output:
	// <nil> false false
	// otp: the message could not be delivered; the code stays valid, and asking again sends the same one true true
}
