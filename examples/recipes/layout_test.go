package recipes_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/examples/recipes"
)

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
