package sesmail_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/sesmail"
)

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
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var store struct{ Emails []storedMail }
	if err := json.NewDecoder(answer.Body).Decode(&store); err != nil {
		t.Fatal(err)
	}
	mails := slices.DeleteFunc(store.Emails, func(m storedMail) bool { return !slices.Contains(m.Destination.To, to) })
	if len(mails) != 1 {
		t.Fatalf("there are %d mails to %s, want 1", len(mails), to)
	}
	return mails[0]
}

// TestThroughSES sends through a service and SES, and submits the code that is found in the mail.
func TestThroughSES(t *testing.T) {
	endpoint := servers.SESEndpoint(t)
	s := newSender(t, newClient(endpoint), &sesmail.Options{ReplyTo: "help@acme.example"})
	for language, subject := range map[string]string{"en": "Your code for Acme", "ja": "Acme の確認コード", "ar": "رمز التحقق الخاص بك في Acme"} {
		t.Run(language, func(t *testing.T) {
			service := newService(t, s)
			local := servers.TableName()
			to := local + "@bücher.example"
			if _, err := service.Send(t.Context(), otp.Request{To: to, Language: language}); err != nil {
				t.Fatal(err)
			}
			mail := stored(t, endpoint, local+"@xn--bcher-kva.example")
			if mail.From != `"Acme" <no-reply@acme.example>` || !slices.Equal(mail.ReplyTo, []string{"help@acme.example"}) ||
				mail.Subject != subject || len(mail.Destination.To) != 1 || mail.Destination.CC != nil && len(mail.Destination.CC)+len(mail.Destination.BCC) > 0 {
				t.Errorf("got %+v", mail)
			}
			headers := map[string]string{}
			for _, h := range mail.Headers {
				headers[h.Name] = h.Value
			}
			if headers["Auto-Submitted"] != "auto-generated" || headers["X-Auto-Response-Suppress"] != "All" {
				t.Errorf("headers: %v", headers)
			}
			code := strings.TrimSpace(regexp.MustCompile(`\n[0-9]{6}\n`).FindString(mail.Body.Text))
			if code == "" || !strings.Contains(mail.Body.HTML, ">"+code+"<") {
				t.Fatalf("the code %q is not in both bodies:\n%s\n%s", code, mail.Body.Text, mail.Body.HTML)
			}
			if err := service.Verify(t.Context(), otp.Submission{To: to, Code: code}); err != nil {
				t.Errorf("the code of the mail: %v", err)
			}
		})
	}
}
