package recipes_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otpsms"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A number has many spellings: the code works under another one, and what is no number is told so.
func TestFormsOverNumbers(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{Normalize: otpsms.Normalize})
	flow, err := otphttp.New(otphttp.Config{
		Codes: codes, Keys: otp.Keys{make([]byte, 32)}, AddressField: "phone",
		Find:   recipes.Numbers{"+4915112345678": "Ada"}.Find,
		Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil },
	})
	require.NoError(t, err)
	told := ""
	tell := func(_ http.ResponseWriter, _ *http.Request, p *otphttp.Problem) { told = p.Detail }
	forms, post := &recipes.Forms{Flow: flow, Tell: tell}, newPoster()

	assert.Empty(t, post(forms.Ask, "phone=0151+12345678"))
	assert.Contains(t, told, "with its country code")
	assert.Empty(t, post(forms.Ask, "phone=%2B34+0612+345+678"))
	assert.Contains(t, told, "Leave out the 0")
	assert.Equal(t, "/code", post(forms.Ask, "phone=%2B49+151+12345678"))
	assert.Equal(t, "/code", post(forms.Ask, "phone=%2B49+151+12345678"), "too soon: it is live")
	assert.Empty(t, post(forms.Enter, "code=x"))
	assert.Contains(t, told, "No attempt was lost")
	code := inbox.Code(t, "+4915112345678")
	assert.Equal(t, "/account", post(forms.Enter, "phone=004915112345678&code="+code))
}

// Who has a live code and asks for another one too soon is shown the challenge.
func TestFormsShowTheChallenge(t *testing.T) {
	codes, _ := otptest.New(t, otp.Config{})
	flow, err := otphttp.New(otphttp.Config{
		Codes: codes, Keys: otp.Keys{make([]byte, 32)},
		Find: func(*http.Request, string) (otphttp.Recipient, error) {
			return otphttp.Recipient{Known: true}, nil
		},
		Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil },
		Challenge: func(r *http.Request) (bool, error) {
			return r.PostForm.Get("challenge") == "solved", nil
		},
	})
	require.NoError(t, err)
	var told otphttp.ProblemCode
	tell := func(_ http.ResponseWriter, _ *http.Request, p *otphttp.Problem) { told = p.Code }
	forms, post := &recipes.Forms{Flow: flow, Tell: tell}, newPoster()

	assert.Equal(t, "/code", post(forms.Ask, "email=ada@example.com"))
	assert.Empty(t, post(forms.Ask, "email=ada@example.com"))
	assert.Equal(t, otphttp.ChallengeRequired, told)
	assert.Equal(t, "/code", post(forms.Ask, "email=ada@example.com&challenge=solved"))
}

// newPoster returns a function that posts a form with the cookies of before, and returns where the
// answer leads.
func newPoster() func(handler http.HandlerFunc, form string) string {
	var cookies []*http.Cookie
	return func(handler http.HandlerFunc, form string) string {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		handler(w, r)
		if set := w.Result().Cookies(); len(set) > 0 {
			cookies = set
		}
		return w.Header().Get("Location")
	}
}
