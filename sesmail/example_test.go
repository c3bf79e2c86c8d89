package sesmail_test

import (
	"fmt"
	"log"
	"strings"
	"testing/fstest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sesmail"
)

func ExampleNew() {
	var cfg aws.Config // as config.LoadDefaultConfig returns it
	mail, err := sesmail.New(sesv2.NewFromConfig(cfg), "Acme <no-reply@acme.example>", &sesmail.Options{
		Support:          "help@acme.example",
		ConfigurationSet: "one-time-codes",
	})
	if err != nil {
		log.Fatal(err)
	}
	var sender otp.Sender = mail // for otp.Config
	_ = sender
}

// Own templates usually come from an embed.FS or os.DirFS.
func ExampleNew_templates() {
	files := fstest.MapFS{
		"password-reset/en.subject.txt": {Data: []byte("Reset your {{.Product}} password")},
		"password-reset/en.txt":         {Data: []byte("Hello {{.Data.Name}}, your code is\n\n{{.Code}}\n\n{{.Expires}}\n")},
		"password-reset/en.html":        {Data: []byte("<p>Hello {{.Data.Name}}, your code is<p><b>{{.Code}}</b><p>{{.Expires}}")},
	}
	type person struct{ Name string }
	var client sesv2.Client
	mail, err := sesmail.New(&client, "Acme <no-reply@acme.example>", &sesmail.Options{
		Templates:    sesmail.TemplatesFS(files),
		TemplateData: map[string]any{"password-reset": person{"Ada"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	preview, err := mail.Render(otp.Message{Purpose: "password-reset", Data: person{"Grace"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(preview.Subject)
	fmt.Println(preview.Text)
	// Output:
	// Reset your Acme password
	// Hello Grace, your code is
	//
	// 123456
	//
	// The code expires in 10 minutes.
}

func ExampleSender_Render() {
	var client sesv2.Client
	mail, err := sesmail.New(&client, "Acme <no-reply@acme.example>", nil)
	if err != nil {
		log.Fatal(err)
	}
	preview, err := mail.Render(otp.Message{Language: "pl, en;q=0.5"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(preview.Subject)
	for line := range strings.Lines(preview.Text) {
		if strings.Contains(line, "10") {
			fmt.Print(line)
		}
	}
	// Output:
	// Twój kod do usługi Acme
	// Kod wygaśnie za 10 minut.
}
