package otpsms_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

func ExampleNormalize() {
	for _, typed := range []string{"+49 151 12345678", "0049 (151) 123-456-78"} {
		fmt.Println(otpsms.Normalize(typed))
	}

	_, err := otpsms.Normalize("0151 12345678") // of which country?
	fmt.Println(errors.Is(err, otp.ErrInvalid))

	_, err = otpsms.Normalize("+44 (0)20 7946 0000") // the 0 is not dialed from abroad
	fmt.Println(errors.Is(err, otp.ErrInvalid))
	// Output:
	// +4915112345678 <nil>
	// +4915112345678 <nil>
	// true
	// true
}

// A Service calls its Sender with such a message.
func ExampleText() {
	message := otp.Message{
		Purpose:  "transfer",
		Language: "de-CH, en;q=0.5",
		Code:     otp.NewCode("492013"),
		Data:     otpsms.Transaction{Amount: "9 €", Payee: "A"},
	}

	text, err := otpsms.Text(message, &otpsms.Options{
		Product: "Acme",
		Domain:  "acme.example",
		Kinds:   map[string]otpsms.Kind{"transfer": otpsms.ConfirmTransaction},
	})
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(text)
	// Output:
	// 492013 ist Ihr Code für die Zahlung von 9 € an A mit Acme. Geben Sie ihn an niemanden weiter.
	// @acme.example #492013
}
