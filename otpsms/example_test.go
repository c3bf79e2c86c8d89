package otpsms_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

func ExampleNormalize() {
	for _, typed := range []string{"+49 151 12345678", "0049 (151) 123-456-78",
		"+49 (0)151 12345678"} {
		fmt.Println(otpsms.Normalize(typed))
	}

	_, err := otpsms.Normalize("0151 12345678") // of which country?
	refused, _ := errors.AsType[*otpsms.NumberError](err)
	fmt.Println(refused.Problem, errors.Is(err, otp.ErrInvalid))
	// Output:
	// +4915112345678 <nil>
	// +4915112345678 <nil>
	// +4915112345678 <nil>
	// number_national true
}

// Messages go to three countries only. All other numbers are refused before anything is recorded.
func ExampleAllow() {
	config := otp.Config{
		Normalize: otpsms.Allow("41", "43", "49"),
		// …
	}

	_, err := config.Normalize("+882 5100 1234567")
	fmt.Println(err)
	// Output:
	// otpsms: the telephone number is of a country to which no messages are sent
}

// A Service calls its Sender with such a message.
func ExampleText() {
	message := otp.Message{
		Kind:     otp.ConfirmTransaction,
		Language: "de-CH, en;q=0.5",
		Code:     otp.NewCode("492013"),
		Data:     otpsms.Payment{Amount: "9 €", Payee: "A"},
	}

	text, err := otpsms.Text(message, otpsms.Options{
		Product: "Acme",
		Domain:  "acme.example",
	})
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(text)
	// Output:
	// 492013 ist Ihr Code für die Zahlung von 9 € an A mit Acme. Geben Sie ihn an niemanden weiter.
	// @acme.example #492013
}
