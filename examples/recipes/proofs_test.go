package recipes_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// Who proves the address of an account is let in if a challenge is solved, too, or chooses a
// password. Who proves another one gets the code.
func TestProvingForms(t *testing.T) {
	const site = "https://acme.example"
	issuer := evptest.NewIssuer("mail.example")
	verifier, err := evp.New(evp.Config{
		Origins: []string{site}, Lookup: issuer.LookupTXT, Client: issuer.Client(),
	})
	require.NoError(t, err)

	for _, c := range []struct {
		kind          otp.Kind
		proves, human string
		answer        string // where the form leads
	}{
		{otp.SignIn, "ada@mail.example", "yes", "/account"},
		{otp.SignIn, "ada@mail.example", "no", ""},
		{otp.SignIn, "eve@mail.example", "yes", "/code"},
		{otp.ResetPassword, "ada@mail.example", "no", "/password"},
	} {
		codes, _ := otptest.New(t, otp.Config{Kind: c.kind})
		config := otphttp.Config{
			Codes: codes, Keys: otp.Keys{make([]byte, 32)}, Proofs: verifier,
			Find: func(*http.Request, string) (otphttp.Recipient, error) {
				return otphttp.Recipient{To: "ada@mail.example", Known: true}, nil
			},
			Accept: recipes.HumansOnly(
				func(r *http.Request) (bool, error) {
					return r.PostForm.Get("human") == "yes", nil
				},
				func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil }),
		}
		flow, err := otphttp.New(config)
		require.NoError(t, err)
		forms := recipes.ProvingForms{Flow: flow}

		page := httptest.NewRecorder()
		forms.Show(page, httptest.NewRequest(http.MethodGet, site, nil))
		nonce := regexp.MustCompile(`data-nonce="(.+)"`).FindStringSubmatch(page.Body.String())[1]
		form := url.Values{
			"email": {"ada@mail.example"}, "human": {c.human}, "email_verification_token": {
				evptest.NewBrowser(issuer, site).Token(c.proves, nonce),
			},
		}
		r := httptest.NewRequest(http.MethodPost, site, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(page.Result().Cookies()[0])
		w := httptest.NewRecorder()
		forms.Ask(w, r)

		require.Equal(t, c.answer, w.Header().Get("Location"), w.Body)
		require.Equal(t, c.answer == "", strings.Contains(w.Body.String(), "challenge_required"))
		_, err = recipes.ProvingPages(config, site, "")
		require.NoError(t, err)
	}
}
