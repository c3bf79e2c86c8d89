package pages

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
)

// kindNames are the names of the kinds that have pages, in the files of the languages.
var kindNames = map[otp.Kind]string{
	otp.SignIn: "sign_in", otp.ConfirmAddress: "confirm_address",
	otp.ChangeAddress: "change_address", otp.ResetPassword: "reset_password",
	otp.ConfirmTransaction: "confirm_transaction",
}

// Options are the ways in which pages differ. What the codes are for is otp.Config.Kind of the
// Flow's Service.
//
// Links that begin with "/" are paths as the server is asked for them. The pages make them
// relative, so that they are right behind a proxy that takes a prefix off as well.
type Options struct {
	// Product is the name that stands on every page. Required.
	Product string

	// Path is where the handler is registered: it begins and ends with "/". Default "/".
	Path string

	// Logo is an image in place of the name on top: a path of this host that begins with "/", or a
	// "data:image/" URL. Optional.
	Logo string

	// Next is where the person goes when all is done: a path, a URL, or one with the scheme of an
	// app. The query parameter "next" of a link to the pages, a path of this host, goes before it.
	// Default "/".
	Next string

	// SignInURL leads to where people sign in: it is shown to those who are not, and after a
	// password was reset. SupportURL leads to help. Optional.
	SignInURL, SupportURL string

	// Links stand at the foot of every page: terms, privacy and the like. Optional.
	Links []Link

	// Phone says that people type telephone numbers in place of mail addresses. Config.AddressField
	// of the Flow is then another one than "email".
	Phone bool

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

	// ChallengeSources are the origins from which Challenge loads scripts, frames and styles and to
	// which it connects: "https://challenges.cloudflare.com" for example. Optional.
	ChallengeSources []string

	// OriginTrial is the token of an origin trial, for the header Origin-Trial: browsers that prove
	// addresses only on trial ask for it (see Config.Proofs of the Flow). Optional.
	OriginTrial string

	// Banner stands above every page. Optional.
	Banner template.HTML

	// Data returns Page.Data for a request: what a layout of one's own shows besides, such as who
	// is signed in. New tries the templates with nil. Optional.
	Data func(*http.Request) any

	// Files replace those of this package with the same name: "layout.html", "ask.html",
	// "code.html", "done.html", "message.html" and "links.html", which get a [Page], "style.css"
	// and "script.js", and the texts of a language, such as "languages/en.json". New refuses
	// others.
	//
	// A layout shows {{template "content" .}} somewhere within an element. It may define the blocks
	// "links" and "details" anew, which the built-in pages show. Optional.
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

// New returns the pages of a Flow. With Options.Files it tries every template in every language.
// The error names the option, or the file and what is wrong in it.
func New(flow *otphttp.Flow, o Options) (*Pages, error) {
	o.setDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if flow == nil {
		return nil, errors.New("pages: the Flow is nil: it is required")
	}
	if flow.Config().Codes.Kind() == otp.General {
		return nil, errors.New("pages: the Kind of the Flow's Service is General: " +
			"set otp.Config.Kind, so that the pages can say what a code is for")
	}

	if err := checkFields(flow.Config(), o.PasswordField); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if o.Phone && flow.Config().AddressField == "email" {
		return nil, errors.New(`pages: Options.Phone is set, but Config.AddressField is "email", ` +
			`which takes mail addresses only: name it "phone"`)
	}

	p := &Pages{flow: flow, options: o, policy: contentSecurityPolicy(&o)}
	for _, load := range []func() error{
		p.checkFiles, p.loadLanguages, p.loadAssets, p.loadTemplates, p.tryTemplates,
	} {
		if err := load(); err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
	}
	p.route()
	return p, nil
}

// kind is what the codes of the Flow are for.
func (p *Pages) kind() otp.Kind { return p.flow.Config().Codes.Kind() }

func (o *Options) setDefaults() {
	o.Path = cmp.Or(o.Path, "/")
	o.Next = cmp.Or(o.Next, "/")
	o.PasswordField = cmp.Or(o.PasswordField, "password")
	o.MinPassword = cmp.Or(o.MinPassword, 15)
	o.MaxPassword = cmp.Or(o.MaxPassword, 128)
}

func (o *Options) check() error {
	switch {
	case strings.TrimSpace(o.Product) == "":
		return errors.New("Options.Product is empty: it is required")
	case !isPath(o.Path) || !strings.HasSuffix(o.Path, "/") || strings.ContainsAny(o.Path, "{}?"):
		return fmt.Errorf(`Options.Path is %q: it must begin and end with one "/", without a `+
			"query or wildcards", o.Path)
	case o.Logo != "" && !strings.HasPrefix(o.Logo, "data:image/") && !isPath(o.Logo):
		return fmt.Errorf(`Options.Logo is %q: it must begin with "/" or "data:image/"`, o.Logo)
	case o.MinPassword < 1 || o.MaxPassword < o.MinPassword:
		return fmt.Errorf("Options.MinPassword is %d and MaxPassword %d: "+
			"they must be at least 1, and not in the wrong order", o.MinPassword, o.MaxPassword)
	case strings.ContainsAny(o.OriginTrial, "\r\n"):
		return errors.New("Options.OriginTrial has a line break: it must be one token")
	}
	return checkURLs(o)
}

// checkFields refuses names that the forms need twice.
func checkFields(c otphttp.Config, password string) error {
	fields := map[string]string{
		resendField: "the pages", challengeField: "the pages", "session": "the Flow",
		"idempotency_key": "the Flow", "email_verification_token": "the Flow",
	}
	for _, field := range []struct{ name, value string }{
		{"Config.AddressField", c.AddressField}, {"Config.CodeField", c.CodeField},
		{"Options.PasswordField", password},
	} {
		if user := fields[field.value]; user != "" {
			return fmt.Errorf("%s is %q: %s has a field of this name",
				field.name, field.value, user)
		}
		fields[field.value] = field.name
	}
	return nil
}

// ServeHTTP serves the pages.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if p.options.OriginTrial != "" {
		h.Set("Origin-Trial", p.options.OriginTrial)
	}

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
	p.mux.HandleFunc(path+"{$}", p.refuseMethod("GET, HEAD, POST"))
	p.mux.HandleFunc(path+"code", p.refuseMethod("GET, HEAD, POST"))
	p.mux.HandleFunc(path+"done", p.refuseMethod("GET, HEAD"))
	for name := range p.assets {
		p.mux.HandleFunc("GET "+path+name, p.serveAsset)
	}

	p.mux.HandleFunc("GET "+changePassword, func(w http.ResponseWriter, r *http.Request) {
		p.leadTo(w, r, "")
	})
	p.mux.HandleFunc("/", p.showOther)
}

// refuseMethod answers what a page is asked by another method.
func (p *Pages) refuseMethod(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		p.showError(w, r, &otphttp.Problem{
			Status: http.StatusMethodNotAllowed, Code: otphttp.MethodNotAllowed,
		})
	}
}

// showOther answers what no page is registered for.
func (p *Pages) showOther(w http.ResponseWriter, r *http.Request) {
	if code, ok := p.rewrittenLink(r); ok {
		redirect(w, p.link(r, "code")+"#c="+code)
		return
	}
	p.showError(w, r, &otphttp.Problem{Status: http.StatusNotFound, Code: "not_found"})
}

// rewrittenLink returns the code of a link to the page of the code, whose "#" a mail protector has
// escaped, so that the browser has sent it as a part of the path.
func (p *Pages) rewrittenLink(r *http.Request) (code string, ok bool) {
	code, ok = strings.CutPrefix(r.URL.Path, p.options.Path+"code#c=")
	return code, ok && r.Method == http.MethodGet && linkCode.MatchString(code)
}

// render answers with a page.
func (p *Pages) render(w http.ResponseWriter, status int, page *Page) {
	var out bytes.Buffer
	if err := p.templates[page.Name].Execute(&out, page); err != nil {
		// Only a template of Options.Files can fail, by what Options.Data returns.
		p.flow.Config().Log.ErrorContext(page.request.Context(), "a page could not be shown",
			"flow", p.flow.Config().Name, "err", err)
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
