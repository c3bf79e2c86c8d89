package pages

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// templateNames are the templates that are laid into layout.html.
var templateNames = []string{"ask", "code", "done", "message"}

// loadTemplates parses the templates. The blocks of links.html come first, so that a layout may
// define them anew.
func (p *Pages) loadTemplates() error {
	p.templates = make(map[string]*template.Template)
	for _, name := range templateNames {
		t := template.New(name)
		for _, file := range []string{"links.html", "layout.html", name + ".html"} {
			content, err := p.file(file)
			if err != nil {
				return err
			}
			if _, err := t.New(file).Parse(string(content)); err != nil {
				return fmt.Errorf("Options.Files: %w", err)
			}
		}

		if t.Lookup("content") == nil {
			return fmt.Errorf(`Options.Files: %s.html does not define the block "content"`, name)
		}
		p.templates[name] = t.Lookup("layout.html")
	}
	return nil
}

// tryTemplates executes each template with each of the states that it can meet, in each language,
// so that what cannot be executed is an error of New and not of a request. Those of this package
// are known to execute.
func (p *Pages) tryTemplates() error {
	if p.options.Files == nil {
		return nil
	}
	r := &http.Request{URL: &url.URL{Path: p.options.Path}, Header: make(http.Header)}

	for _, name := range templateNames {
		for tongue := range p.languages.tags {
			for _, set := range trials[name] {
				page := p.blankPage(r, name, tongue)
				set(page)
				if err := p.try(page); err != nil {
					return fmt.Errorf("Options.Files: %w", err)
				}
			}
		}
	}
	return nil
}

// try executes the template of a page, and the block that the layout must show.
func (p *Pages) try(page *Page) error {
	var whole, content bytes.Buffer

	t := p.templates[page.Name]
	if err := t.Execute(&whole, page); err != nil {
		return err
	}
	if err := t.ExecuteTemplate(&content, "content", page); err != nil {
		return err
	}
	if !bytes.Contains(whole.Bytes(), content.Bytes()) {
		return fmt.Errorf(`layout.html does not show the block "content" of %s.html`, page.Name)
	}

	must := map[string]string{"Alert": string(page.Alert), "Notice": string(page.Notice)}
	if len(page.Details) > 0 {
		must["Details"] = page.Details[0].Value
	}
	for field, value := range must {
		if !strings.Contains(whole.String(), value) {
			return fmt.Errorf("neither layout.html nor %s.html shows {{.%s}}", page.Name, field)
		}
	}
	return nil
}

// trials set up the states of each page.
var trials = map[string][]func(*Page){
	"ask":  {func(*Page) {}, whatFailed, whatIsLimited},
	"code": {func(*Page) {}, whatIsLive, whatFailed, whatIsLimited, whatIsProved},
	"done": {func(p *Page) { p.Title, p.Address = "Title", "ada@example.com" }},
	"message": {
		func(p *Page) { p.Title, p.Message, p.ShowCode = "Title", "Text", true },
		func(p *Page) { p.Title, p.Message, p.Back = "Title", "Text", "code" },
	},
}

func whatIsLive(p *Page) {
	p.Open, p.Key, p.Address, p.Notice = true, "key", "ada@example.com", "notice of a trial"
	p.Status = otp.Status{
		Live: true, AttemptsLeft: 5, CodeLength: 6, ExpiresAt: time.Now().Add(time.Hour),
	}
	if p.pages.kind() == otp.ConfirmTransaction {
		p.Details = []otpmail.Detail{{Name: "name", Value: "value of a trial"}}
	}
}

func whatFailed(p *Page) {
	whatIsLive(p)
	p.Notice, p.Alert = "", "alert of a trial"
	p.Errors = map[string]template.HTML{
		p.AddressField: "Error", p.CodeField: "Error", p.Options.PasswordField: "Error",
	}
}

func whatIsLimited(p *Page) {
	p.Address, p.Alert = "ada@example.com", "alert of a trial"
	p.RetryAt, p.Challenge = time.Now().Add(time.Hour), "<p>Challenge</p>"
}

func whatIsProved(p *Page) { p.Open, p.Proved, p.Address = true, true, "ada@example.com" }
