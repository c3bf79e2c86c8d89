package mailtemplate_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/otpmail/mailtemplate"
)

const code = "492013"

// layout is the one of the package comment.
func layout(t testing.TB) string {
	t.Helper()

	comment, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, page, _ := strings.Cut(string(comment), "This is a whole layout.html:\n//\n")
	page, _, found := strings.Cut(page, "\n//\n// A mail whose")
	require.True(t, found)
	return strings.ReplaceAll(page, "//\t", "")
}

func catalog(tb testing.TB) *otpmail.Catalog {
	tb.Helper()

	c, err := otpmail.NewCatalog(otpmail.Options{
		Product: "Acme",
		Support: "help@acme.example",
		Links:   map[string]string{"reset": "https://acme.example/code"},
	})
	require.NoError(tb, err)
	return c
}

// files returns a folder with these files.
func files(namesAndTexts ...string) fstest.MapFS {
	folder := fstest.MapFS{}
	for i := 0; i < len(namesAndTexts); i += 2 {
		folder[namesAndTexts[i]] = &fstest.MapFile{Data: []byte(namesAndTexts[i+1])}
	}
	return folder
}

func newTemplates(tb testing.TB, folder fs.FS) *mailtemplate.Templates {
	tb.Helper()

	t, err := mailtemplate.New(folder, catalog(tb))
	require.NoError(tb, err)
	return t
}

func message(purpose, language string, data any) otp.Message {
	kinds := map[string]otp.Kind{"pay": otp.ConfirmTransaction, "reset": otp.ResetPassword}
	return otp.Message{
		Purpose: purpose, Kind: kinds[purpose], Language: language, Code: otp.NewCode(code),
		Data: data, ExpiresAt: time.Now().Add(10 * time.Minute),
	}
}

func render(t *testing.T, r otpmail.Renderer, m otp.Message) otpmail.Mail {
	t.Helper()

	mail, err := r.Render(m)
	require.NoError(t, err)
	require.NoError(t, mail.Check())
	return mail
}

func TestOneLayoutForAllMails(t *testing.T) {
	mails, standard := newTemplates(t, files("layout.html", layout(t))), catalog(t)
	details := otpmail.Details{{Name: "Amount", Value: "<€250.00>"}}

	for _, language := range otpmail.Languages() {
		lang := `<html lang="` + language + `"`
		for _, purpose := range []string{"pay", "reset", "unheard-of"} {
			m := message(purpose, language, details)
			mail := render(t, mails, m)
			own, err := standard.Render(m)
			require.NoError(t, err)
			require.Equal(t, own.Subject, mail.Subject)
			require.Equal(t, own.Text, mail.Text)
			require.Contains(t, mail.HTML, lang)
			require.Contains(t, mail.HTML, "<b>"+code+"</b>")
			require.Contains(t, mail.HTML, "<b>&lt;€250.00&gt;</b>")
		}

		for kind := otpmail.PasswordChanged; kind <= otpmail.AccountExists; kind++ {
			n := otpmail.Notice{
				Kind: kind, Language: language, Time: time.Now(), Details: details,
			}
			mail, err := mails.Notice(n)
			require.NoError(t, err)
			own, err := standard.Notice(n)
			require.NoError(t, err)
			require.Equal(t, own.Subject, mail.Subject)
			require.Equal(t, own.Text, mail.Text)
			require.Contains(t, mail.HTML, lang)
			require.Contains(t, mail.HTML, "<b>&lt;€250.00&gt;</b>")
			require.NotContains(t, mail.HTML, "<a")
		}
	}
	require.Contains(t, render(t, mails, message("reset", "he", nil)).HTML, `dir="rtl"`)
	require.Contains(t, render(t, mails, message("reset", "en", nil)).HTML,
		`href="https://acme.example/code#c=492013"`)
}

func TestOwnTexts(t *testing.T) {
	mails := newTemplates(t, files(
		"layout.html", `<p>{{.Lead}} {{.Code}} {{.Act}} {{.Ignore}}</p>`+
			`{{range .Details}}{{.Value}}{{end}}{{with .Data}}<i>{{.Name}}</i>{{end}}`,
		"layout.txt", "{{.Title}}|{{.Code}}|{{range .Details}}{{.Value}}{{end}}|{{.Purpose}}",
		"reset/de.json",
		`{"subject": "Hallo\n{{.Data.Name}}", "title": "<{{.Product}}>", "ignore": "",
			"lead": "{{.Lead}} Bitte:"}`,
		"notices/new_device/de.json", `{"act": "Rufen Sie uns an."}`,
	))
	type person struct{ Name string }

	m := message("reset", "de-CH", person{"Ada & Eve"})
	require.Equal(t, otpmail.Mail{
		Subject: "Hallo Ada & Eve",
		Text:    "<Acme>|492013||reset",
		HTML: "<p>Legen Sie mit diesem Code ein neues Passwort fest: Bitte: 492013  </p>" +
			"<i>Ada &amp; Eve</i>",
	}, render(t, mails, m))

	m.Language = "fr" // has none
	require.Equal(t, "Réinitialisez votre mot de passe pour Acme", render(t, mails, m).Subject)

	n := otpmail.Notice{Kind: otpmail.NewDevice, Language: "de", Time: time.Now()}
	mail, err := mails.Notice(n)
	require.NoError(t, err)
	require.Contains(t, mail.HTML, "Rufen Sie uns an.")
	n.Kind = otpmail.AccountExists
	mail, err = mails.Notice(n)
	require.NoError(t, err)
	require.NotContains(t, mail.HTML, "Rufen Sie uns an.")
}

// Whatever a layout does with Data, nobody confirms what they have not seen.
func TestWhatIsNotShownIsRefused(t *testing.T) {
	const good = "{{.Code}} {{range .Details}}{{.Value}} {{end}}"
	for name, page := range map[string]string{
		"no code":         "{{range .Details}}{{.Value}}{{end}}",
		"a comment":       "<!-- {{.Code}} -->{{range .Details}}{{.Value}}{{end}}",
		"an attribute":    `<p title="{{.Code}}">{{range .Details}}{{.Value}}{{end}}`,
		"the title":       "<title>{{.Code}}</title>{{range .Details}}{{.Value}}{{end}}",
		"the style":       "<style>{{.Code}}</style>{{range .Details}}{{.Value}}{{end}}",
		"part of it":      "{{with .Code}}{{slice . 1}}{{end}}{{range .Details}}{{.Value}}{{end}}",
		"no details":      "{{.Code}}",
		"the first alone": "{{.Code}}{{with .Details}}{{with index . 0}}{{.Name}}{{end}}{{end}}",
	} {
		_, err := mailtemplate.New(files("layout.html", page), catalog(t))
		require.ErrorContains(t, err, "must show", name)
		_, err = mailtemplate.New(files("layout.html", good, "layout.txt", page), catalog(t))
		if name == "no code" || name == "no details" || name == "part of it" {
			require.ErrorContains(t, err, "must show", name)
		}
	}

	mails := newTemplates(t, files("layout.html",
		"{{if .Data}}{{.Code}}{{else}}"+good+"{{end}}", "layout.txt", good))
	_, err := mails.Render(message("pay", "en", otpmail.Details{{Name: "To", Value: "Eve"}}))
	require.ErrorIs(t, err, otp.ErrNotSent, "details left out where there is Data")
	_, err = mails.Render(message("pay", "en", nil))
	require.ErrorIs(t, err, otp.ErrNotSent, "a transaction without details")
	_, err = mails.Notice(otpmail.Notice{})
	require.ErrorContains(t, err, "Notice.Kind")
}

func TestHostileDataIsInert(t *testing.T) {
	mails := newTemplates(t, files("layout.html",
		`<p title="{{.Data}}"><a href="https://a.example/?q={{.Data}}">{{.Data}}</a> {{.Code}}</p>`+
			`{{range .Details}}{{.Value}}{{end}}`,
		"reset/en.json", `{"subject": "For {{.Data}}"}`))

	for data, subject := range map[string]string{
		"Ada\r\nBcc: eve@evil.example":         "For Ada Bcc: eve@evil.example",
		"Ada\x00\x1b[2J":                       "For Ada [2J",
		"Ada\u2028\u2029\u0085x":               "For Ada x",
		"Ada\xff":                              "For Ada\uFFFD",
		`<a href="https://evil.example">x</a>`: `For <a href="https://evil.example">x</a>`,
		`" onmouseover="x`:                     `For " onmouseover="x`,
		"{{.Code}}":                            "For {{.Code}}",
	} {
		mail := render(t, mails, message("reset", "en", data))
		assert.Equal(t, subject, mail.Subject)
		assert.Equal(t, 4, strings.Count(mail.HTML, "<"), mail.HTML)
		assert.Equal(t, 4, strings.Count(mail.HTML, `"`), mail.HTML)
		assert.Equal(t, 1, strings.Count(mail.HTML, code), mail.HTML)
		for _, body := range []string{mail.HTML, mail.Text} {
			assert.False(t, strings.ContainsFunc(body, func(r rune) bool {
				return r != '\n' && unicode.IsControl(r)
			}), "control characters in %q", body)
		}
	}
}

// Data that does not fit is not mailed, and the error does not tell what it was.
func TestErrorsAreDiscreet(t *testing.T) {
	mails := newTemplates(t, files(
		"layout.html", "{{.Code}} {{range .Details}}{{.Value}}{{end}}",
		"reset/en.json", `{"lead": "{{.Data.name}}"}`))

	for _, data := range []any{nil, "Ada", map[string]any{}, struct{ Name string }{"Ada"}} {
		mail, err := mails.Render(message("reset", "en", data))
		require.ErrorIs(t, err, otp.ErrNotSent)
		require.EqualError(t, err,
			"mailtemplate: not sent: the templates for reset in en failed")
		require.Zero(t, mail)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "Ada")
	}
}

func TestBadFiles(t *testing.T) {
	const good = "{{.Code}}{{range .Details}}{{.Value}}{{end}}"
	with := func(namesAndTexts ...string) fs.FS {
		return files(append([]string{"layout.html", good}, namesAndTexts...)...)
	}
	for want, folder := range map[string]fs.FS{
		"there is no layout.html":               files("layout.txt", good),
		"layout.html:1: unclosed action":        files("layout.html", "{{.Code"),
		"layout.txt:1: unexpected {{end}}":      with("layout.txt", "{{end}}"),
		"a mail of the Kind General: template:": files("layout.html", good+"{{.Cod}}"),
		"html/template:layout.html":             files("layout.html", good+"<a href='"),
		"layout.html:1:51":                      files("layout.html", good+"{{.Data.Name}}"),
		`"layuot.html" is none of`:              with("layuot.html", good),
		`"reset/de.html" is none of`:            with("reset/de.html", good),
		`"de.json" is none of`:                  with("de.json", "{}"),
		`"a/b/de.json" is none of`:              with("a/b/de.json", "{}"),
		`"notices/de.json" is none of`:          with("notices/de.json", "{}"),
		`"notices/nothing/de.json" is none`:     with("notices/nothing/de.json", "{}"),
		`"reset/de-CH.json" is none of`:         with("reset/de-CH.json", "{}"),
		"reset/de.json: unexpected end":         with("reset/de.json", "{"),
		`reset/de.json: no mail has the text "`: with("reset/de.json", `{"heading": "x"}`),
		"reset/de.json: lead:1: unclosed":       with("reset/de.json", `{"lead": "{{.Code"}`),
	} {
		mails, err := mailtemplate.New(folder, catalog(t))
		require.ErrorContains(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), "mailtemplate: "))
		require.Nil(t, mails)
	}

	_, err := mailtemplate.New(nil, catalog(t))
	require.ErrorContains(t, err, "files is nil")
	_, err = mailtemplate.New(with(), nil)
	require.ErrorContains(t, err, "catalog is nil")
	broken := errors.New("broken")
	_, err = mailtemplate.New(brokenFS{broken}, catalog(t))
	require.ErrorIs(t, err, broken)
}

// brokenFS fails whatever is opened.
type brokenFS struct{ err error }

func (b brokenFS) Open(string) (fs.File, error) { return nil, b.err }
