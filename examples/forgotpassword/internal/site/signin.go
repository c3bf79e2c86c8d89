package site

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"

	"github.com/seed-5978b5f1/otp/otphttp"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/web"
)

//go:embed signin.html
var signInTemplate string

var signIn = template.Must(template.New("sign-in").Parse(signInTemplate))

// A signInPage stands for the application's own. It tells whether a password is right, and begins
// no session.
type signInPage struct{ app *web.App }

func (p *signInPage) show(w http.ResponseWriter, _ *http.Request) {
	p.render(w, http.StatusOK, signInData{})
}

// signInData is what the template gets.
type signInData struct {
	Product, Email, Alert string
	Right                 bool
}

func (p *signInPage) submit(w http.ResponseWriter, r *http.Request) {
	err := p.app.CheckLogin(w, r)
	if err == nil {
		p.render(w, http.StatusOK, signInData{Right: true})
		return
	}

	problem := otphttp.ProblemOf(err)
	p.render(w, problem.Status, signInData{Email: r.PostForm.Get("email"), Alert: problem.Detail})
}

func (p *signInPage) render(w http.ResponseWriter, status int, data signInData) {
	data.Product = p.app.Product

	var out bytes.Buffer
	if err := signIn.Execute(&out, data); err != nil {
		p.app.Log.Error("page failed", "page", "sign-in", "err", err)
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}

	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}
