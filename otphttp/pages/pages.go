package pages

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
)

// kindNames are the names of the kinds that have pages, in the files of the languages.
var kindNames = map[otp.Kind]string{
	otp.SignIn: "sign_in", otp.ConfirmAddress: "confirm_address",
	otp.ChangeAddress: "change_address", otp.ResetPassword: "reset_password",
}

// Options are the ways in which pages differ.
type Options struct {
	// Product is the name that stands on every page. Required.
	Product string

	// Path is where the handler is registered: it begins and ends with "/". Default "/".
	Path string

	// Logo is an image in place of the name on top: a path of this host that begins with "/", or a
	// "data:image/" URL. Optional.
	Logo string

	// Next is where the person goes when all is done. Default "/".
	Next string

	// SignInURL leads to where people sign in, and SupportURL to help. They are shown where they
	// are of use. Optional.
	SignInURL, SupportURL string

	// Links stand at the foot of every page: terms, privacy and the like. Optional.
	Links []Link

	// PasswordField names the member of the body with the new password. Default "password". Only
	// otp.ResetPassword has it.
	PasswordField string

	// MinPassword and MaxPassword are the lengths, in characters, that the page asks for. Default
	// 15 and 128. Config.Accept of the Flow enforces them, by problems with the codes
	// password_too_short, password_too_long, password_is_address and password_common, which the
	// pages translate.
	MinPassword, MaxPassword int

	// Challenge shows what Config.Challenge of the Flow checks, as part of a form, to people who
	// get no more codes without. Optional.
	Challenge func(*http.Request) template.HTML

	// ChallengeSource is the origin from which Challenge loads scripts and frames,
	// "https://challenges.cloudflare.com" for example. Optional.
	ChallengeSource string

	// Banner stands above every page. Optional.
	Banner template.HTML

	// Files replace those of this package with the same name: "layout.html", "ask.html",
	// "code.html", "done.html" and "message.html", which get a [Page], "style.css" and "script.js",
	// and the texts of a language, such as "languages/en.json". Optional.
	Files fs.FS
}

// A Link leads somewhere.
type Link struct{ Text, URL string }

// Pages are the pages of one Flow: an http.Handler for the path in the Options.
type Pages struct {
	flow      *otphttp.Flow
	options   Options
	mux       *http.ServeMux
	templates map[string]*template.Template
	languages *languages
	assets    map[string]asset
	policy    string // Content-Security-Policy
}

// New returns the pages of a Flow. The error names the option that is wrong.
func New(flow *otphttp.Flow, o Options) (*Pages, error) {
	o.setDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if flow == nil {
		return nil, errors.New("pages: the Flow is nil: it is required")
	}
	if kind := flow.Config().Codes.Kind(); kindNames[kind] == "" {
		return nil, fmt.Errorf("pages: the Kind of the Flow's Service is %v: it must be SignIn, "+
			"ConfirmAddress, ChangeAddress or ResetPassword", kind)
	}

	p := &Pages{flow: flow, options: o, policy: contentSecurityPolicy(&o)}
	for _, load := range []func() error{p.loadLanguages, p.loadAssets, p.loadTemplates} {
		if err := load(); err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
	}
	p.route()
	return p, nil
}

// kind is what the flow is for. It decides what the pages say.
func (p *Pages) kind() otp.Kind { return p.flow.Config().Codes.Kind() }

func (o *Options) setDefaults() {
	o.Path = cmp.Or(o.Path, "/")
	o.Next = cmp.Or(o.Next, "/")
	o.PasswordField = cmp.Or(o.PasswordField, "password")
	o.MinPassword = cmp.Or(o.MinPassword, 15)
	o.MaxPassword = cmp.Or(o.MaxPassword, 128)
}

func (o *Options) check() error {
	logo := strings.HasPrefix(o.Logo, "data:image/") ||
		strings.HasPrefix(o.Logo, "/") && !strings.HasPrefix(o.Logo, "//")

	switch {
	case strings.TrimSpace(o.Product) == "":
		return errors.New("Options.Product is empty: it is required")
	case !strings.HasPrefix(o.Path, "/") || !strings.HasSuffix(o.Path, "/"):
		return fmt.Errorf(`Options.Path is %q: it must begin and end with "/"`, o.Path)
	case o.Logo != "" && !logo:
		return fmt.Errorf(`Options.Logo is %q: it must begin with "/" or "data:image/"`, o.Logo)
	case o.MinPassword < 1 || o.MaxPassword < o.MinPassword:
		return fmt.Errorf("Options.MinPassword is %d and MaxPassword %d: "+
			"they must be at least 1, and not in the wrong order", o.MinPassword, o.MaxPassword)
	}
	return checkURLs(o)
}

// checkURLs refuses what is no URL, such as one with a scheme that runs a script.
func checkURLs(o *Options) error {
	urls := map[string]string{
		"Next": o.Next, "SignInURL": o.SignInURL, "SupportURL": o.SupportURL,
		"ChallengeSource": o.ChallengeSource,
	}
	for i, link := range o.Links {
		urls[fmt.Sprintf("Links[%d].URL", i)] = link.URL
	}

	for name, text := range urls {
		u, err := url.Parse(text)
		if err != nil ||
			!strings.Contains(" http https mailto ", " "+u.Scheme+" ") && u.Scheme != "" {
			return fmt.Errorf("%s is %q: it must be a path or a URL with http, https "+
				"or mailto", "Options."+name, text)
		}
	}
	return nil
}

// contentSecurityPolicy allows what the pages have, and nothing else. form-action names where Next
// is, because browsers apply it to redirects too.
func contentSecurityPolicy(o *Options) string {
	next := ""
	if u, err := url.Parse(o.Next); err == nil && u.Host != "" {
		next = " " + u.Scheme + "://" + u.Host
	}

	frames, source := "", ""
	if o.ChallengeSource != "" {
		source = " " + o.ChallengeSource
		frames = " frame-src" + source + ";"
	}
	return "default-src 'none'; style-src 'self'; script-src 'self'" + source + ";" + frames +
		" img-src 'self' data:; connect-src 'self'" + source + "; form-action 'self'" + next +
		"; base-uri 'none'; frame-ancestors 'none'"
}

// ServeHTTP serves the pages.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")

	p.mux.ServeHTTP(w, r)
}

// changePassword is the well-known URL for changing passwords (W3C).
const changePassword = "/.well-known/change-password"

func (p *Pages) route() {
	path := p.options.Path

	p.mux = http.NewServeMux()
	p.mux.HandleFunc("GET "+path+"{$}", p.showAsk)
	p.mux.HandleFunc("POST "+path+"{$}", p.postAsk)
	p.mux.HandleFunc("GET "+path+"code", p.showCode)
	p.mux.HandleFunc("POST "+path+"code", p.postCode)
	p.mux.HandleFunc("GET "+path+"done", p.showDone)
	for name := range p.assets {
		p.mux.HandleFunc("GET "+path+name, p.serveAsset)
	}

	p.mux.HandleFunc("GET "+changePassword, p.leadTo(""))
	p.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.showError(w, r, &otphttp.Problem{Status: http.StatusNotFound, Code: "not_found"})
	})
}

// leadTo redirects to a page.
func (p *Pages) leadTo(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, p.options.Path+name, http.StatusSeeOther)
	}
}

// render answers with a page.
func (p *Pages) render(w http.ResponseWriter, status int, page *Page) {
	var out bytes.Buffer
	if err := p.templates[page.Name].Execute(&out, page); err != nil {
		// Only a template of Options.Files can fail.
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}

	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", page.Language)
	h.Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}
