package mailtemplate_test

import (
	"fmt"
	"log"
	"testing/fstest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otpmail/mailtemplate"
)

// Templates usually come from an embed.FS or os.DirFS.
func ExampleNew() {
	files := fstest.MapFS{
		"reset/any.subject.txt": {Data: []byte("{{.Subject}}")},
		"reset/any.txt":         {Data: []byte("{{.Data.Name}}:\n{{.Lead}}\n{{.Code}}")},
		"reset/any.html":        {Data: []byte("{{.Data.Name}}: <p>{{.Lead}}<p>{{.Code}}")},
	}
	catalog, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
	if err != nil {
		log.Fatal(err)
	}

	type person struct{ Name string }
	mails, err := mailtemplate.New(files, catalog)
	if err != nil {
		log.Fatal(err)
	}

	mail, err := mails.Render(otp.Message{ // as a Service makes it
		Purpose: "reset", Kind: otp.ResetPassword, Language: "de", Data: person{"Grace"},
		Code: otp.NewCode("492013"), ExpiresAt: time.Now().Add(10 * time.Minute),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mail.Subject)
	fmt.Println(mail.Text)
	// Output:
	// Neues Passwort für Acme festlegen
	// Grace:
	// Legen Sie mit diesem Code ein neues Passwort fest:
	// 492013
}
