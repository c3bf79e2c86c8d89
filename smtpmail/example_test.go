package smtpmail_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
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

	secret := make([]byte, 32)
	rand.Read(secret)
	logins, err := otp.New(otp.Config{
		Purpose: "sign-in",
		Kind:    otp.SignIn,
		Secret:  secret,
		Store:   memstore.New(nil),
		Sender:  sender,
	})
	if err != nil {
		panic(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = logins.Send(ctx, otp.Request{To: "ada@acme.example"})
	fmt.Println(err)
	// Output: smtpmail: Config.Password is empty: it or Token goes with Username
}
