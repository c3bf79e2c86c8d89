package recipes

import (
	"context"
	"embed"
	"io/fs"
	"net/http"

	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

//go:embed shop
var shopFiles embed.FS

// A Customer is who is signed in, as the shop's own middleware has put it into the context.
type Customer struct{ Name string }

type customerKey struct{}

// WithCustomer returns a request of a customer.
func WithCustomer(r *http.Request, c *Customer) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), customerKey{}, c))
}

// ShopPages are the pages of a Flow in the design of a shop, whose header shows who is signed in.
func ShopPages(flow *otphttp.Flow) (*pages.Pages, error) {
	files, err := fs.Sub(shopFiles, "shop")
	if err != nil {
		return nil, err
	}
	return pages.New(flow, pages.Options{
		Product: "Bean & Leaf", Path: "/sign-in/", Files: files,
		Data: func(r *http.Request) any { return r.Context().Value(customerKey{}) },
	})
}
