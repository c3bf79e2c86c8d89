package otphttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otphttp"
)

func TestWholeFlow(t *testing.T) {
	for name, post := range map[string]func(*client, http.HandlerFunc, ...string) reply{
		"JSON": (*client).post,
		"form": (*client).submit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testWholeFlow(t, post) })
		})
	}
}

func testWholeFlow(t *testing.T, post func(*client, http.HandlerFunc, ...string) reply) {
	s, c := newService(t, nil), newClient(t)

	sent := post(c, s.ServeSend, "email", " ADA@example.com ").want(t, 202, "")
	assert.True(t, sent.Live)
	assert.Equal(t, 5, sent.AttemptsLeft)
	assert.Equal(t, 6, sent.CodeLength)
	assert.Empty(t, sent.Session, "a client with cookies gets no session to keep")

	code := s.inbox.Code(t, ada) // the stored address, not the typed one
	status := c.get(s.ServeStatus).want(t, 200, "")
	assert.Equal(t, sent, status)

	refused := post(c, s.ServeVerify, "code", wrong(code)).want(t, 403, "code_mismatch")
	assert.Equal(t, 4, refused.Flow.AttemptsLeft)
	unreadable := post(c, s.ServeVerify, "code", "hello").want(t, 403, "code_malformed")
	assert.True(t, unreadable.Flow.Live)
	assert.Equal(t, 4, unreadable.Flow.AttemptsLeft, "it was not compared")

	post(c, s.ServeVerify, "code", code).want(t, 200, "")
	assert.Equal(t, []string{ada}, s.doneFor)
	assert.Equal(t, "signed-in", c.cookies["session"].Value)

	post(c, s.ServeVerify, "code", code).want(t, 403, "code_used")
	assert.Equal(t, []string{ada}, s.doneFor)
}

// A client without cookies carries the session itself.
func TestSessionInBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newService(t, nil), newClient(t)

		sent := c.post(s.ServeSend, "email", ada, "session", "").want(t, 202, "")
		require.NotEmpty(t, sent.Session)
		require.Empty(t, c.cookies)
		code := s.inbox.Code(t, ada)

		status := c.post(s.ServeStatus, "session", sent.Session).want(t, 200, "")
		assert.True(t, status.Live)
		c.post(s.ServeVerify, "session", "", "code", code).want(t, 403, "session_missing")
		c.post(s.ServeVerify, "session", sent.Session+"A", "code", code).
			want(t, 403, "session_missing")

		time.Sleep(2 * time.Minute)
		again := c.post(s.ServeSend, "email", ada, "session", sent.Session).want(t, 202, "")
		assert.Equal(t, code, s.inbox.Code(t, ada), "the same session gets the same code again")

		c.post(s.ServeVerify, "session", again.Session, "code", code).want(t, 200, "")
		assert.Equal(t, []string{ada}, s.doneFor)
	})
}

// Who mistypes the address, and is refused for it, goes on with the code of before.
func TestSessionOfAMistypedAddress(t *testing.T) {
	for what, refuse := range map[string]func(*service){
		"limited": func(s *service) {
			newClient(t).post(s.ServeSend, "email", bob).want(t, 202, "")
		},
		"the store is down": func(s *service) { s.broken = true },
	} {
		t.Run(what, func(t *testing.T) {
			s, c := newBreakable(t), newClient(t)
			sent := c.post(s.ServeSend, "email", ada, "session", "").want(t, 202, "")
			code := s.inbox.Code(t, ada)

			refuse(s)
			refused := c.post(s.ServeSend, "email", bob, "session", sent.Session).document(t)
			require.NotEmpty(t, refused.Code)
			require.NotEmpty(t, refused.Session)
			s.broken = false
			c.post(s.ServeVerify, "session", refused.Session, "code", code).want(t, 200, "")
		})
	}
}

// The original asks by GET and keeps no cookie.
func TestOriginalRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, func(c *otphttp.Config) {
			c.AllowGET, c.AllowUnbound, c.CodeField = true, true, "otp"
		})
		mux := http.NewServeMux()
		mux.HandleFunc("/generate-otp/{email}", s.ServeSend)
		c := newClient(t)
		c.blocked = true

		c.do(mux.ServeHTTP, request(http.MethodHead, "/generate-otp/ada@example.com")).
			want(t, 405, "method_not_allowed")
		c.do(mux.ServeHTTP, request(http.MethodGet, "/generate-otp/ada@example.com")).
			want(t, 202, "")
		code := s.inbox.Code(t, ada)

		c.post(s.ServeVerify, "email", "ada@example.com", "otp", wrong(code)).
			want(t, 403, "code_rejected") // a stranger is not told why
		c.submit(func(w http.ResponseWriter, r *http.Request) {
			_, err := s.Verify(w, r)
			assert.Equal(t, otphttp.CodeRejected, otphttp.ProblemOf(err).Code)
		}, "email", "ada@example.com", "otp", wrong(code))
		c.post(s.ServeVerify, "email", "ada@example.com", "otp", code).want(t, 200, "")
		assert.Equal(t, []string{ada}, s.doneFor)
	})
}

// A browser has a Binding even where curl needs none.
func TestBrowsersAreBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := newService(t, func(c *otphttp.Config) { c.AllowUnbound = true }), newClient(t)
		c.header.Set("Sec-Fetch-Site", "same-origin")

		c.post(s.ServeSend, "email", ada).want(t, 202, "")
		code := s.inbox.Code(t, ada)

		curl := newClient(t)
		curl.post(s.ServeVerify, "email", ada, "code", code).want(t, 403, "code_rejected")
		c.post(s.ServeVerify, "code", code).want(t, 200, "")
	})
}

// A browser that has lost its session, and a client that sends along one that is none, are told so:
// neither is taken for curl.
func TestOnlyCurlIsUnbound(t *testing.T) {
	s := newService(t, func(c *otphttp.Config) { c.AllowUnbound = true })
	browser, app := newClient(t), newClient(t)
	browser.header.Set("Sec-Fetch-Site", "same-origin")

	browser.post(s.ServeVerify, "email", ada, "code", "000000").want(t, 403, "session_missing")
	app.post(s.ServeVerify, "email", ada, "code", "000000", "session", "").
		want(t, 403, "session_missing")
}

func request(method, path string) *http.Request {
	return httptest.NewRequest(method, site+path, nil)
}
