package pages_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

// FuzzHandlers sends whatever it likes to pages and handlers of one Flow: no answer is a 5xx, no
// message goes to anybody without an account, and nothing is done.
func FuzzHandlers(f *testing.F) {
	const json, form = "application/json", "application/x-www-form-urlencoded"
	f.Add("POST", "/api/send", json, "", `{"email": "ada@example.com"}`)
	f.Add("POST", "/api/send", json, "", `{"email": "ada@example.com\r\nBcc: eve@example.com"}`)
	f.Add("POST", "/api/verify", json, "", `{"email": "ada@example.com", "code": "12345678"}`)
	f.Add("GET", "/api/send/ada@example.com", "", "", "")
	f.Add("POST", "/", form, "__Host-otp=ABCDEFGHIJKLMNOPQRSTUVWXYZ", "email=ada%40example.com")
	f.Add("POST", "/code", form, "__Host-otp-flow=QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo",
		"code=123456&password=a+moth+in+relay+seventy")

	f.Fuzz(func(t *testing.T, method, path, contentType, cookie, body string) {
		target, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		r, err := http.NewRequest(method, site, strings.NewReader(body))
		if err != nil {
			return
		}
		r.URL = target
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Cookie", cookie)

		synctest.Test(t, func(t *testing.T) {
			mux := http.NewServeMux()
			s := newWebsite(t, func(_ *pages.Options, c *otphttp.Config) {
				c.AllowGET, c.AllowUnbound = true, true
				c.Find = func(_ *http.Request, typed string) (otphttp.Recipient, error) {
					return otphttp.Recipient{To: ada, Known: typed == ada}, nil
				}
			})
			mux.Handle("/", s)
			mux.HandleFunc("/api/send", s.flow.ServeSend)
			mux.HandleFunc("/api/send/{email}", s.flow.ServeSend)
			mux.HandleFunc("/api/verify", s.flow.ServeVerify)
			mux.HandleFunc("/api/status", s.flow.ServeStatus)

			recorder := httptest.NewRecorder()
			mux.ServeHTTP(recorder, r.WithContext(t.Context()))
			assert.Less(t, recorder.Code, 500, recorder.Body)
			for _, message := range s.inbox.Messages() {
				assert.Equal(t, ada, message.To)
			}
			assert.Zero(t, s.done)
		})
	})
}
