package smtpmail_test

import (
	"fmt"
	"os"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

// A service whose codes go by mail, through the server of a provider.
func Example() {
	mails, err := otpmail.NewCatalog(otpmail.Options{
		Product: "Acme",
		Support: "help@acme.example",
	})
	if err != nil {
		panic(err)
	}

	sender, err := smtpmail.New(smtpmail.Config{
		Host:     "smtp.acme.example",
		Username: "otp",
		Password: os.Getenv("SMTP_PASSWORD"),
		From:     "Acme <no-reply@acme.example>",
		Renderer: mails,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sender.Close()

	config := otp.Config{Purpose: "sign-in", Kind: otp.SignIn, Sender: sender}
	_ = config
	// Output: smtpmail: Config.Password is empty: it or Token goes with Username
}
