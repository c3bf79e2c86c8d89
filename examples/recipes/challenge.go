package recipes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Challenge is a service that tells people from programs. Turnstile, hCaptcha and reCAPTCHA v2
// differ in names only: a widget puts its answer into the form, and the server asks whether it is
// right.
type Challenge struct {
	Script  string   // the URL of the widget's script
	Class   string   // of the element that the script makes the widget of
	Field   string   // the form field with the answer
	Verify  string   // the URL that judges answers
	Sources []string // for pages.Options.ChallengeSources

	SiteKey, Secret string // of the account with the service
	Host            string // where the widget is shown: "example.com"
}

// Turnstile, HCaptcha and ReCAPTCHA are the services without the keys of an account.
var (
	Turnstile = Challenge{
		Script:  "https://challenges.cloudflare.com/turnstile/v0/api.js",
		Class:   "cf-turnstile",
		Field:   "cf-turnstile-response",
		Verify:  "https://challenges.cloudflare.com/turnstile/v0/siteverify",
		Sources: []string{"https://challenges.cloudflare.com"},
	}
	HCaptcha = Challenge{
		Script:  "https://js.hcaptcha.com/1/api.js",
		Class:   "h-captcha",
		Field:   "h-captcha-response",
		Verify:  "https://api.hcaptcha.com/siteverify",
		Sources: []string{"https://hcaptcha.com", "https://*.hcaptcha.com"},
	}
	ReCAPTCHA = Challenge{
		Script: "https://www.google.com/recaptcha/api.js",
		Class:  "g-recaptcha",
		Field:  "g-recaptcha-response",
		Verify: "https://www.google.com/recaptcha/api/siteverify",
		Sources: []string{"https://www.google.com/recaptcha/", "https://www.gstatic.com/recaptcha/",
			"https://recaptcha.google.com/recaptcha/"},
	}
)

var widget = template.Must(template.New("widget").Parse(
	`<div class="{{.Class}}" data-sitekey="{{.SiteKey}}"></div>` +
		`<script src="{{.Script}}" async defer></script>`))

// Show is for pages.Options.Challenge.
func (c Challenge) Show(*http.Request) template.HTML {
	var html strings.Builder
	if err := widget.Execute(&html, c); err != nil {
		return "" // a Builder takes everything
	}
	return template.HTML(html.String())
}

// answerTimeout bounds the question to the service.
const answerTimeout = 5 * time.Second

// Solved is for otphttp.Config.Challenge. An error says that nobody could judge the answer: the
// person can try again.
func (c Challenge) Solved(r *http.Request) (bool, error) {
	answer := r.PostForm.Get(c.Field)
	if answer == "" {
		return false, nil
	}

	ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
	defer cancel()

	verdict, err := c.judge(ctx, answer)
	switch {
	case err != nil:
		return false, fmt.Errorf("the challenge: %w", err)
	case slices.ContainsFunc(verdict.Errors, isConfiguration):
		return false, errors.New("the challenge: its service refuses Challenge.Secret")
	}
	return verdict.Success && verdict.Hostname == c.Host, nil
}

// isConfiguration reports whether an error code is about the account and not about the answer.
func isConfiguration(code string) bool { return strings.HasSuffix(code, "-input-secret") }

// A verdict is what the services answer.
type verdict struct {
	Success  bool     `json:"success"`
	Hostname string   `json:"hostname"`
	Errors   []string `json:"error-codes"`
}

func (c Challenge) judge(ctx context.Context, answer string) (v verdict, err error) {
	form := url.Values{"secret": {c.Secret}, "response": {answer}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Verify,
		strings.NewReader(form.Encode()))
	if err != nil {
		return v, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return v, err
	}
	defer response.Body.Close()

	if response.StatusCode != http.StatusOK {
		return v, fmt.Errorf("%s answered with status %d", c.Verify, response.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&v); err != nil {
		return v, fmt.Errorf("%s answered with something else than JSON: %w", c.Verify, err)
	}
	return v, nil
}
