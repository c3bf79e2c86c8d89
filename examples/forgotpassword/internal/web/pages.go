package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"

	"github.com/seed-5978b5f1/otp/examples/forgotpassword/internal/users"
)

//go:embed templates
var templateFiles embed.FS

// A site is the application with pages, in a server. Functions have none: without html/template, which calls methods by
// names that only its templates know, the linker can leave out what they do not use.
type site struct {
	*App
	pages map[string]*template.Template
}

// newSite parses the templates, each laid into layout.html.
func newSite(a *App) *site {
	s := &site{a, make(map[string]*template.Template)}
	for _, name := range []string{"ask", "code", "done", "signin", "error"} {
		s.pages[name] = template.Must(template.New("layout.html").Funcs(template.FuncMap{"duration": duration}).
			ParseFS(templateFiles, "templates/layout.html", "templates/"+name+".html"))
	}
	return s
}

// page is what a template is given. An error stands at its field, or in Alert if it has none.
type page struct {
	Title string
	// Alert, CodeError and PasswordError are what went wrong; Done is what went well.
	Alert, EmailError, CodeError, PasswordError string
	Done                                        string
	// Email and Code are what was typed, to be corrected.
	Email, Code string
	Status      otp.Status
	// Wait is how many seconds it takes until one may ask again.
	Wait int
	// Development says that mails go to the mailbox page.
	Development bool
}

// Failed says that the person has something to correct.
func (p *page) Failed() bool { return p.Alert+p.EmailError+p.CodeError+p.PasswordError != "" }

// render answers with the page.
func (a *site) render(w http.ResponseWriter, status int, name string, p *page) {
	p.Development = a.Mailbox != nil
	p.Wait = secondsUntil(p.Status.RetryAt)
	var out bytes.Buffer
	if err := a.pages[name].Execute(&out, p); err != nil {
		a.Log.Error("page failed", "page", name, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}

// fail answers with a page to a browser and with problem details to all else.
func (a *site) fail(w http.ResponseWriter, r *http.Request, status int, detail string) {
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		a.render(w, status, "error", &page{Title: http.StatusText(status), Alert: detail})
		return
	}
	problem(w, r, status, detail)
}

// form returns the fields of a form, or false after it has answered that they cannot be read.
func (a *site) form(w http.ResponseWriter, r *http.Request) (field func(string) string, ok bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
			status = http.StatusRequestEntityTooLarge
		}
		a.fail(w, r, status, "The form could not be read.")
		return nil, false
	}
	return func(name string) string {
		if values := r.PostForm[name]; len(values) == 1 {
			return values[0]
		}
		return "" // none, or not one
	}, true
}

func (a *site) showAsk(w http.ResponseWriter, r *http.Request) {
	p := &page{Title: "Forgot your password?"}
	if s, ok := a.session(r); ok {
		p.Email = s.Email
	}
	a.render(w, http.StatusOK, "ask", p)
}

func (a *site) submitAsk(w http.ResponseWriter, r *http.Request) {
	field, ok := a.form(w, r)
	if !ok {
		return
	}
	p := &page{Title: "Forgot your password?", Email: strings.TrimSpace(field("email"))}
	if users.CheckEmail(p.Email) != nil {
		p.EmailError = "Enter an address such as ada@example.com."
		a.render(w, http.StatusUnprocessableEntity, "ask", p)
		return
	}
	s := a.newSession(r, p.Email)
	status, err := a.ask(r.Context(), s.Email, s.Bind, r.Header.Get("Accept-Language"))
	if err == nil {
		a.setSession(w, s)
		http.Redirect(w, r, "/code", http.StatusSeeOther)
		return
	}
	setRetryAfter(w, status)
	code, detail := a.explain(r, err)
	p.Alert, p.Status = detail, status
	a.render(w, code, "ask", p)
}

func (a *site) showCode(w http.ResponseWriter, r *http.Request) {
	s, ok := a.session(r)
	if !ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	a.renderCode(w, r, http.StatusOK, s, &page{})
}

// renderCode shows the form for the code with what can be done now.
func (a *site) renderCode(w http.ResponseWriter, r *http.Request, code int, s session, p *page) {
	status, err := a.Codes.Status(r.Context(), otp.Request{To: s.Email, Binding: s.Bind})
	if err != nil {
		code, p.Alert = a.explain(r, err)
	}
	p.Title, p.Email, p.Status = "Enter the code", s.Email, status
	a.render(w, code, "code", p)
}

func (a *site) submitCode(w http.ResponseWriter, r *http.Request) {
	field, ok := a.form(w, r)
	if !ok {
		return
	}
	s, ok := a.session(r)
	if !ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	p := &page{}
	err := a.reset(r.Context(), s.Email, s.Bind, field("otp"), field("password"), r.Header.Get("Accept-Language"))
	if err == nil {
		a.endSession(w)
		http.Redirect(w, r, "/done", http.StatusSeeOther)
		return
	}
	code, detail := a.explain(r, err)
	switch weak := (*users.PasswordError)(nil); {
	case errors.As(err, &weak):
		p.PasswordError, p.Code = detail, field("otp") // the code is not spent
	case errors.Is(err, otp.ErrRejected):
		p.CodeError = rejection(err)
	default:
		p.Alert = detail
	}
	a.renderCode(w, r, code, s, p)
}

// rejection says why a code was refused. The session has asked for the code itself, so this tells nothing of others.
func rejection(err error) string {
	rejected, _ := errors.AsType[*otp.RejectedError](err)
	left := 0
	if rejected != nil {
		left = rejected.Status.AttemptsLeft
	}
	switch {
	case errors.Is(err, otp.ErrMalformed):
		return fmt.Sprintf("A code has %d digits. No attempt was lost.", codeLength)
	case errors.Is(err, otp.ErrMismatch) && left == 1:
		return "This is not the code. One attempt is left."
	case errors.Is(err, otp.ErrMismatch) && left > 1:
		return fmt.Sprintf("This is not the code. %d attempts are left.", left)
	case errors.Is(err, otp.ErrMismatch), errors.Is(err, otp.ErrExhausted):
		return "There were too many wrong codes. Ask for another one."
	case errors.Is(err, otp.ErrUsed):
		return "This code was used already. If it was you who just set a new password, sign in with it."
	}
	return "The code is not valid any more. Ask for another one."
}

func (a *site) showDone(w http.ResponseWriter, _ *http.Request) {
	a.render(w, http.StatusOK, "done", &page{Title: "Your password was changed"})
}

func (a *site) showSignIn(w http.ResponseWriter, _ *http.Request) {
	a.render(w, http.StatusOK, "signin", &page{Title: "Sign in"})
}

func (a *site) submitSignIn(w http.ResponseWriter, r *http.Request) {
	field, ok := a.form(w, r)
	if !ok {
		return
	}
	p := &page{Title: "Sign in", Email: strings.TrimSpace(field("email"))}
	right, err := false, error(nil)
	if users.CheckEmail(p.Email) == nil {
		right, err = a.signIn(r.Context(), p.Email, field("password"))
	}
	code := http.StatusOK
	switch {
	case err != nil:
		code, p.Alert = a.explain(r, err)
	case right:
		p.Done = "The password is right. This example ends here: it begins no session."
	default:
		code, p.Alert = errSignIn.status, errSignIn.detail
	}
	a.render(w, code, "signin", p)
}

// duration says how long it is until t, in the largest unit that fits, rounded up.
func duration(t time.Time) string {
	left := time.Until(t)
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int((left + unit.length - 1) / unit.length); left >= 2*unit.length || unit.length == time.Second {
			if n == 1 {
				return "1 " + unit.name
			}
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return ""
}
