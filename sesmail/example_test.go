package sesmail_test

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/sesmail"
)

func ExampleNew() {
	mails, err := otpmail.NewCatalog(otpmail.Options{
		Product: "Acme",
		Support: "help@acme.example",
	})
	if err != nil {
		log.Fatal(err)
	}

	var cfg aws.Config // as config.LoadDefaultConfig returns it
	from := "Acme <no-reply@acme.example>"
	sender, err := sesmail.New(sesv2.NewFromConfig(cfg), from, &sesmail.Options{
		Renderer:         mails,
		ConfigurationSet: "one-time-codes",
	})
	if err != nil {
		log.Fatal(err)
	}

	config := otp.Config{Purpose: "sign-in", Kind: otp.SignIn, Sender: sender}
	_ = config
}

// A notice goes the same way as a code.
func ExampleSender_SendMail() {
	var (
		ctx    = context.Background()
		mails  *otpmail.Catalog
		sender *sesmail.Sender
	)
	changed := func(to, language string) error {
		mail, err := mails.Notice(otpmail.Notice{
			Kind: otpmail.PasswordChanged, Time: time.Now(), Language: language,
		})
		if err != nil {
			return err
		}
		return sender.SendMail(ctx, to, mail)
	}
	_ = changed
}
