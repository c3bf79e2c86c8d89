package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
)

// FuzzHandlers: whatever is sent, no answer is a 5xx, no mail goes to anybody but the one account,
// and no password changes.
func FuzzHandlers(f *testing.F) {
	f.Add("POST", "/generate-otp", "application/json", "", `{"email": "ada@example.com"}`)
	f.Add(
		"POST",
		"/reset",
		"application/json",
		"",
		`{"email": "ada@example.com", "otp": "12345678", "password": "a moth in relay seventy"}`,
	)
	f.Add("GET", "/generate-otp/ada@example.com", "", "", "")
	f.Add("POST", "/", "application/x-www-form-urlencoded", "__Host-otp=ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"email=ada%40example.com")
	f.Add(
		"POST",
		"/code",
		"application/x-www-form-urlencoded",
		"__Host-otp-reset=QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo",
		"otp=12345678&password=a+moth+in+relay+seventy",
	)
	f.Add(
		"POST",
		"/generate-otp",
		"application/json",
		"",
		`{"email": "ada@example.com\r\nBcc: eve@example.com"}`,
	)
	f.Fuzz(func(t *testing.T, method, path, contentType, cookie, body string) {
		target, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(path, "/") || target.Path == "/login" ||
			target.Path == "/sign-in" {
			return // not a request, or a slow hash
		}
		r, err := http.NewRequest(method, "https://acme.example/", strings.NewReader(body))
		if err != nil {
			return
		}
		r.URL = target
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Cookie", cookie)
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			user, _ := w.app.Users.Find(t.Context(), ada)
			recorder := httptest.NewRecorder()
			r.RemoteAddr = "192.0.2.1:1"
			w.handler.ServeHTTP(recorder, r.WithContext(t.Context()))
			if recorder.Code >= 500 {
				t.Errorf("the answer is %d %s", recorder.Code, recorder.Body)
			}
			for _, letter := range w.mailbox.Letters() {
				if letter.To != ada {
					t.Errorf("a mail went to %q", letter.To)
				}
			}
			if after, _ := w.app.Users.Find(t.Context(), ada); after != user {
				t.Error("the password was changed")
			}
		})
	})
}
