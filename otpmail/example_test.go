package otpmail_test

import (
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

func ExampleNewCatalog() {
	mails, err := otpmail.NewCatalog(otpmail.Options{
		Product: "Acme",
		Support: "help@acme.example",
		Links:   map[string]string{"sign-in": "https://acme.example/sign-in"},
	})
	if err != nil {
		log.Fatal(err)
	}

	mail, err := mails.Render(otp.Message{ // as a Service makes it
		Purpose: "sign-in", Kind: otp.SignIn, Language: "es-MX, en;q=0.5",
		Code: otp.NewCode("492013"), ExpiresAt: time.Now().Add(10 * time.Minute),
	})
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(mail.Subject)
	fmt.Println()
	fmt.Print(mail.Text)
	// Output:
	// Tu código para iniciar sesión en Acme
	//
	// Inicia sesión en Acme
	//
	// Usa este código para iniciar sesión:
	//
	// 492013
	//
	// O abre este enlace en el dispositivo en el que empezaste:
	// https://acme.example/sign-in#c=492013
	//
	// El código caduca en 10 minutos.
	// No lo compartas con nadie.
	//
	// Si no has intentado iniciar sesión, puedes ignorar este correo.
	//
	// ¿Necesitas ayuda? help@acme.example
}

// transfer is what an application confirms, with labels in the languages that it speaks.
type transfer struct{ amount, payee string }

func (t transfer) MailDetails(language string) []otpmail.Detail {
	if language == "de" {
		return []otpmail.Detail{{Name: "Betrag", Value: t.amount}, {Name: "An", Value: t.payee}}
	}
	return []otpmail.Detail{{Name: "Amount", Value: t.amount}, {Name: "To", Value: t.payee}}
}

func ExampleDetailed() {
	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
	if err != nil {
		log.Fatal(err)
	}

	message := otp.Message{ // as a Service makes it, from Request.Data
		Purpose: "transfer", Kind: otp.ConfirmTransaction, Language: "de",
		Code: otp.NewCode("492013"), ExpiresAt: time.Now().Add(10 * time.Minute),
		Data: transfer{"250,00 €", "Ada Lovelace"},
	}
	mail, err := mails.Render(message)
	if err != nil {
		log.Fatal(err)
	}
	details, _, _ := strings.Cut(mail.Text, "\n\nDer Code")
	fmt.Println(details)

	message.Data = nil // nobody confirms what they have not seen
	_, err = mails.Render(message)
	fmt.Println(errors.Is(err, otp.ErrNotSent))
	// Output:
	// Bestätigen Sie Ihre Transaktion bei Acme
	//
	// Betrag: 250,00 €
	// An: Ada Lovelace
	//
	// Wenn diese Angaben stimmen, bestätigen Sie sie mit diesem Code:
	//
	// 492013
	// true
}

func ExampleCatalog_Notice() {
	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme", Support: "help@acme.example"})
	if err != nil {
		log.Fatal(err)
	}

	mail, err := mails.Notice(otpmail.Notice{
		Kind:     otpmail.AddressChanged,
		Time:     time.Date(2026, time.March, 12, 14, 5, 0, 0, time.UTC),
		Language: "en",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(mail.Text)
	// Output:
	// Your email address for Acme was changed
	//
	// The email address for your Acme account was changed.
	//
	// Time: March 12, 2026, 14:05 (UTC)
	//
	// If this was you, there’s nothing else to do.
	//
	// If this wasn’t you, someone else may have access to your account. Contact Acme right away.
	//
	// Need help? help@acme.example
}

func ExampleParseAddress() {
	address, err := otpmail.ParseAddress("Ada.Lovelace@BüCHER.example")
	fmt.Println(address, err)

	_, err = otpmail.ParseAddress("Ada <ada@example.com>, eve@evil.example")
	fmt.Println(err)
	// Output:
	// Ada.Lovelace@xn--bcher-kva.example <nil>
	// invalid address: its local part must be ASCII letters, digits and !#$%&'*+-/=?^_`{|}~ with single dots between
}
