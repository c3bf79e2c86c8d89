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

// find returns the address that is stored with the account; if there is none, what was typed.
func (s *server) find(typed string) (to string, known bool) {
	for stored := range s.accounts {
		if s.resets.Subject(stored) == s.resets.Subject(typed) { // equal but for the case of ASCII letters
			return stored, true
		}
	}
	return typed, false
}

// forgot sends a code. The answer is the same whether there is such an account or not.
func (s *server) forgot(w http.ResponseWriter, r *http.Request) {
	to, known := s.find(r.FormValue("email"))
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
	err := s.resets.Verify(r.Context(), otp.Submission{To: to, Code: r.FormValue("code")})
	if err == nil { // once for each code
		s.setPassword(to, password)
	}
	answer(w, err, "The password is set.")
}

// answer says what became of a request.
func answer(w http.ResponseWriter, err error, done string) {
	switch {
	case err == nil, errors.Is(err, otp.ErrDelivery): // mail that fails must not tell who has an account
		fmt.Fprintln(w, done)
	case errors.Is(err, otp.ErrRejected): // wrong, expired, used or exhausted
		http.Error(w, "The code is not right, or no longer.", http.StatusUnprocessableEntity)
	case errors.Is(err, otp.ErrLimited), errors.Is(err, otp.ErrLocked):
		http.Error(w, "Too many codes were asked for.", http.StatusTooManyRequests)
	default: // the code is neither right nor wrong: the store failed, say
		http.Error(w, "Please try again.", http.StatusServiceUnavailable)
	}
}

// setPassword also tells the person, and ends their sessions.
func (s *server) setPassword(email, password string) {
	stored, _ := s.find(email)
	s.accounts[stored] = password
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
	form := url.Values{"email": {"Ada@example.com"}, "code": {code}, "password": {"correct horse battery staple"}}
	post(s.reset, form)
	post(s.reset, form)
	// Output:
	// 200 If there is such an account, a code is on its way.
	// 200 If there is such an account, a code is on its way.
	// 429 Too many codes were asked for.
	// 200 The password is set.
	// 422 The code is not right, or no longer.
}
