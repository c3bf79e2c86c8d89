package sesmail_test

import (
	"context"
	"os"
	"testing"
	"testing/fstest"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sesmail"
)

// TestStandardMailIsThatOfTheTemplates compares the message of the package with what html/template and text/template
// make of its templates, byte by byte.
func TestStandardMailIsThatOfTheTemplates(t *testing.T) {
	page, err := os.ReadFile("templates/mail.html")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("templates/mail.txt")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, language := range languages {
		files["login/"+language+".html"] = file(string(page))
		files["login/"+language+".txt"] = file(string(text))
		files["login/"+language+".subject.txt"] = file("{{.Title}}")
	}
	messages := []otp.Message{{}}            // for which Render takes a code of 6 digits
	for _, length := range []int{8, 9, 14} { // there are two sizes of type
		sender := otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			messages = append(messages, m)
			return nil
		})
		service, _ := otptest.New(t, otp.Config{Purpose: "login", Sender: sender, Policy: otp.Policy{Length: length}})
		if _, err := service.Send(t.Context(), otp.Request{To: "ada@example.com"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range []string{
		"", "Acme", "Disney+ & Söhne", `<img src=x onerror=alert(1)>`, `"><script>x</script>`, `' onload='x`, "</title>", "&lt;b&gt; &amp",
		"{code} {product} {support} {n}", "{{.Code}} {{.}} {{.Help}}", "{{- with .Help}}", "{{- end}}", "`${x}`=\\/",
	} {
		for _, support := range []string{"", words} {
			standard := newSender(t, &fakeAPI{}, &sesmail.Options{Product: words, Support: support})
			own := newSender(t, &fakeAPI{}, &sesmail.Options{Product: words, Support: support, Templates: sesmail.TemplatesFS(files)})
			for _, m := range messages {
				m.Purpose = "login"
				for _, m.Language = range languages {
					got, want := rendered(t, standard, m), rendered(t, own, m)
					if got != want {
						t.Errorf("%s, product %q, support %q: got\n%s\n%s\n%s\nwant\n%s\n%s\n%s", m.Language, words, support,
							got.Subject, got.HTML, got.Text, want.Subject, want.HTML, want.Text)
					}
				}
			}
		}
	}
}
