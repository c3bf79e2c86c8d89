package otphttp_test

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
)

// Signing in by an API: the handlers of a Flow under paths of your choice.
func Example() {
	secret := []byte("32 random bytes: see otp.ParseKey")
	sender := otp.SenderFunc(func(context.Context, otp.Message) error { return nil })

	logins, err := otp.New(otp.Config{
		Purpose: "sign-in", Secret: secret, Store: memstore.New(nil), Sender: sender,
	})
	if err != nil {
		log.Fatal(err)
	}

	flow, err := otphttp.New(otphttp.Config{
		Codes:   logins,
		Keys:    otp.Keys{secret},
		Devices: true,
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
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/codes", flow.ServeSend)
	mux.HandleFunc("/sign-in", flow.ServeVerify)
	mux.HandleFunc("/status", flow.ServeStatus)

	body := strings.NewReader(`{"email": "ada@example.com"}`)
	r := httptest.NewRequest(http.MethodPost, "/codes", body)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)

	fmt.Println(w.Code)
	// Output: 202
}

// A problem document from a handler of your own:
//
//	{"title":"Too Many Requests","status":429,"code":"locked","detail":"…"}
func ExampleWriteProblem() {
	w := httptest.NewRecorder()
	otphttp.WriteProblem(w, otp.ErrLocked)

	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 429 application/problem+json
}
