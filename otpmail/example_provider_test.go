package otpmail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var mail struct {
			To      []string
			Subject string
		}
		json.NewDecoder(r.Body).Decode(&mail)
		fmt.Println(r.Header.Get("Authorization"), mail.To, mail.Subject)
	}))
	defer server.Close()

	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
	if err != nil {
		log.Fatal(err)
	}
	var sender otp.Sender = provider{server.URL, "key", "Acme <no-reply@acme.example>", mails}
	fmt.Println(sender.Send(context.Background(), otp.Message{ // as a Service makes it
		ID: "6f2a", To: "ada@example.com", Code: otp.NewCode("492013"),
		ExpiresAt: time.Now().Add(10 * time.Minute),
	}))
	// Output:
	// Bearer key [ada@example.com] Your code for Acme
	// <nil>
}
