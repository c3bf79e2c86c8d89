// Quickstart sends a code to the terminal and takes it back.
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

func main() {
	ctx := context.Background()
	terminal := func(_ context.Context, m otp.Message) error {
		fmt.Printf("To %s: your code is %s\n", m.To, m.Code.Reveal())
		return nil
	}

	logins, err := otp.New(otp.Config{
		Purpose: "sign-in",
		Secret:  []byte(rand.Text() + rand.Text()), // in production, kept: see otp.ParseKey
		Store:   memstore.New(nil),
		Sender:  otp.SenderFunc(terminal),
	})
	if err != nil {
		log.Fatal(err)
	}

	if _, err := logins.Send(ctx, otp.Request{To: "ada@example.com"}); err != nil {
		log.Fatal(err)
	}

	fmt.Print("Code: ")
	var typed string
	fmt.Scanln(&typed)

	if err := logins.Verify(ctx, otp.Submission{To: "ada@example.com", Code: typed}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("Welcome, Ada.")
}
