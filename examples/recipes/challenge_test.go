package recipes_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/examples/recipes"
)

// The services answer as their documents say. What they fail to judge is an error, never a yes.
// The pages with their widgets are tried by internal/browsers.
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
			"solved":       {`{"success":true,"hostname":"acme.example"}`, 200, true, ""},
			"wrong":        {fails("invalid-input-response"), 200, false, ""},
			"used before":  {fails("timeout-or-duplicate"), 200, false, ""},
			"of another":   {`{"success":true,"hostname":"evil.example"}`, 200, false, ""},
			"a bad secret": {fails("invalid-input-secret"), 200, false, "Secret"},
			"down":         {`{}`, 503, false, "status 503"},
			"another page": {`<html>`, 200, false, "something else than JSON"},
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
