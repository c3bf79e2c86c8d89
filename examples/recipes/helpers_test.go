package recipes_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otphttp"
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
		Tell: func(_ http.ResponseWriter, _ *http.Request, told *otphttp.Problem) { p.told = *told },
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
