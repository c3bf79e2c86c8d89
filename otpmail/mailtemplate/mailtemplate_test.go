package mailtemplate_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
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

// standard is for a product with one purpose of each sort.
func standard(tb testing.TB) *otpmail.Catalog {
	tb.Helper()

	s, err := otpmail.NewCatalog(otpmail.Options{
		Product: "Acme",
		Links:   map[string]string{"reset": "https://acme.example/code"},
	})
	require.NoError(tb, err)
	return s
}

func file(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

// mails returns three files each for names such as "reset/any".
func mails(subject, text, html string, names ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, name := range names {
		files[name+".subject.txt"] = file(subject)
		files[name+".txt"] = file(text)
		files[name+".html"] = file(html)
	}
	return files
}

// all returns the names of the files of a purpose in every language.
func all(purpose string) []string {
	var names []string
	for _, language := range otpmail.Languages() {
		names = append(names, purpose+"/"+language)
	}
	return names
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

func TestAnyServesEveryLanguage(t *testing.T) {
	files := mails("{{.Subject}}", "{{.Title}}: {{.Code}}, {{.Expires}}",
		`<p lang="{{.Language}}" dir="{{.Direction}}">{{.Lead}} {{.Code}}</p>`, "reset/any")
	r, err := mailtemplate.New(files, standard(t))
	require.NoError(t, err)

	for language, want := range map[string]otpmail.Mail{
		"de-CH": {
			Subject: "Neues Passwort für Acme festlegen",
			Text:    "Neues Passwort für Acme festlegen: 492013, Der Code läuft in 10 Minuten ab.",
			HTML: `<p lang="de" dir="ltr">Legen Sie mit diesem Code ein neues Passwort fest: ` +
				`492013</p>`,
		},
		strings.Repeat("de,", 342): { // longer than any header that is looked at
			Subject: "Reset your password for Acme",
			Text:    "Reset your password for Acme: 492013, The code expires in 10 minutes.",
			HTML:    `<p lang="en" dir="ltr">Use this code to choose a new password: 492013</p>`,
		},
		"ko": {
			Subject: "Reset your password for Acme",
			Text:    "Reset your password for Acme: 492013, The code expires in 10 minutes.",
			HTML:    `<p lang="en" dir="ltr">Use this code to choose a new password: 492013</p>`,
		},
	} {
		require.Equal(t, want, render(t, r, message("reset", language, nil)))
	}
	require.Contains(t, render(t, r, message("reset", "ar", nil)).HTML, `dir="rtl"`)
}

func TestOwnLanguages(t *testing.T) {
	type person struct{ Name string }

	files := mails("any", "{{.Data.Name}} {{.Code}}", "{{.Data.Name}} {{.Code}}", "reset/any")
	for name, source := range map[string]string{
		"reset/de.subject.txt": "Hallo {{.Data.Name}}\n",
		"reset/de.txt":         "Hallo {{.Data.Name}}: {{.Code}}",
		"reset/de.html":        "<p>{{.Data.Name}}, {{.Code}} für {{.Product}}, {{.Expires}}</p>",
		"reset/sv.subject.txt": "Kod {{.Purpose}}",
		"reset/sv.txt":         "{{.Code}} {{.Minutes}} minuter [{{.Expires}}] {{.Link}}",
		"reset/sv.html":        `<p lang="{{.Language}}">{{.Code}}</p>`,
		"reset/fa.subject.txt": "x",
		"reset/fa.txt":         "{{.Code}}",
		"reset/fa.html":        `<p dir="{{.Direction}}">{{.Code}}</p>`,
	} {
		files[name] = file(source)
	}
	r, err := mailtemplate.New(files, standard(t))
	require.NoError(t, err)

	for language, want := range map[string]otpmail.Mail{
		"de-CH": {
			Subject: "Hallo Eve", Text: "Hallo Eve: 492013",
			HTML: "<p>Eve, 492013 für Acme, Der Code läuft in 10 Minuten ab.</p>",
		},
		"sv": {
			Subject: "Kod reset",
			Text:    "492013 10 minuter [] https://acme.example/code#c=492013",
			HTML:    `<p lang="sv">492013</p>`,
		},
		"fa-IR": {Subject: "x", Text: "492013", HTML: `<p dir="rtl">492013</p>`},
		"fr":    {Subject: "any", Text: "Eve 492013", HTML: "Eve 492013"},
	} {
		require.Equal(t, want, render(t, r, message("reset", language, person{"Eve"})), language)
	}
}

// A purpose with templates is never mailed without them, in any language.
func TestNoOtherMail(t *testing.T) {
	source := "own {{.Code}} {{range .Details}}{{.Value}} {{end}}"

	_, err := mailtemplate.New(mails("x", source, source, "pay/en", "pay/de"), standard(t))
	require.EqualError(t, err, "mailtemplate: pay lacks templates for ar, es, fr, he, it, ja, "+
		"nl, pl, pt, zh: add them, or any.html, any.txt and any.subject.txt for all of them")

	for _, names := range [][]string{{"pay/any"}, {"pay/any", "pay/de"}, all("pay")} {
		r, err := mailtemplate.New(mails("x", source, source, names...), standard(t))
		require.NoError(t, err)

		for _, language := range append(otpmail.Languages(), "ko", "", strings.Repeat("de,", 999)) {
			m := message("pay", language, otpmail.Details{{Name: "Amount", Value: "€250.00"}})
			mail := render(t, r, m)
			require.Contains(t, mail.Text, "own 492013 €250.00")
			require.Contains(t, mail.HTML, "own 492013 €250.00")

			m.Data = nil
			_, err := r.Render(m)
			require.ErrorIs(t, err, otp.ErrNotSent, "a transaction without lines")
		}
	}
}

func TestPurposesWithoutTemplates(t *testing.T) {
	s := standard(t)
	r, err := mailtemplate.New(mails("x", "{{.Code}}", "{{.Code}}", "reset/any"), s)
	require.NoError(t, err)

	m := message("sign-in", "de", nil)
	require.Equal(t, render(t, s, m), render(t, r, m))
	_, err = r.Render(message("pay", "de", nil))
	require.ErrorIs(t, err, otp.ErrNotSent)
}

func TestHostileDataIsInert(t *testing.T) {
	files := mails("For {{.Data}}", "{{.Data}} {{.Code}}",
		`<p title="{{.Data}}">{{.Data}} {{.Code}}</p>`, "reset/any")
	r, err := mailtemplate.New(files, standard(t))
	require.NoError(t, err)

	for data, subject := range map[string]string{
		"Ada\r\nBcc: eve@evil.example":         "For Ada Bcc: eve@evil.example",
		"Ada\x00\x1b[2J":                       "For Ada [2J",
		"Ada\u2028\u2029\u0085x":               "For Ada x",
		"Ada\xff":                              "For Ada\uFFFD",
		`<a href="https://evil.example">x</a>`: `For <a href="https://evil.example">x</a>`,
		`" onmouseover="x`:                     `For " onmouseover="x`,
		"{{.Code}}":                            "For {{.Code}}",
	} {
		mail := render(t, r, message("reset", "en", data))
		assert.Equal(t, subject, mail.Subject)
		assert.Equal(t, 2, strings.Count(mail.HTML, "<"), mail.HTML)
		assert.Equal(t, 2, strings.Count(mail.HTML, `"`), mail.HTML)
		assert.Equal(t, 1, strings.Count(mail.HTML, code), mail.HTML)
		for _, body := range []string{mail.HTML, mail.Text} {
			assert.False(t, strings.ContainsFunc(body, func(r rune) bool {
				return r != '\n' && unicode.IsControl(r)
			}), "control characters in %q", body)
		}
	}
}

// Nothing in Data adds a header, markup or control characters.
func FuzzData(f *testing.F) {
	files := mails("For {{.Data}}", "{{.Data}} {{.Code}}",
		`<p title="{{.Data}}"><a href="https://a.example/?q={{.Data}}">{{.Data}}</a> {{.Code}}</p>`,
		"reset/any")
	r, err := mailtemplate.New(files, standard(f))
	require.NoError(f, err)

	for _, data := range []string{"Ada", "x\r\nBcc: y", `"><script>`, "{{.Code}}", "\xff\x00"} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data string) {
		mail := render(t, r, message("reset", "en", data))
		require.Equal(t, 4, strings.Count(mail.HTML, "<"))
		require.Equal(t, 4, strings.Count(mail.HTML, `"`))
		require.Equal(t, strings.Join(strings.Fields(mail.Subject), " "), mail.Subject)
	})
}

// Data that does not fit is not mailed, and the error does not tell what it
// was.
func TestErrorsAreDiscreet(t *testing.T) {
	files := mails("x", "{{.Code}}", "{{.Data.name}} {{.Code}}", "reset/any")
	r, err := mailtemplate.New(files, standard(t))
	require.NoError(t, err)

	for _, data := range []any{nil, "Ada", map[string]any{}, struct{ Name string }{"Ada"}, shy{}} {
		mail, err := r.Render(message("reset", "en", data))
		require.ErrorIs(t, err, otp.ErrNotSent)
		require.Zero(t, mail)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "Ada")
	}
	_, err = r.Render(message("reset", "en", map[string]any{"name": shy{}}))
	require.NoError(t, err, "%v of a value with a method is the template's own affair")
}

// shy has no field name.
type shy struct{ Ada int }

func TestBadTemplates(t *testing.T) {
	const good = "{{.Code}}"
	three := func(subject, text, html string) fstest.MapFS {
		return mails(subject, text, html, "p/any")
	}
	without := func(suffix string) fstest.MapFS {
		files := three("x", good, good)
		delete(files, "p/any"+suffix)
		return files
	}

	for want, files := range map[string]fs.FS{
		"p/any.html:1: unclosed action":         three("x", good, "{{.Code"),
		"p/any.txt:1: unexpected {{end}}":       three("x", "{{end}}", good),
		"p/any.subject.txt:1: unclosed":         three("{{", good, good),
		"open p/any.html: file does not exist":  without(".html"),
		"open p/any.txt: file does not exist":   without(".txt"),
		"open p/any.subject.txt: file does not": without(".subject.txt"),
		`"p/any.htm" is none of`:                fstest.MapFS{"p/any.htm": file(good)},
		`"any.html" is none of`:                 fstest.MapFS{"any.html": file(good)},
		`"p/q/any.html" is none of`:             fstest.MapFS{"p/q/any.html": file(good)},
		`"p/.html" is none of`:                  fstest.MapFS{"p/.html": file(good)},
		`"deutsch_" is neither any nor a BCP`:   fstest.MapFS{"p/deutsch_.html": file(good)},
		`"pt-br" is neither any nor a BCP 47`:   fstest.MapFS{"p/pt-br.html": file(good)},
	} {
		r, err := mailtemplate.New(files, standard(t))
		require.ErrorContains(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), "mailtemplate: "))
		require.Nil(t, r)
	}
}

func TestBadArguments(t *testing.T) {
	good := mails("x", "{{.Code}}", "{{.Code}}", "p/any")
	_, err := mailtemplate.New(nil, standard(t))
	require.ErrorContains(t, err, "files is nil")
	_, err = mailtemplate.New(good, nil)
	require.ErrorContains(t, err, "catalog is nil")

	broken := errors.New("broken")
	_, err = mailtemplate.New(brokenFS{broken}, standard(t))
	require.ErrorIs(t, err, broken)
}

// brokenFS fails whatever is opened.
type brokenFS struct{ err error }

func (b brokenFS) Open(string) (fs.File, error) { return nil, b.err }

// The template of the package comment works.
func TestTheDocumentedTemplate(t *testing.T) {
	out, err := exec.Command("go", "doc", ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	_, page, found := strings.Cut(string(out), "This is a whole any.html:\n")
	require.True(t, found)
	page, _, found = strings.Cut(page, "\n\nA key")
	require.True(t, found)

	files := mails("{{.Subject}}", "{{.Code}} {{range .Details}}{{.Value}}{{end}}", page, "pay/any")
	r, err := mailtemplate.New(files, standard(t))
	require.NoError(t, err)
	details := otpmail.Details{{Name: "Amount", Value: "€1.00"}}
	require.Contains(t, render(t, r, message("pay", "he", details)).HTML, `dir="rtl"`)
}
