package recipes_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/evp/evptest"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otpsms"
	"github.com/seed-5978b5f1/otp/otptest"
)

// newConfig returns a Config of Ada's account that accepts everything, and the inbox of its codes.
func newConfig(t *testing.T, c otp.Config) (otphttp.Config, *otptest.Inbox) {
	codes, inbox := otptest.New(t, c)
	return otphttp.Config{
		Codes: codes, Keys: otp.Keys{make([]byte, 32)},
		Find: func(*http.Request, string) (otphttp.Recipient, error) {
			return otphttp.Recipient{To: "ada@mail.example", Known: true}, nil
		},
		Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil },
	}, inbox
}

func newFlow(t *testing.T, c otphttp.Config) *otphttp.Flow {
	t.Helper()
	flow, err := otphttp.New(c)
	require.NoError(t, err)
	return flow
}

// A poster posts forms with the cookies of before, and has what it was told last.
type poster struct {
	*recipes.Forms
	cookies []*http.Cookie
	told    otphttp.Problem
}

func newPoster(t *testing.T, c otphttp.Config) *poster {
	p := &poster{}
	p.Forms = &recipes.Forms{
		Flow: newFlow(t, c),
		Tell: func(_ http.ResponseWriter, _ *http.Request, told *otphttp.Problem) {
			p.told = *told
		},
	}
	return p
}

// post returns where the answer leads.
func (p *poster) post(handler http.HandlerFunc, form string) string {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, cookie := range p.cookies {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	handler(w, r)
	if set := w.Result().Cookies(); len(set) > 0 {
		p.cookies = set
	}
	return w.Header().Get("Location")
}

// A number has many spellings: the code works under another one, and what is no number is told so.
func TestFormsOverNumbers(t *testing.T) {
	config, inbox := newConfig(t, otp.Config{Normalize: otpsms.Normalize})
	config.AddressField = "phone"
	config.Find = recipes.Numbers{"+4915112345678": "Ada"}.Find
	p := newPoster(t, config)

	assert.Empty(t, p.post(p.Ask, "phone=0151+12345678"))
	assert.Contains(t, p.told.Detail, "with its country code")
	assert.Empty(t, p.post(p.Ask, "phone=%2B34+0612+345+678"))
	assert.Contains(t, p.told.Detail, "Leave out the 0")
	assert.Equal(t, "/code", p.post(p.Ask, "phone=%2B49+151+12345678"))
	assert.Equal(t, "/code", p.post(p.Ask, "phone=%2B49+151+12345678"), "too soon: it is live")
	assert.Empty(t, p.post(p.Enter, "code=x"))
	assert.Contains(t, p.told.Detail, "No attempt was lost")
	code := inbox.Code(t, "+4915112345678")
	assert.Equal(t, "/account", p.post(p.Enter, "phone=004915112345678&code="+code))
}

// Who has a live code and asks for another one too soon is shown the challenge.
func TestFormsShowTheChallenge(t *testing.T) {
	config, _ := newConfig(t, otp.Config{})
	config.Challenge = func(r *http.Request) (bool, error) {
		return r.PostForm.Get("challenge") == "solved", nil
	}
	p := newPoster(t, config)

	assert.Equal(t, "/code", p.post(p.Ask, "email=ada@mail.example"))
	assert.Empty(t, p.post(p.Ask, "email=ada@mail.example"))
	assert.Equal(t, otphttp.ChallengeRequired, p.told.Code)
	assert.Equal(t, "/code", p.post(p.Ask, "email=ada@mail.example&challenge=solved"))
}

// The code that one person has asked for gives the address to no other account, whoever is signed
// in in the same browser by then. It goes on working for that person.
func TestChangeByAFlow(t *testing.T) {
	const added = "new@example.com"
	ada := &recipes.User{ID: "1", Address: "ada@example.com"}
	bob := &recipes.User{ID: "2", Address: "bob@example.com"}
	signedIn, taken := ada, true

	config, inbox := newConfig(t, otp.Config{Kind: otp.ChangeAddress})
	change := &recipes.ChangeFlow{
		Change: recipes.Change{
			Changed: func(context.Context, string) error { return nil },
		},
		SignedIn: func(*http.Request) *recipes.User { return signedIn },
		Taken: func(address string, by *recipes.User) (bool, error) {
			require.Equal(t, added, address)
			require.Same(t, ada, by)
			return taken, nil
		},
	}
	config.Anyone, config.Find, config.Accept = true, change.Find, change.Accept
	p := newPoster(t, config)

	require.Equal(t, "/code", p.post(p.Ask, "email="+added))
	enter := "code=" + inbox.Code(t, added)
	for _, c := range []struct {
		who    *recipes.User
		code   otphttp.ProblemCode
		status int
	}{
		{nil, "not_signed_in", http.StatusUnauthorized},
		{bob, otphttp.TransactionChanged, http.StatusConflict},
		{ada, "address_taken", http.StatusConflict},
	} {
		signedIn = c.who
		require.Empty(t, p.post(p.Enter, enter))
		require.Equal(t, c.code, p.told.Code)
		require.Equal(t, c.status, p.told.Status)
	}
	require.Equal(t, "bob@example.com", bob.Address)

	taken = false
	require.Equal(t, "/account", p.post(p.Enter, enter))
	require.Equal(t, added, ada.Address)
	require.Equal(t, "ada@example.com", ada.Former)

	signedIn = nil
	require.Empty(t, p.post(p.Ask, "email="+added))
	require.Equal(t, otphttp.ProblemCode("not_signed_in"), p.told.Code)
}

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

// The layout of the shop shows who is signed in, and the pages as they are.
func TestShopPages(t *testing.T) {
	config, _ := newConfig(t, otp.Config{Kind: otp.ConfirmAddress})
	shop, err := recipes.ShopPages(newFlow(t, config))
	require.NoError(t, err)

	show := func(c *recipes.Customer) string {
		r := httptest.NewRequest(http.MethodGet, "/sign-in/", nil)
		if c != nil {
			r = recipes.WithCustomer(r, c)
		}
		w := httptest.NewRecorder()
		shop.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code)
		return w.Body.String()
	}
	require.Contains(t, show(&recipes.Customer{Name: "Ada <3"}), "<span>Ada &lt;3</span>")
	require.Contains(t, show(nil), `<span><a href="./../sign-in/">Sign in</a></span>`)
	require.Contains(t, show(nil), "Confirm your email address")
}

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
