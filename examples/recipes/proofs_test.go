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
		config, _ := newConfig(t, otp.Config{Kind: c.kind})
		config.Proofs = verifier
		config.Accept = recipes.HumansOnly(func(r *http.Request) (bool, error) {
			return r.PostForm.Get("human") == "yes", nil
		}, config.Accept)
		forms := recipes.ProvingForms{Flow: newFlow(t, config)}

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
