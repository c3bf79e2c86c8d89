package pages_test

import (
	"context"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otptest"
)

const (
	ada  = "ada@example.com"
	eve  = "eve@example.com" // has no account
	site = "https://acme.example"
)

// A website is the pages with everything around them.
type website struct {
	*pages.Pages
	flow  *otphttp.Flow
	codes *otp.Service
	inbox *otptest.Inbox
	done  int
	err   error // of Done
}

// newWebsite returns pages that reset passwords. configure changes the options and the flow.
func newWebsite(t *testing.T, configure func(*pages.Options, *otphttp.Config)) *website {
	t.Helper()
	return newWebsiteFor(t, otp.ResetPassword, configure)
}

func newWebsiteFor(
	t *testing.T, kind otp.Kind, configure func(*pages.Options, *otphttp.Config),
) *website {
	t.Helper()

	s := &website{}
	s.codes, s.inbox = otptest.New(t, otp.Config{Kind: kind})
	options := pages.Options{Product: "Acme", SignInURL: "/sign-in"}
	config := otphttp.Config{
		Codes:  s.codes,
		Keys:   otp.Keys{make([]byte, 32)},
		Find:   find,
		Accept: s.accept,
		Log:    slog.New(slog.DiscardHandler),
	}
	if configure != nil {
		configure(&options, &config)
	}

	var err error
	s.flow, err = otphttp.New(config)
	require.NoError(t, err)
	s.Pages, err = pages.New(s.flow, options)
	require.NoError(t, err)
	return s
}

func find(_ *http.Request, typed string) (otphttp.Recipient, error) {
	if !strings.Contains(typed, "@") {
		return otphttp.Recipient{}, otp.ErrInvalid
	}
	return otphttp.Recipient{To: typed, Known: typed != eve}, nil
}

// accept refuses short passwords, and those that the pages know no text for.
func (s *website) accept(r *http.Request, _ otphttp.Claim) (otphttp.Done, error) {
	switch r.PostForm.Get("password") {
	case "short":
		return nil, &otphttp.Problem{Code: "password_too_short", Field: "password"}
	case "long":
		return nil, &otphttp.Problem{Code: "password_too_long", Field: "password"}
	case "odd":
		return nil, &otphttp.Problem{Code: "odd", Field: "password", Detail: "Not <this> one."}
	}
	return func(context.Context, http.ResponseWriter) error {
		s.done++
		return s.err
	}, nil
}

// A browser keeps cookies and follows no redirects.
type browser struct {
	t        *testing.T
	s        *website
	handler  http.Handler // the website, or what it is mounted in
	language string
	cookies  map[string]*http.Cookie
	last     string // the path of the page that is shown
}

func newBrowser(t *testing.T, s *website) *browser {
	return &browser{t: t, s: s, handler: s, language: "en", cookies: map[string]*http.Cookie{}}
}

// A view is what a browser gets to see.
type view struct {
	*http.Response
	text string
}

func (b *browser) do(r *http.Request) view {
	b.t.Helper()

	r.Header.Set("Accept-Language", b.language)
	for _, cookie := range b.cookies {
		r.AddCookie(cookie)
	}

	recorder := httptest.NewRecorder()
	b.handler.ServeHTTP(recorder, r)
	answer := recorder.Result()
	for _, cookie := range answer.Cookies() {
		b.cookies[cookie.Name] = cookie
		if cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		}
	}
	return view{answer, recorder.Body.String()}
}

// attr returns the value of an attribute, which is named with what stands before it in the page.
func (v view) attr(name string) string {
	_, rest, _ := strings.Cut(v.text, "<"+name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return html.UnescapeString(value)
}

func (b *browser) get(path string) view {
	b.t.Helper()
	b.last = path
	return b.do(httptest.NewRequest(http.MethodGet, site+path, nil))
}

func (b *browser) post(path string, fields ...string) view {
	b.t.Helper()

	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, site+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// submit posts a form and follows its redirect, as every form has one.
func (b *browser) submit(path string, fields ...string) view {
	b.t.Helper()

	answer := b.post(path, fields...)
	require.Equal(b.t, http.StatusSeeOther, answer.StatusCode, answer.text)
	return b.get(resolve(b.t, path, answer.Header.Get("Location")))
}

// resolve returns the path that a browser on the page goes to.
func resolve(t *testing.T, page, location string) string {
	t.Helper()

	base, err := url.Parse(site + page)
	require.NoError(t, err)
	target, err := base.Parse(location)
	require.NoError(t, err)
	return strings.TrimPrefix(target.String(), site)
}

// ask asks for a code from the first page.
func (b *browser) ask(email string) view {
	b.t.Helper()
	b.get("/")
	return b.submit("/", "email", email)
}

var tags = regexp.MustCompile(`<[^>]*>`)

// want fails the test unless the page says the text.
func (v view) want(t *testing.T, texts ...string) {
	t.Helper()

	plain := tags.ReplaceAllString(v.text, "")
	for _, text := range texts {
		require.Contains(t, plain, text)
	}
}

func (v view) wantNot(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, v.text, text)
}

// wrong returns another code of the same shape.
func wrong(code string) string { return string('0'+(code[0]-'0'+1)%10) + code[1:] }
