package otp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

type server struct {
	resets   *otp.Service
	accounts map[string]string // passwords, by the address as it is stored
}

// forgot sends a code. The answer is the same whether there is such an account or not.
func (s *server) forgot(w http.ResponseWriter, r *http.Request) {
	email := r.FormValue("email")
	_, known := s.accounts[email]
	_, err := s.resets.Send(r.Context(), otp.Request{To: email, Decoy: !known})
	if errors.Is(err, otp.ErrLimited) || errors.Is(err, otp.ErrLocked) {
		http.Error(w, "Too many codes were asked for.", http.StatusTooManyRequests)
	} else if err != nil && !errors.Is(err, otp.ErrDelivery) {
		http.Error(w, "Please try again.", http.StatusServiceUnavailable)
	} else {
		fmt.Fprintln(w, "If there is such an account, a code is on its way.")
	}
}

// reset sets a new password for a code.
func (s *server) reset(w http.ResponseWriter, r *http.Request) {
	email, password := r.FormValue("email"), r.FormValue("password")
	if len(password) < 15 { // before the code is spent
		http.Error(w, "Choose a longer password.", http.StatusUnprocessableEntity)
		return
	}
	err := s.resets.Verify(r.Context(), otp.Submission{To: email, Code: r.FormValue("code")})
	if errors.Is(err, otp.ErrRejected) {
		http.Error(w, "The code is not right, or no longer.", http.StatusUnprocessableEntity)
	} else if err != nil { // neither right nor wrong: the store failed
		http.Error(w, "Please try again.", http.StatusServiceUnavailable)
	} else {
		s.accounts[email] = password // nil comes once for each code: set it, notify the person, end their sessions
		fmt.Fprintln(w, "The password is set.")
	}
}

// Two handlers for a forgotten password.
func Example_handler() {
	t := new(testing.T) // in a test, its argument
	resets, inbox := otptest.New(t, otp.Config{Purpose: "password-reset"})
	s := &server{resets, map[string]string{"ada@example.com": "forgotten"}}
	post := func(handler http.HandlerFunc, form url.Values) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		handler(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}

	post(s.forgot, url.Values{"email": {"nobody@example.com"}})
	post(s.forgot, url.Values{"email": {"ada@example.com"}})
	post(s.forgot, url.Values{"email": {"ada@example.com"}})
	code := inbox.Code(t, "ada@example.com")
	form := url.Values{"email": {"ada@example.com"}, "code": {code}, "password": {"correct horse battery staple"}}
	post(s.reset, form)
	post(s.reset, form)
	// Output:
	// 200 If there is such an account, a code is on its way.
	// 200 If there is such an account, a code is on its way.
	// 429 Too many codes were asked for.
	// 200 The password is set.
	// 422 The code is not right, or no longer.
}
