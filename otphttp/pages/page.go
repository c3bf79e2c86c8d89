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
)

// A Page is what the templates get.
type Page struct {
	// Name is that of the template: "ask", "code", "done" or "message".
	Name string

	// Options are those of the pages, with their defaults.
	Options Options

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

	// Text is what a message page says, ShowCode that it shows the code of a link, and Back where
	// it leads to, below Options.Path: "" or "code".
	Text     template.HTML
	ShowCode bool
	Back     string

	// AddressField and CodeField name the fields.
	AddressField, CodeField string

	// Address and Code are what was typed before.
	Address, Code string

	// Status is that of the code.
	Status otp.Status

	// Digits says that codes have nothing but digits.
	Digits bool

	// Key is the value of the hidden field idempotency_key.
	Key string

	// RetryAt is when one may ask for a code again, or zero.
	RetryAt time.Time

	// Challenge is what shows the challenge, or empty.
	Challenge template.HTML

	kind  otp.Kind
	texts texts
}

// newPage returns a page for a template, with what all pages have.
func (p *Pages) newPage(r *http.Request, name string) *Page {
	tag, texts := p.languages.choose(r.Header.Get("Accept-Language"))
	config := p.flow.Config()
	return &Page{
		Name:         name,
		Options:      p.options,
		Language:     tag.String(),
		Dir:          direction(tag),
		Style:        p.assets["style.css"].url,
		Script:       p.assets["script.js"].url,
		AddressField: config.AddressField,
		CodeField:    config.CodeField,
		Digits:       config.Codes.Policy().Alphabet == otp.Digits,
		kind:         p.kind(),
		texts:        texts,
	}
}

// Kind is the name of the kind in the keys of texts.
func (p *Page) Kind() string { return kindNames[p.kind] }

// WithPassword reports whether a new password is set together with the code.
func (p *Page) WithPassword() bool { return p.kind == otp.ResetPassword }

// Failed reports whether the person has something to correct.
func (p *Page) Failed() bool { return p.Alert != "" || len(p.Errors) > 0 }

// AddressKnown reports whether the page may say that the message is on its way: where everybody
// gets one, that tells nothing.
func (p *Page) AddressKnown() bool {
	return p.kind == otp.ConfirmAddress || p.kind == otp.ChangeAddress
}

// T returns the text of a key in the language of the page, with the address and the time of the
// page put in, and n, if it is given.
func (p *Page) T(key string, n ...int) template.HTML {
	text := template.HTMLEscapeString(p.texts[key])
	if len(n) > 0 {
		text = strings.ReplaceAll(text, "{n}", strconv.Itoa(n[0]))
	}

	address := template.HTMLEscapeString(p.Address)
	return template.HTML(
		strings.ReplaceAll(text, "{address}", `<bdi class="address">`+address+`</bdi>`),
	)
}

// Left is T with the time that is left until then.
func (p *Page) Left(key string, until time.Time) template.HTML {
	left := `<span data-left>` + template.HTMLEscapeString(p.duration(until)) + `</span>`
	return template.HTML(strings.ReplaceAll(string(p.T(key)), "{time}", left))
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
