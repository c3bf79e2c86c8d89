package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzHandlers: whatever is sent, no answer is a 5xx, no mail goes to anybody but the one account,
// and no password changes.
func FuzzHandlers(f *testing.F) {
	const json, form = "application/json", "application/x-www-form-urlencoded"
	f.Add("POST", "/generate-otp", json, "", `{"email": "ada@example.com"}`)
	f.Add("POST", "/generate-otp", json, "", `{"email": "ada@example.com\r\nBcc: eve@example.com"}`)
	f.Add("POST", "/reset", json, "",
		`{"email": "ada@example.com", "otp": "12345678", "password": "a moth in relay seventy"}`)
	f.Add("GET", "/generate-otp/ada@example.com", "", "", "")
	f.Add("POST", "/", form, "__Host-otp=ABCDEFGHIJKLMNOPQRSTUVWXYZ", "email=ada%40example.com")
	f.Add("POST", "/code", form, "__Host-otp-reset=QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo",
		"otp=12345678&password=a+moth+in+relay+seventy")

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
		r.RemoteAddr = "192.0.2.1:1"
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Cookie", cookie)

		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			before, err := w.app.Users.Find(t.Context(), ada)
			require.NoError(t, err)

			recorder := httptest.NewRecorder()
			w.handler.ServeHTTP(recorder, r.WithContext(t.Context()))

			assert.Less(t, recorder.Code, 500, recorder.Body)
			for _, letter := range w.mailbox.Letters() {
				assert.Equal(t, ada, letter.To)
			}
			after, err := w.app.Users.Find(t.Context(), ada)
			require.NoError(t, err)
			assert.Equal(t, before, after, "the password was changed")
		})
	})
}
