package pages_test

import (
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otptest"
)

func newFlow(t *testing.T, kind otp.Kind) *otphttp.Flow {
	t.Helper()

	codes, _ := otptest.New(t, otp.Config{Kind: kind})
	flow, err := otphttp.New(otphttp.Config{
		Codes: codes, Keys: otp.Keys{make([]byte, 32)}, Find: find,
		Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil },
	})
	require.NoError(t, err)
	return flow
}

// A bad option is refused by its name, and so are fields and paths that no form can have.
func TestNewRefusesBadOptions(t *testing.T) {
	flow := newFlow(t, otp.SignIn)
	_, err := pages.New(nil, pages.Options{Product: "Acme"})
	require.ErrorContains(t, err, "the Flow is nil")
	_, err = pages.New(newFlow(t, otp.General), pages.Options{Product: "Acme"})
	require.ErrorContains(t, err, "the Kind of the Flow's Service is General")

	for message, spoil := range map[string]func(*pages.Options){
		"Options.Product is empty": func(o *pages.Options) { o.Product = " " },
		`Options.Path is "reset/"`: func(o *pages.Options) { o.Path = "reset/" },
		`Options.Path is "/reset"`: func(o *pages.Options) { o.Path = "/reset" },
		`Options.Path is "//x/"`:   func(o *pages.Options) { o.Path = "//x/" },
		`Options.Path is "/{x}/"`:  func(o *pages.Options) { o.Path = "/{x}/" },
		`PasswordField is "code"`:  func(o *pages.Options) { o.PasswordField = "code" },
		`Field is "idempotency_key"`: func(o *pages.Options) {
			o.PasswordField = "idempotency_key"
		},
		`AddressField is "email"`:    func(o *pages.Options) { o.Phone = true },
		`Logo is "//evil.example/x"`: func(o *pages.Options) { o.Logo = "//evil.example/x" },
		`Logo is "https://x/x.png"`:  func(o *pages.Options) { o.Logo = "https://x/x.png" },
		`Next is "javascript:x"`:     func(o *pages.Options) { o.Next = "javascript:x" },
		`SignInURL is "data:x"`:      func(o *pages.Options) { o.SignInURL = "data:x" },
		`SupportURL is "%"`:          func(o *pages.Options) { o.SupportURL = "%" },
		"Links[0].URL": func(o *pages.Options) {
			o.Links = []pages.Link{{Text: "Terms", URL: "vbscript:x"}}
		},
		"MinPassword is 15": func(o *pages.Options) { o.MaxPassword = 10 },
	} {
		options := pages.Options{Product: "Acme"}
		spoil(&options)
		_, err := pages.New(flow, options)
		require.ErrorContains(t, err, message)
	}
}

// Every answer has the headers that keep a page from leaking or being abused.
func TestHeaders(t *testing.T) {
	b := newBrowser(t, newWebsite(t, nil))

	for _, path := range []string{"/", "/code", "/done", "/nowhere", "/style.css", "/script.js"} {
		h := b.get(path).Header
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "same-origin", h.Get("Referrer-Policy"), path)
		assert.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
		assert.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", path)
		if strings.Contains(path, ".") {
			assert.Contains(t, h.Get("Cache-Control"), "immutable", path)
		} else {
			assert.Equal(t, "no-store", h.Get("Cache-Control"), path)
		}
	}
}

// A page loads nothing from elsewhere, and weighs less than 15 KiB with style and script.
func TestWeight(t *testing.T) {
	s := newWebsite(t, nil)
	for _, language := range pages.Languages() {
		b := newBrowser(t, s)
		b.language = language
		shared := len(b.get("/style.css").text) + len(b.get("/script.js").text)
		person := language + "@example.com"

		for name, page := range map[string]view{
			"ask": b.get("/"), "code": b.ask(person),
			"wrong": b.submit("/code", "email", person, "code", "1", "password", "long enough"),
		} {
			assert.Less(t, len(page.text)+shared, 15<<10, "%s in %s", name, language)
			for _, found := range urls.FindAllStringSubmatch(page.text, -1) {
				assert.Regexp(t, `^(\./|data:)`, found[1])
			}
		}
	}
}

var urls = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)

// Whatever the application says of itself is escaped, and stands where it belongs.
func TestBrand(t *testing.T) {
	s := newWebsite(t, func(o *pages.Options, _ *otphttp.Config) {
		o.Product = `<Acme> & "Sons"`
		o.Logo = "/logo.svg"
		o.SupportURL = "mailto:help@acme.example"
		o.Links = []pages.Link{{Text: "Privacy", URL: "https://acme.example/privacy"}}
		o.Banner = "<em>Beta</em>"
		o.Path = "/reset/"
	})
	b := newBrowser(t, s)

	page := b.get("/reset/")
	page.want(t, "Reset your password", "Privacy", "Get help", "Sign in", "Beta")
	assert.Contains(t, page.text,
		`<img src="./../logo.svg" alt="&lt;Acme&gt; &amp; &#34;Sons&#34;">`)
	assert.Contains(t, page.text, `href="mailto:help@acme.example"`)
	assert.Contains(t, page.text, `action="./"`)
	assert.Equal(t, http.StatusNotFound, b.get("/").StatusCode)
	well := b.get("/.well-known/change-password").Header.Get("Location")
	assert.Equal(t, "/reset/", resolve(t, "/.well-known/change-password", well))
}

// Browsers apply form-action to redirects, so it names where Next is; a challenge names its source.
func TestContentSecurityPolicy(t *testing.T) {
	s := newWebsite(t, func(o *pages.Options, _ *otphttp.Config) {
		o.Next = "https://app.acme.example/home"
		o.ChallengeSources = []string{"https://challenge.example"}
	})
	policy := newBrowser(t, s).get("/").Header.Get("Content-Security-Policy")

	assert.Contains(t, policy, "form-action 'self' https://app.acme.example;")
	assert.Contains(t, policy, "script-src 'self' https://challenge.example;")
	assert.Contains(t, policy, "frame-src https://challenge.example;")
}

func TestChallenge(t *testing.T) {
	s := newWebsite(t, func(o *pages.Options, c *otphttp.Config) {
		o.Challenge = func(*http.Request) template.HTML {
			return `<input name="answer" aria-label="7 × 6">`
		}
		c.Challenge = func(r *http.Request) (bool, error) {
			return r.PostForm.Get("answer") == "42", nil
		}
	})
	newBrowser(t, s).ask(ada).want(t, "Enter the code") // a stranger's

	b := newBrowser(t, s)
	b.get("/").wantNot(t, "7 × 6")
	page := b.ask(ada)
	page.want(t, "show that you’re a person")
	assert.Contains(t, page.text, "7 × 6")

	page = b.submit("/", "email", ada, "challenge", "yes", "answer", "41")
	page.want(t, "We couldn’t confirm that you’re a person", "Nothing to solve here?")
	assert.Contains(t, page.text, "7 × 6")
	require.Len(t, s.inbox.Messages(), 1)

	b.submit("/", "email", ada, "challenge", "yes", "answer", "42").want(t, "Enter the code")
	require.Len(t, s.inbox.Messages(), 2)
}

// Pages that show no challenge ask for none.
func TestChallengeThatIsNotShown(t *testing.T) {
	s := newWebsite(t, func(_ *pages.Options, c *otphttp.Config) {
		c.Challenge = func(*http.Request) (bool, error) { return false, nil }
	})
	newBrowser(t, s).ask(ada) // a stranger

	page := newBrowser(t, s).ask(ada)
	page.want(t, "Too many codes were requested for this address. Nothing was sent.")
}

// A wait is told in the unit that fits it, rounded up.
func TestWaits(t *testing.T) {
	for limit, want := range map[time.Duration]string{
		90 * time.Second: "in 1:31.",
		98 * time.Minute: "in 99 min.",
		5 * time.Hour:    "in 6 h.",
		60 * time.Hour:   "in 3 d.",
	} {
		synctest.Test(t, func(t *testing.T) {
			codes, _ := otptest.New(t, otp.Config{Kind: otp.ResetPassword, Policy: otp.Policy{
				SendLimits: []otp.Limit{{Count: 1, Window: limit}},
			}})
			s := newWebsite(t, func(_ *pages.Options, c *otphttp.Config) { c.Codes = codes })
			time.Sleep(time.Millisecond) // into a second
			newBrowser(t, s).ask(ada)
			newBrowser(t, s).ask(ada).want(t, "ask for another code "+want)
		})
	}
}
