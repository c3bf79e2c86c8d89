package otp_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

type server struct {
	resets    *otp.Service
	passwords map[string]string // by the normal form of the address
}

// forgot sends a code. The answer is the same whether there is such an account or not.
func (s *server) forgot(w http.ResponseWriter, r *http.Request) {
	to := r.FormValue("email")
	address, _ := otp.NormalizeAddress(to)
	_, known := s.passwords[address]

	_, err := s.resets.Send(r.Context(), otp.Request{To: to, Decoy: !known})
	answer(w, err, "If there is such an account, a code is on its way.")
}

// reset sets a new password for a code.
func (s *server) reset(w http.ResponseWriter, r *http.Request) {
	to, password := r.FormValue("email"), r.FormValue("password")
	if len(password) < 15 { // before the code is spent
		http.Error(w, "Choose a longer password.", http.StatusUnprocessableEntity)
		return
	}

	err := s.resets.Verify(r.Context(), otp.Submission{
		To: to, Code: r.FormValue("code"), IdempotencyKey: r.FormValue("key"),
	})
	if err == nil { // at most once for each code
		address, _ := otp.NormalizeAddress(to)
		s.passwords[address] = password
	}
	answer(w, err, "The password is set.")
}

// answer says what became of a request.
func answer(w http.ResponseWriter, err error, done string) {
	switch {
	case err == nil, errors.Is(err, otp.ErrRepeated): // a double click
		fmt.Fprintln(w, done)
	case errors.Is(err, otp.ErrDelivery): // must not tell who has an account
		fmt.Fprintln(w, done)
	case errors.Is(err, otp.ErrInvalid):
		http.Error(w, "Enter your email address.", http.StatusBadRequest)
	case errors.Is(err, otp.ErrRejected):
		http.Error(w, "Wrong or expired code.", http.StatusUnprocessableEntity)
	case errors.Is(err, otp.ErrLimited), errors.Is(err, otp.ErrLocked):
		http.Error(w, "Too many codes were asked for.", http.StatusTooManyRequests)
	default: // not judged: the store failed
		http.Error(w, "Please try again.", http.StatusServiceUnavailable)
	}
}

// Two handlers for a forgotten password.
func Example_handler() {
	t := log.Default() // in a test, its *testing.T
	resets, inbox := otptest.New(t, otp.Config{Purpose: "password-reset"})
	s := &server{resets, map[string]string{"ada@example.com": "forgotten"}}

	post := func(handler http.HandlerFunc, form url.Values) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		handler(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}

	post(s.forgot, url.Values{})
	post(s.forgot, url.Values{"email": {"nobody@example.com"}})
	post(s.forgot, url.Values{"email": {"ada@example.com"}})
	post(s.forgot, url.Values{"email": {"ada@example.com"}})

	form := url.Values{
		"email": {"Ada@example.com"}, "code": {inbox.Code(t, "ada@example.com")},
		"password": {"correct horse battery staple"}, "key": {"made with the form"},
	}
	post(s.reset, form)
	post(s.reset, form)
	form.Set("key", "of another form")
	post(s.reset, form)

	// Output:
	// 400 Enter your email address.
	// 200 If there is such an account, a code is on its way.
	// 200 If there is such an account, a code is on its way.
	// 429 Too many codes were asked for.
	// 200 The password is set.
	// 200 The password is set.
	// 422 Wrong or expired code.
}
