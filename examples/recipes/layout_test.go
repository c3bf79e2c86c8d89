package recipes_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// The layout of the shop shows who is signed in, and the pages as they are.
func TestShopPages(t *testing.T) {
	codes, _ := otptest.New(t, otp.Config{Kind: otp.ConfirmAddress})
	flow, err := otphttp.New(otphttp.Config{
		Codes: codes, Keys: otp.Keys{make([]byte, 32)},
		Find:   func(*http.Request, string) (otphttp.Recipient, error) { panic("not called") },
		Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { panic("not called") },
	})
	require.NoError(t, err)
	shop, err := recipes.ShopPages(flow)
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
