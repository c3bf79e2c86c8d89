package e2e

import (
	"context"
	"fmt"
	htmltemplate "html/template"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otptest"
)

// linkPage is the least that the page of otpmail.Options.Links must do: take the code out of the
// fragment, and leave the rest to a person. Without the cookie it has no form.
var linkPage = htmltemplate.Must(htmltemplate.New("").Parse(`<!DOCTYPE html>
<html lang="en"><title>Sign in</title>
{{if .}}<form method="post"><input name="code" id="code" autocomplete="one-time-code">
<button id="go">Sign in</button></form>
{{else}}<p>Type this code where you began:</p><p id="code"></p>{{end}}
<script>
const code = decodeURIComponent((location.hash.match(/^#c=(.+)$/) || [])[1] || "")
history.replaceState(null, "", location.pathname)
const place = document.getElementById("code")
if (place instanceof HTMLInputElement) place.value = code; else place.textContent = code
</script>`))

// signIn is an application with one page, and the mails that it has sent.
type signIn struct {
	t       *testing.T
	service *otp.Service
	mails   *otpmail.Standard
	server  *httptest.Server
	mail    otpmail.Mail
	posts   atomic.Int64
}

const ada = "ada@example.com"

func newSignIn(t *testing.T) *signIn {
	s := &signIn{t: t}
	s.server = httptest.NewTLSServer(s)
	t.Cleanup(s.server.Close)

	var err error
	s.mails, err = otpmail.New(&otpmail.Options{
		Product: "Acme", Kinds: map[string]otpmail.Kind{"sign-in": otpmail.SignIn},
		Links: map[string]string{"sign-in": s.server.URL + "/code"},
	})
	require.NoError(t, err)

	s.service, _ = otptest.New(t, otp.Config{
		Purpose: "sign-in",
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) (err error) {
			s.mail, err = s.mails.Render(m)
			return err
		}),
	})
	return s
}

// ServeHTTP begins at /, where it sets the cookie and sends a code, and ends at /code.
func (s *signIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const name = "__Host-sign-in"
	binding := ""
	if cookie, err := r.Cookie(name); err == nil {
		binding = cookie.Value
	}

	switch r.Method + " " + r.URL.Path {
	case "GET /":
		http.SetCookie(w, &http.Cookie{
			Name: name, Value: "binding-of-this-browser", Path: "/", Secure: true, HttpOnly: true,
			SameSite: http.SameSiteLaxMode,
		})
		request := otp.Request{To: ada, Binding: "binding-of-this-browser"}
		_, err := s.service.Send(r.Context(), request)
		assert.NoError(s.t, err)
		fmt.Fprint(w, `<p id="sent">sent</p>`)

	case "GET /code":
		assert.NoError(s.t, linkPage.Execute(w, binding != ""))

	case "POST /code":
		s.posts.Add(1)
		submission := otp.Submission{To: ada, Binding: binding, Code: r.PostFormValue("code")}
		if err := s.service.Verify(r.Context(), submission); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		fmt.Fprint(w, `<p id="done">signed in</p>`)

	default:
		http.NotFound(w, r)
	}
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

// newMailWindow returns a window that takes the certificate of the test.
func newMailWindow(t *testing.T) *window {
	w := newWindow(t)
	call(w, security.SetIgnoreCertificateErrors,
		security.SetIgnoreCertificateErrorsParams{Ignore: true})
	return w
}

// TestMailLink: the link of a mail signs in whoever began in the same browser, with one click, and
// nobody else: neither a scanner, which fetches it, runs the page and presses what it finds, nor
// another device, which shows the code instead.
func TestMailLink(t *testing.T) {
	s := newSignIn(t)
	mine := newMailWindow(t)
	mine.do(chromedp.Navigate(s.server.URL), chromedp.WaitVisible(chromedp.CSS("#sent")))

	// A scanner that fetches.
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		request, err := http.NewRequest(method, s.link(), nil)
		require.NoError(t, err)
		answer, err := s.server.Client().Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
	}

	// A scanner that runs the page and presses what it finds, and another device alike.
	elsewhere := newMailWindow(t)
	elsewhere.do(chromedp.Navigate(s.link()))
	elsewhere.want("p", "Type this code where you began")
	elsewhere.want("#code", s.code())
	pressed := get(elsewhere, chromedp.Evaluate[int64](`(() => {
		const all = document.querySelectorAll("a, button, input, form")
		all.forEach(e => e.click())
		return all.length
	})()`))
	require.Zero(t, pressed)
	require.Zero(t, s.posts.Load(), "something was submitted")

	// Even one that posts the code spends nothing: it has no Binding.
	err := s.service.Verify(t.Context(), otp.Submission{To: ada, Code: s.code()})
	require.ErrorIs(t, err, otp.ErrRejected)

	// The person in the same browser.
	mine.do(chromedp.Navigate(s.link()))
	filled := chromedp.Evaluate[string](`document.getElementById("code").value`)
	require.Equal(t, s.code(), get(mine, filled))
	require.Equal(t, s.server.URL+"/code", get(mine, chromedp.Evaluate[string](`location.href`)))
	require.Zero(t, s.posts.Load(), "the page must wait for the person")
	mine.load(chromedp.Click(chromedp.CSS("#go")))
	mine.want("#done", "signed in")
	require.EqualValues(t, 1, s.posts.Load())
}

// TestTypedCode: on another device, the person types the code that the page there shows.
func TestTypedCode(t *testing.T) {
	s := newSignIn(t)
	mine := newMailWindow(t)
	mine.do(chromedp.Navigate(s.server.URL), chromedp.WaitVisible(chromedp.CSS("#sent")))

	phone := newMailWindow(t)
	phone.do(chromedp.Navigate(s.link()))
	shown := phone.text("#code")

	mine.do(chromedp.Navigate(s.server.URL+"/code"),
		chromedp.SendKeys(chromedp.CSS("#code"), shown))
	mine.load(chromedp.Click(chromedp.CSS("#go")))
	mine.want("#done", "signed in")
}
