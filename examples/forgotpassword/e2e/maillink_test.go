package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otptest"
)

// signIn signs people in by the pages of package pages and by mails with a link, and keeps the last
// mail.
type signIn struct {
	t      *testing.T
	server *httptest.Server
	mail   otpmail.Mail
	posts  atomic.Int64
	done   atomic.Int64
}

func newSignIn(t *testing.T) *signIn {
	t.Helper()
	s := &signIn{t: t}
	s.server = httptest.NewUnstartedServer(nil)
	s.server.StartTLS()
	t.Cleanup(s.server.Close)

	mails, err := otpmail.NewCatalog(otpmail.Options{
		Product: "Acme",
		Links:   map[string]string{"sign-in": s.server.URL + "/code"},
	})
	require.NoError(t, err)
	service, _ := otptest.New(t, otp.Config{
		Purpose: "sign-in",
		Kind:    otp.SignIn,
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) (err error) {
			s.mail, err = mails.Render(m)
			return err
		}),
	})

	flow, err := otphttp.New(otphttp.Config{
		Codes: service, Keys: otp.Keys{make([]byte, 32)},
		Find: func(_ *http.Request, typed string) (otphttp.Recipient, error) {
			return otphttp.Recipient{To: typed, Known: true}, nil
		},
		Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) {
			return func(context.Context, http.ResponseWriter) error {
				s.done.Add(1)
				return nil
			}, nil
		},
	})
	require.NoError(t, err)
	handler, err := pages.New(flow, pages.Options{
		Product: "Acme", Next: "/.well-known/change-password",
	})
	require.NoError(t, err)

	s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			s.posts.Add(1)
		}
		handler.ServeHTTP(w, r)
	})
	return s
}

// link returns the address behind the button of the mail.
func (s *signIn) link() string {
	s.t.Helper()
	found := regexp.MustCompile(`href="([^"]+)"`).FindStringSubmatch(s.mail.HTML)
	require.NotNil(s.t, found)
	return found[1]
}

// code returns the code that the mail shows as text.
func (s *signIn) code() string {
	s.t.Helper()
	found := regexp.MustCompile(`(?m)^[0-9]{6}$`).FindString(s.mail.Text)
	require.NotEmpty(s.t, found)
	return found
}

// begin asks for a code in a new browser.
func (s *signIn) begin() *window {
	s.t.Helper()
	w := newWindow(s.t, "ignore-certificate-errors", true)
	w.visit(s.server.URL)
	w.ask(ada)
	w.want("h1", "Enter the code")
	return w
}

// TestMailLink: the link of a mail signs in whoever began in the same browser, with one click, and
// nobody else: neither a scanner, which fetches it, runs the page and presses what it finds, nor
// another device, which shows the code instead.
func TestMailLink(t *testing.T) {
	s := newSignIn(t)
	mine := s.begin()
	posts := s.posts.Load()

	// A scanner that fetches.
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		request, err := http.NewRequest(method, s.link(), nil)
		require.NoError(t, err)
		answer, err := s.server.Client().Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
	}

	// A scanner that runs the page and presses every button, and another device alike.
	elsewhere := newWindow(t, "ignore-certificate-errors", true)
	elsewhere.visit(s.link())
	elsewhere.want("h1", "Enter the code where you asked for it")
	elsewhere.want("[data-code]", s.code())
	pressed := eval[int64](elsewhere, `(() => {
		const all = document.querySelectorAll("button, input, form");
		all.forEach(e => e.click());
		return all.length;
	})()`)
	require.Zero(t, pressed)
	require.Equal(t, posts, s.posts.Load(), "something was submitted")

	// The person in the same browser.
	mine.visit(s.link())
	assert.Equal(t, s.code(), eval[string](mine, `document.getElementById("code").value`))
	assert.Equal(t, s.server.URL+"/code", eval[string](mine, `location.href`))
	require.Equal(t, posts, s.posts.Load(), "the page must wait for the person")
	mine.load(chromedp.Click(sendButton))
	require.EqualValues(t, 1, s.done.Load())
	require.Equal(t, posts+1, s.posts.Load(), "it takes one click")
}
