package otphttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

const (
	ada = "Ada@example.com" // as stored
	bob = "bob@example.com"
	eve = "eve@example.com" // has no account

	site = "https://api.example.com"
)

var testKeys = otp.Keys{bytes.Repeat([]byte("k"), 32)}

// A service is a Flow with everything around it, and what it has done.
type service struct {
	*otphttp.Flow
	codes *otp.Service
	inbox *otptest.Inbox
	log   *bytes.Buffer

	doneFor []string // the addresses that Done has run for
	doneErr error
	hashes  int  // how often Accept has run
	broken  bool // the store
}

// newService returns a Flow for two accounts. configure changes the configuration.
func newService(t *testing.T, configure func(*otphttp.Config)) *service {
	t.Helper()
	return newServiceWith(t, otp.Config{}, configure)
}

func newServiceWith(t *testing.T, c otp.Config, configure func(*otphttp.Config)) *service {
	t.Helper()

	s := &service{log: new(bytes.Buffer)}
	s.codes, s.inbox = otptest.New(t, c)

	config := otphttp.Config{
		Codes:  s.codes,
		Keys:   testKeys,
		Find:   find,
		Accept: s.accept,
		Log:    slog.New(slog.NewTextHandler(s.log, nil)),
	}
	if configure != nil {
		configure(&config)
	}

	var err error
	s.Flow, err = otphttp.New(config)
	require.NoError(t, err)
	return s
}

// slowSender takes its time for each message.
func slowSender(d time.Duration) otp.Sender {
	return otp.SenderFunc(func(context.Context, otp.Message) error {
		time.Sleep(d)
		return nil
	})
}

var errOnFire = errors.New("the database is on fire")

func find(_ *http.Request, typed string) (otphttp.Recipient, error) {
	switch {
	case strings.EqualFold(typed, ada):
		return otphttp.Recipient{To: ada, Known: true}, nil
	case strings.EqualFold(typed, bob):
		return otphttp.Recipient{To: bob, Known: true}, nil
	case strings.HasPrefix(typed, "fire"):
		return otphttp.Recipient{}, errOnFire
	case !strings.Contains(typed, "@"):
		return otphttp.Recipient{}, otp.ErrInvalid
	}
	return otphttp.Recipient{}, nil
}

// finds returns a Find that knows one Recipient, whoever is asked for.
func finds(rec otphttp.Recipient) func(*http.Request, string) (otphttp.Recipient, error) {
	return func(*http.Request, string) (otphttp.Recipient, error) { return rec, nil }
}

// accept refuses the password "short", as an application does.
func (s *service) accept(r *http.Request, c otphttp.Claim) (otphttp.Done, error) {
	s.hashes++
	if r.PostFormValue("password") == "short" {
		return nil, &otphttp.Problem{
			Code:   "password_too_short",
			Field:  "password",
			Detail: "Too short.",
		}
	}
	return func(_ context.Context, w http.ResponseWriter) error {
		s.doneFor = append(s.doneFor, c.To)
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "signed-in"})
		return s.doneErr
	}, nil
}

// A client keeps cookies between requests, unless they are blocked.
type client struct {
	t       *testing.T
	cookies map[string]*http.Cookie
	header  http.Header
	blocked bool
}

func newClient(t *testing.T) *client {
	return &client{t: t, cookies: map[string]*http.Cookie{}, header: http.Header{}}
}

// twin returns a client with the same cookies, as a second click has.
func (c *client) twin() *client {
	return &client{t: c.t, cookies: maps.Clone(c.cookies), header: c.header.Clone()}
}

// restart drops the cookies that end with the browser.
func (c *client) restart() {
	maps.DeleteFunc(c.cookies, func(_ string, cookie *http.Cookie) bool {
		return cookie.MaxAge == 0
	})
}

// A reply is an answer, read.
type reply struct {
	*http.Response
	text string
}

func (c *client) do(handler http.HandlerFunc, r *http.Request) reply {
	c.t.Helper()

	for name, values := range c.header {
		r.Header[name] = values
	}
	for _, cookie := range c.cookies {
		r.AddCookie(cookie)
	}

	recorder := httptest.NewRecorder()
	handler(recorder, r)
	response := recorder.Result()

	for _, cookie := range response.Cookies() {
		if !c.blocked {
			c.cookies[cookie.Name] = cookie
		}
		if cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
		}
	}

	body, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return reply{response, string(body)}
}

func (c *client) get(handler http.HandlerFunc) reply {
	c.t.Helper()
	return c.do(handler, httptest.NewRequest(http.MethodGet, site, nil))
}

// post sends the members as JSON.
func (c *client) post(handler http.HandlerFunc, members ...string) reply {
	c.t.Helper()

	object := map[string]string{}
	for i := 0; i < len(members); i += 2 {
		object[members[i]] = members[i+1]
	}
	body, err := json.Marshal(object)
	require.NoError(c.t, err)
	return c.postBody(handler, "application/json", string(body))
}

// submit sends the members as a form.
func (c *client) submit(handler http.HandlerFunc, members ...string) reply {
	c.t.Helper()

	form := url.Values{}
	for i := 0; i < len(members); i += 2 {
		form.Add(members[i], members[i+1])
	}
	return c.postBody(handler, "application/x-www-form-urlencoded", form.Encode())
}

func (c *client) postBody(handler http.HandlerFunc, contentType, body string) reply {
	c.t.Helper()

	r := httptest.NewRequest(http.MethodPost, site, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return c.do(handler, r)
}

// formOf returns a request that submits a form.
func formOf(form string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, site, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// A document is what answers and problem documents hold.
type document struct {
	Title, Detail, Code, Field, Session string

	Status int
	Done   bool
	flowState
	Flow *flowState
}

type flowState struct {
	Live         bool
	AttemptsLeft int    `json:"attempts_left"`
	CodeLength   int    `json:"code_length"`
	ExpiresAt    string `json:"expires_at"`
	RetryAt      string `json:"retry_at"`
}

func (r reply) document(t *testing.T) document {
	t.Helper()

	var d document
	require.NoError(t, json.Unmarshal([]byte(r.text), &d), r.text)
	return d
}

// want fails the test unless the answer has the status and, for a problem, the code.
func (r reply) want(t *testing.T, status int, code string) document {
	t.Helper()

	require.Equal(t, status, r.StatusCode, r.text)
	d := r.document(t)
	require.Equal(t, code, d.Code, r.text)
	return d
}

// wrong returns another code of the same shape.
func wrong(code string) string { return string('0'+(code[0]-'0'+1)%10) + code[1:] }
