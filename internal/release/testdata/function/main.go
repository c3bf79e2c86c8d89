// A function of AWS Lambda that sends codes by SMTP. It answers one event without a network, since
// the request has no address.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/lambdahttp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

func main() {
	mails, err := otpmail.New(&otpmail.Options{Product: "Acme"})
	if err != nil {
		log.Fatal(err)
	}

	sender, err := smtpmail.New(smtpmail.Config{
		Host: "smtp.acme.example", Username: "otp", Password: "secret",
		From: "Acme <no-reply@acme.example>", Renderer: mails,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer sender.Close()

	logins, err := otp.New(otp.Config{
		Purpose: "sign-in",
		Secret:  []byte(rand.Text() + rand.Text()),
		Store:   memstore.New(nil),
		Sender:  sender,
	})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("POST /codes", func(w http.ResponseWriter, r *http.Request) {
		_, err := logins.Send(r.Context(), otp.Request{To: r.FormValue("email")})
		fmt.Fprint(w, err)
	})

	function, err := lambdahttp.Handler(mux, nil)
	if err != nil {
		log.Fatal(err)
	}

	answer, err := function.Invoke(context.Background(), []byte(
		`{"version": "2.0", "rawPath": "/codes", "requestContext": {"http": {"method": "POST"}}}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", answer)
}
