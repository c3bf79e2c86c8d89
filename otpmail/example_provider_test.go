package otpmail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// provider sends by the HTTP API of a mail provider, here that of Resend.
type provider struct {
	url, key, from string
	mails          otpmail.Renderer
}

func (p provider) Send(ctx context.Context, m otp.Message) error {
	to, err := otpmail.ParseAddress(m.To)
	if err != nil {
		return fmt.Errorf("resend: %w", otp.Undeliverable(err))
	}
	mail, err := p.mails.Render(m)
	if err != nil {
		return fmt.Errorf("resend: %w", otp.NotSent(err))
	}
	body, err := json.Marshal(map[string]any{
		"from": p.from, "to": []string{to},
		"subject": mail.Subject, "text": mail.Text, "html": mail.HTML,
	})
	if err != nil {
		return fmt.Errorf("resend: %w", otp.NotSent(err))
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("resend: %w", otp.NotSent(err))
	}
	request.Header.Set("Authorization", "Bearer "+p.key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", m.ID) // a request that is repeated sends one mail

	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err // it may have been sent
	}
	defer answer.Body.Close()

	err = errors.New("the provider answered " + answer.Status)
	switch status := answer.StatusCode; {
	case status/100 == 2:
		return nil
	case status/100 == 4 && status != http.StatusRequestTimeout && status != http.StatusConflict:
		return fmt.Errorf("resend: %w", otp.NotSent(err))
	}
	return fmt.Errorf("resend: %w: may have been sent", err)
}

// A provider without a package of its own takes thirty lines.
func Example_httpProvider() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"))
		if r.Header.Get("Idempotency-Key") == "second" {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}

		var mail struct {
			To      []string
			Subject string
		}
		if err := json.NewDecoder(r.Body).Decode(&mail); err != nil {
			log.Fatal(err)
		}
		fmt.Println(mail.To, mail.Subject)
		io.WriteString(w, `{"id": "49a3999c"}`)
	}))
	defer server.Close()

	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
	if err != nil {
		log.Fatal(err)
	}
	var sender otp.Sender = provider{server.URL, "key", "Acme <no-reply@acme.example>", mails}

	message := otp.Message{ // as a Service makes it
		ID: "first", To: "ada@example.com", Code: otp.NewCode("492013"),
		ExpiresAt: time.Now().Add(10 * time.Minute),
	}
	fmt.Println(sender.Send(context.Background(), message))
	message.ID = "second"
	fmt.Println(sender.Send(context.Background(), message))
	// Output:
	// Bearer key first
	// [ada@example.com] Your code for Acme
	// <nil>
	// Bearer key second
	// resend: not sent: the provider answered 422 Unprocessable Entity
}
