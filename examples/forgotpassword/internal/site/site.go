// Package site is the forgot-password system with pages: those of package otphttp/pages, a page to
// sign in, and the API of package web. Functions do not have it, and so do not link html/template.
package site

import (
	"html/template"
	"net/http"

	"github.com/seed-5978b5f1/otp/otphttp/pages"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

// Handler returns the whole application.
func Handler(app *web.App) (http.Handler, error) {
	flow, err := app.Flow()
	if err != nil {
		return nil, err
	}

	options := pages.Options{
		Product: app.Product, SignInURL: "/sign-in", Next: "/sign-in",
		OriginTrial: app.OriginTrial,
	}
	if app.Mailbox != nil {
		options.Banner = developmentBanner
	}
	reset, err := pages.New(flow, options)
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	if err := app.Route(mux, flow); err != nil {
		return nil, err
	}
	mux.Handle("/", reset)
	signIn := &signInPage{app}
	mux.HandleFunc("GET /sign-in", signIn.show)
	mux.Handle("POST /sign-in",
		http.NewCrossOriginProtection().Handler(http.HandlerFunc(signIn.submit)))
	mux.HandleFunc("GET /forgot", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("ok\n"))
	})
	if app.Mailbox != nil {
		mux.Handle("GET /mailbox", app.Mailbox)
	}
	return app.Wrap(mux), nil
}

const developmentBanner template.HTML = `<span lang="en" dir="ltr"><strong>Development.</strong> ` +
	`No mail leaves this computer: they are all in the ` +
	`<a href="/mailbox" target="_blank">mailbox</a>.</span>`
