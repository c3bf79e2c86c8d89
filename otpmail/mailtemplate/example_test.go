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

// Files usually come from an embed.FS or os.DirFS.
func ExampleNew() {
	const layout = `<h1>{{.Title}}</h1> {{.Text}} {{.Lead}} <b>{{.Code}}</b>
{{range .Details}}<p>{{.Name}}: {{.Value}}{{end}}`

	files := fstest.MapFS{
		"layout.html":   {Data: []byte(layout)},
		"reset/de.json": {Data: []byte(`{"lead": "{{.Data.Name}}, Ihr Code lautet:"}`)},
	}
	catalog, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
	if err != nil {
		log.Fatal(err)
	}
	mails, err := mailtemplate.New(files, catalog)
	if err != nil {
		log.Fatal(err)
	}

	mail, err := mails.Render(otp.Message{ // as a Service makes it
		Purpose: "reset", Kind: otp.ResetPassword, Language: "de",
		Code: otp.NewCode("492013"), ExpiresAt: time.Now().Add(10 * time.Minute),
		Data: struct{ Name string }{"Grace"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mail.Subject)
	fmt.Println(mail.HTML)
	// Output:
	// Neues Passwort für Acme festlegen
	// <h1>Neues Passwort für Acme festlegen</h1>  Grace, Ihr Code lautet: <b>492013</b>
}
