package recipes_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otptest"
)

// The services answer as their documents say. What they fail to judge is an error, never a yes.
func TestChallengesAreJudged(t *testing.T) {
	fails := func(code string) string {
		return `{"success":false,"error-codes":["` + code + `"]}`
	}
	for name, service := range map[string]recipes.Challenge{
		"Turnstile": recipes.Turnstile, "hCaptcha": recipes.HCaptcha,
		"reCAPTCHA": recipes.ReCAPTCHA,
	} {
		for what, c := range map[string]struct {
			answer string // of the service, to a form with an answer
			status int
			solved bool
			err    string
		}{
			"solved": {`{"success":true,"hostname":"acme.example",` +
				`"challenge_ts":"2026-11-29T12:00:00Z"}`, 200, true, ""},
			"wrong":          {fails("invalid-input-response"), 200, false, ""},
			"used before":    {fails("timeout-or-duplicate"), 200, false, ""},
			"of another":     {`{"success":true,"hostname":"evil.example"}`, 200, false, ""},
			"a bad secret":   {fails("invalid-input-secret"), 200, false, "Secret"},
			"down":           {`{}`, 503, false, "status 503"},
			"another page":   {`<html>`, 200, false, "something else than JSON"},
			"nothing at all": {``, 200, false, "something else than JSON"},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				handler := func(w http.ResponseWriter, r *http.Request) {
					require.NoError(t, r.ParseForm())
					require.Equal(t, url.Values{"secret": {"s"}, "response": {"a"}}, r.PostForm)
					w.WriteHeader(c.status)
					w.Write([]byte(c.answer))
				}
				server := httptest.NewServer(http.HandlerFunc(handler))
				defer server.Close()
				service.Verify, service.Secret, service.Host = server.URL, "s", "acme.example"

				r := httptest.NewRequest(http.MethodPost, "/", nil)
				r.PostForm = url.Values{service.Field: {"a"}}
				solved, err := service.Solved(r)
				require.Equal(t, c.solved, solved)
				if c.err == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, c.err)
				}
			})
		}

		solved, err := service.Solved(httptest.NewRequest(http.MethodPost, "/", nil))
		require.NoError(t, err, "nobody is asked about no answer")
		require.False(t, solved)
	}
}

// Pages show the widget to whoever has asked too often, and let it load what it needs.
func TestChallengeOnPages(t *testing.T) {
	for _, service := range []recipes.Challenge{
		recipes.Turnstile, recipes.HCaptcha, recipes.ReCAPTCHA,
	} {
		service.SiteKey = "key"
		codes, _ := otptest.New(t, otp.Config{Kind: otp.SignIn, Policy: otp.Policy{
			SendLimits: []otp.Limit{{Count: 1, Window: time.Minute}}}})
		flow, err := otphttp.New(otphttp.Config{
			Codes: codes, Keys: otp.Keys{make([]byte, 32)},
			Challenge: service.Solved, Insecure: true,
			Find: func(_ *http.Request, typed string) (otphttp.Recipient, error) {
				return otphttp.Recipient{To: typed, Known: true}, nil
			},
			Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil },
		})
		require.NoError(t, err)
		p, err := pages.New(flow, pages.Options{
			Product: "Acme", Challenge: service.Show, ChallengeSources: service.Sources,
		})
		require.NoError(t, err)

		_, err = codes.Send(t.Context(), otp.Request{To: "ada@example.com"}) // by somebody else
		require.NoError(t, err)
		page := ask(t, p)
		require.Contains(t, page.Body.String(),
			`<div class="`+service.Class+`" data-sitekey="key">`)
		require.Contains(t, page.Body.String(), `<script src="`+service.Script+`" async defer>`)

		policy := page.Header().Get("Content-Security-Policy")
		sources := strings.Join(service.Sources, " ")
		for _, directive := range []string{
			"script-src 'self' ", "frame-src ", "connect-src 'self' ", "style-src 'self' ",
		} {
			require.Contains(t, policy, directive+sources)
		}
	}
}

// ask asks for a code as a browser does, and returns the page after it.
func ask(t *testing.T, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()

	var cookies []*http.Cookie
	do := func(method, target string, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		cookies = append(cookies, w.Result().Cookies()...)
		return w
	}

	do(http.MethodGet, "/", nil)
	answer := do(http.MethodPost, "/", url.Values{"email": {"ada@example.com"}})
	require.Equal(t, http.StatusSeeOther, answer.Code)
	return do(http.MethodGet, strings.TrimPrefix(answer.Header().Get("Location"), "."), nil)
}
