package evptest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
)

// A test of a site that signs people in by a proof, and sends them a code where there is none.
func Example() {
	issuer := evptest.NewIssuer("mail.example")
	browser := evptest.NewBrowser(issuer, "https://shop.example")

	verifier, err := evp.New(evp.Config{
		Origins: []string{"https://shop.example"},
		Lookup:  issuer.LookupTXT,
		Client:  issuer.Client(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	signIn := func(token string) {
		isNonce := func(nonce string) bool { return nonce == "of this visit" }
		proof, err := verifier.Verify(context.Background(), token, isNonce)
		if err == nil && proof.Is("user@mail.example") {
			fmt.Println("signed in, without a mail")
			return
		}

		var failure *evp.Error
		errors.As(err, &failure)
		if failure == nil {
			fmt.Println("sent a code: proof of another address")
			return
		}
		fmt.Println("sent a code:", failure.Step)
	}

	// People write their addresses with capitals or without.
	signIn(browser.Token("User@mail.example", "of this visit"))

	// What is wrong gets the code: other addresses, other visits, stale tokens.
	signIn(browser.Token("other@mail.example", "of this visit"))
	signIn(browser.Token("user@mail.example", "of another visit"))
	signIn(browser.Token("user@mail.example", "of this visit", func(_, kb *evptest.Half) {
		kb.Claims["iat"] = time.Now().Add(-time.Hour).Unix()
	}))

	// So does what cannot be judged: here, a domain whose issuer is down.
	issuer.SetRecords("down.example", "iss=down.example")
	issuer.Handle(evptest.MetadataPath, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "down", http.StatusServiceUnavailable)
	})
	signIn(browser.Token("user@down.example", "of this visit", func(evt, _ *evptest.Half) {
		evt.Claims["iss"] = "https://down.example"
	}))

	// Output:
	// signed in, without a mail
	// sent a code: proof of another address
	// sent a code: nonce
	// sent a code: time
	// sent a code: metadata
}
