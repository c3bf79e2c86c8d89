package main

import (
	"context"
	"net/http"
	"os"

	"github.com/alexedwards/scs/v2"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// SignIn returns the pages that sign people in, below /sign-in/. The first code makes the account,
// which goes by the form of an address that codes go by: two spellings are one person.
func SignIn(sessions *scs.SessionManager, codes *otp.Service, c otphttp.Config) (
	http.Handler, error) {
	c.Codes, c.Name, c.Anyone, c.Devices = codes, "sign-in", true, true
	c.Find = func(_ *http.Request, typed string) (otphttp.Recipient, error) {
		to, err := otpmail.ParseAddress(typed)
		return otphttp.Recipient{To: to, Known: true}, err
	}
	c.Accept = func(_ *http.Request, c otphttp.Claim) (otphttp.Done, error) {
		account, err := codes.Normalize(c.To)
		return func(ctx context.Context, _ http.ResponseWriter) error {
			if err := sessions.RenewToken(ctx); err != nil {
				return err
			}
			sessions.Put(ctx, "account", account)
			return nil
		}, err
	}
	flow, err := otphttp.New(c)
	if err != nil {
		return nil, err
	}
	return pages.New(flow, pages.Options{Product: "Acme", Path: "/sign-in/", Next: "/",
		OriginTrial: os.Getenv("ORIGIN_TRIAL")})
}
