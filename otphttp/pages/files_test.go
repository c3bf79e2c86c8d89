package pages_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// New refuses files that would fail, or be overlooked, once people come, and says which and why.
func TestBrokenFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, content, want string }{
		"a layout without the page": {"layout.html", `<html lang="en"></html>`,
			`layout.html does not show the block "content" of ask.html`},
		"a layout with a block that nobody defines": {"layout.html",
			`<body>{{template "content" .}}{{template "cart" .}}</body>`, `"cart"`},
		"a layout that hides what went wrong": {"layout.html",
			`{{.Notice}}{{template "content" .}}`,
			`neither layout.html nor ask.html shows {{.Alert}}`},
		"a text that no page has": {"ask.html", `{{define "content"}}{{.Text "nope"}}{{end}}`,
			`no page has the key "nope"`},
		"a field that no page has": {"ask.html",
			`{{define "content"}}{{.User}}{{end}}`,
			`ask.html:1:22: executing "content" at <.User>`},
		"a field that fails in one state": {"code.html",
			`{{define "content"}}{{if .Proved}}{{.Options.Nothing}}{{end}}{{end}}`, `code.html`},
		"a key that no language has":   {"languages/en.json", `{"adress": "x"}`, `"adress"`},
		"a language that is no object": {"languages/de.json", `[]`, "languages/de.json"},
		"a template with an error":     {"ask.html", `{{define "content"}}{{`, "ask.html"},
		"a page without its block":     {"done.html", `Done.`, `the block "content"`},
		"a name with a typing error": {"layuot.html", `x`,
			"layuot.html: the pages have no such file"},
		"a language that is not there": {"languages/xx.json", `{}`, "languages/xx.json"},
		"the folder of the package":    {"files/layout.html", `x`, "files/layout.html"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{c.file: {Data: []byte(c.content)}}
			options := pages.Options{Product: "Acme", Files: files}
			_, err := pages.New(newFlow(t, otp.SignIn), options)
			require.ErrorContains(t, err, "pages: Options.Files")
			require.ErrorContains(t, err, c.want)
		})
	}
}

// The templates of the package execute in every state and language, for every kind.
func TestFilesOfThePackage(t *testing.T) {
	for kind := otp.SignIn; kind <= otp.ConfirmTransaction; kind++ {
		options := pages.Options{Product: "Acme", Files: fstest.MapFS{}}
		_, err := pages.New(newFlow(t, kind), options)
		require.NoError(t, err)
	}
}

// A layout of one's own shows what it knows of the request besides, and may leave the blocks of the
// package as they are.
func TestOwnLayout(t *testing.T) {
	files := fstest.MapFS{"layout.html": {Data: []byte(`<title>{{.Title}}</title>` +
		`<p>{{with .Data}}Hello {{.}}{{else}}Hello{{end}}</p>` +
		`{{.Alert}}{{.Notice}}{{template "content" .}}`)}}
	s := newWebsite(t, func(o *pages.Options, _ *otphttp.Config) {
		o.Files = files
		o.Data = func(r *http.Request) any { return r.URL.Query().Get("who") }
	})
	b := newBrowser(t, s)

	b.get("/?who=<Ada>").want(t, "Hello &lt;Ada&gt;", "Reset your password", "Sign in")
	b.ask(ada).want(t, "Hello", "Enter the code")
}

// Where people type telephone numbers, the pages speak of them, and browsers offer them.
func TestPhone(t *testing.T) {
	for _, language := range pages.Languages() {
		s := newWebsiteFor(t, otp.SignIn, func(o *pages.Options, c *otphttp.Config) {
			o.Phone, c.AddressField = true, "phone"
			c.Find = func(_ *http.Request, typed string) (otphttp.Recipient, error) {
				to, err := otpsms.Normalize(typed)
				return otphttp.Recipient{To: to, Known: true}, err
			}
		})
		b := newBrowser(t, s)
		b.language = language
		texts := readTexts(t, language)

		page := b.get("/")
		page.want(t, texts["phone.intro.sign_in"], texts["phone.address"], texts["phone_hint"])
		require.Contains(t, page.text, `<input type="tel" id="address" name="phone"`)
		require.Contains(t, page.text, `autocomplete="tel"`)

		for typed, key := range map[string]string{
			"0201 555 0123":     "address_invalid",
			"+1 201 ACME":       "number_character",
			"+999 201 555 0123": "number_country",
			"+1 20":             "number_length",
		} {
			b.submit("/", "phone", typed).want(t, texts["phone.error."+key])
		}
		page = b.submit("/", "phone", "+12015550123")
		page.want(t, texts["phone.code"], texts["phone.no_mail"], texts["phone.other_address"])
		require.Contains(t, page.text, " data-message ")
		require.NotContains(t, page.text, "@")
	}
}

// What a code confirms cannot be left out.
func TestDetailsAreShown(t *testing.T) {
	files := fstest.MapFS{"layout.html": {Data: []byte(`{{define "details"}}Nothing.{{end}}` +
		`{{.Alert}}{{.Notice}}{{template "content" .}}`)}}
	options := pages.Options{Product: "Acme", Files: files}

	_, err := pages.New(newFlow(t, otp.SignIn), options)
	require.NoError(t, err)
	_, err = pages.New(newFlow(t, otp.ConfirmTransaction), options)
	require.ErrorContains(t, err, "{{.Details}}")
}

// A template that what Options.Data returns makes fail leaves a trace.
func TestFailingTemplate(t *testing.T) {
	var log strings.Builder
	s := newWebsite(t, func(o *pages.Options, c *otphttp.Config) {
		o.Files = fstest.MapFS{"layout.html": {Data: []byte(
			`{{with .Data}}{{.Surname}}{{end}}{{.Alert}}{{.Notice}}{{template "content" .}}`)}}
		o.Data = func(*http.Request) any { return struct{ Name string }{"Ada"} }
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
	})

	require.Equal(t, http.StatusInternalServerError, newBrowser(t, s).get("/").StatusCode)
	require.Contains(t, log.String(), "Surname")
}
