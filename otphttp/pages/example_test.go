package pages_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

// newSignIn returns a service that signs people in by a code: 25 lines with the pages.
func newSignIn(secret []byte, sender otp.Sender) (http.Handler, error) {
	logins, err := otp.New(otp.Config{
		Purpose: "sign-in", Kind: otp.SignIn, Secret: secret,
		Store: memstore.New(nil), Sender: sender,
	})
	if err != nil {
		return nil, err
	}

	flow, err := otphttp.New(otphttp.Config{
		Codes: logins, Keys: otp.Keys{secret}, Devices: true,
		Find: func(_ *http.Request, typed string) (otphttp.Recipient, error) {
			known := strings.HasSuffix(typed, "@example.com") // look the account up
			return otphttp.Recipient{To: typed, Known: known}, nil
		},
		Accept: func(_ *http.Request, c otphttp.Claim) (otphttp.Done, error) {
			return func(_ context.Context, w http.ResponseWriter) error {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "…"}) // begin a session
				return nil
			}, nil
		},
	})
	if err != nil {
		return nil, err
	}
	return pages.New(flow, pages.Options{Product: "Acme", Next: "/account"})
}

// A service that signs people in.
func Example() {
	secret := []byte("32 random bytes: see otp.ParseKey")
	sender := otp.SenderFunc(func(context.Context, otp.Message) error { return nil })

	handler, err := newSignIn(secret, sender)
	if err != nil {
		log.Fatal(err)
	}

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))

	fmt.Println(w.Code, w.Header().Get("Content-Language"))
	// Output: 200 en
}
