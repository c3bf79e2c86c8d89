package pages

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/language"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// A Page is what the templates get. It may get more fields before v1.0.0.
type Page struct {
	// Name is that of the template: "ask", "code", "done" or "message".
	Name string

	// Options are those of the pages, with their defaults.
	Options Options

	// Data is what Options.Data has returned.
	Data any

	// Language is a BCP 47 tag, and Dir "ltr" or "rtl".
	Language, Dir string

	// Style and Script are the URLs of style.css and script.js.
	Style, Script string

	// Title is the heading.
	Title template.HTML

	// Alert is what went wrong and belongs to no field; Errors is what went wrong by field. Notice
	// is what went well.
	Alert  template.HTML
	Errors map[string]template.HTML
	Notice template.HTML

	// Message is what a message page says, ShowCode that it shows the code of a link, and Back
	// which page it leads to: "" or "code".
	Message  template.HTML
	ShowCode bool
	Back     string

	// AddressField and CodeField name the fields.
	AddressField, CodeField string

	// Address and Code are what was typed before.
	Address, Code string

	// Details are what a code of otp.ConfirmTransaction confirms.
	Details []otpmail.Detail

	// Status is that of the code.
	Status otp.Status

	// Open says that the page of the code has its form: a code is live, an accepted one is to be
	// sent once more, or none is needed.
	Open bool

	// Digits says that codes have nothing but digits.
	Digits bool

	// Key is the value of the hidden field idempotency_key.
	Key string

	// RetryAt is when one may ask for a code again, or zero.
	RetryAt time.Time

	// Challenge is what shows the challenge, or empty.
	Challenge template.HTML

	// Nonce is what a browser proves the address with, or empty. Proved says that one has: no code
	// is needed.
	Nonce  string
	Proved bool

	pages   *Pages
	request *http.Request
	texts   texts
}

// newPage returns a page for a template, with what all pages have.
func (p *Pages) newPage(r *http.Request, name string) *Page {
	page := p.blankPage(r, name, p.languages.best(r.Header.Get("Accept-Language")))
	if p.options.Data != nil {
		page.Data = p.options.Data(r)
	}
	return page
}

// blankPage returns a page in one of the languages, without the data of the application.
func (p *Pages) blankPage(r *http.Request, name string, tongue int) *Page {
	tag, texts := p.languages.tags[tongue], p.languages.texts[tongue]
	config := p.flow.Config()
	return &Page{
		Name:         name,
		Options:      p.options,
		Language:     tag.String(),
		Dir:          language.Direction(tag),
		Style:        p.base(r) + p.assets["style.css"].url,
		Script:       p.base(r) + p.assets["script.js"].url,
		AddressField: config.AddressField,
		CodeField:    config.CodeField,
		Digits:       config.Codes.Policy().Alphabet == otp.Digits,
		pages:        p,
		request:      r,
		texts:        texts,
	}
}

// Kind is the name of the kind in the keys of texts.
func (p *Page) Kind() string { return kindNames[p.pages.kind()] }

// Typed reports whether people say by their address who they are. A person who confirms a
// transaction is signed in.
func (p *Page) Typed() bool { return p.pages.kind() != otp.ConfirmTransaction }

// WithPassword reports whether a new password is set together with the code.
func (p *Page) WithPassword() bool { return p.pages.kind() == otp.ResetPassword }

// AddressKnown reports whether the page may say that the message is on its way: where everybody
// gets one, that tells nothing.
func (p *Page) AddressKnown() bool {
	kind := p.pages.kind()
	return kind != otp.SignIn && kind != otp.ResetPassword || p.pages.flow.Config().Anyone
}

// Failed reports whether the person has something to correct.
func (p *Page) Failed() bool { return p.Alert != "" || len(p.Errors) > 0 }

// URL returns the URL of one of the pages: "" (where codes are asked for), "code" or "done".
func (p *Page) URL(name string) string { return p.pages.link(p.request, name) }

// Link returns a URL of the Options as the page needs it: relative where it is a path of this host.
func (p *Page) Link(url string) template.URL { return template.URL(local(p.request, url)) }

// SignIn returns the URL of where people sign in, with where they go then, or nothing where they
// need not: on the last page but after a reset, and on the pages of people who are signed in.
func (p *Page) SignIn() template.URL {
	kind := p.pages.kind()
	signedIn := kind == otp.ChangeAddress || kind == otp.ConfirmTransaction
	if p.Options.SignInURL == "" || p.Name == "done" && kind != otp.ResetPassword ||
		signedIn && p.Name != "message" {
		return ""
	}
	return template.URL(withNext(p.request, local(p.request, p.Options.SignInURL)))
}

// Onward returns the URL of where the person goes when all is done.
func (p *Page) Onward() template.URL { return template.URL(p.pages.onward(p.request)) }

// Text returns the text of a key in the language of the page, with the address of the page put in,
// and n, if it is given. Where people type telephone numbers, the text that speaks of them goes
// first. A key that no page has is an error.
func (p *Page) Text(key string, n ...int) (template.HTML, error) {
	if p.texts.find(key, p.Options.Phone) == "" {
		return "", fmt.Errorf("no page has the key %q", key)
	}
	return p.text(key, n...), nil
}

func (p *Page) text(key string, n ...int) template.HTML {
	text := template.HTMLEscapeString(p.texts.find(key, p.Options.Phone))
	if len(n) > 0 {
		text = strings.ReplaceAll(text, "{n}", strconv.Itoa(n[0]))
	}

	address := `<bdi class="address">` + template.HTMLEscapeString(p.Address) + `</bdi>`
	return template.HTML(strings.ReplaceAll(text, "{address}", address))
}

// TimeLeft is Text with the time that is left until then.
func (p *Page) TimeLeft(key string, until time.Time) template.HTML {
	left := fmt.Sprintf(`<span data-left data-minutes="%s">%s</span>`,
		template.HTMLEscapeString(p.texts["minutes"]), template.HTMLEscapeString(p.duration(until)))
	return template.HTML(strings.ReplaceAll(string(p.text(key)), "{time}", left))
}

// Seconds returns how many seconds it is until then, rounded up, or 0.
func (p *Page) Seconds(until time.Time) int {
	return max(0, int(math.Ceil(time.Until(until).Seconds())))
}

// duration tells how long it is until then, rounded up: as m:ss below two minutes, else in one
// unit.
func (p *Page) duration(until time.Time) string {
	seconds := p.Seconds(until)
	ceil := func(unit int) int { return (seconds + unit - 1) / unit }

	key, n := "days", ceil(24*3600)
	switch {
	case seconds < 120:
		return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	case seconds <= 99*60:
		key, n = "minutes", ceil(60)
	case seconds <= 48*3600:
		key, n = "hours", ceil(3600)
	}
	return strings.ReplaceAll(p.texts[key], "{n}", strconv.Itoa(n))
}
