package sesmail_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sesmail"
)

// rendered fails the test where Render does.
func rendered(t *testing.T, s *sesmail.Sender, m otp.Message) sesmail.Mail {
	t.Helper()
	mail, err := s.Render(m)
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

func TestLanguageIsChosen(t *testing.T) {
	s := newSender(t, &fakeAPI{}, nil)
	for accept, want := range map[string]string{
		"": "en", "en": "en", "en-GB": "en", "de": "de", "de-AT": "de", "pt-BR": "pt", "pt-PT": "pt", "zh-Hans-CN": "zh", "zh-CN": "zh",
		"iw": "he", "ar-EG": "ar", "DE": "de", "de_CH": "de", "nl-BE": "nl",
		"fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5": "fr",
		"en;q=0.1, ja":               "ja",
		"ko, pl;q=0.5":               "pl",
		"ko":                         "en",
		"*":                          "en",
		"xx-invalid-\x00":            "en",
		"de\r\nBcc: x":               "en",
		"<script>":                   "en",
		"\u2028":                     "en",
		"../../etc/passwd":           "en",
		strings.Repeat("a-", 1<<20):  "en",
		strings.Repeat("de,", 1<<20): "en",
	} {
		mail := rendered(t, s, otp.Message{Language: accept})
		if !strings.Contains(mail.HTML, `<html lang="`+want+`"`) {
			t.Errorf("%.60q: want %s, got\n%.60s", accept, want, mail.HTML)
		}
	}
}

// TestDefaultMail checks, in every language, what every message must have.
func TestDefaultMail(t *testing.T) {
	s := newSender(t, &fakeAPI{}, &sesmail.Options{Support: "help@acme.example"})
	for _, language := range languages {
		m := message(t, otp.Request{Language: language})
		code := m.Code.Reveal()
		mail := rendered(t, s, m)
		if strings.Contains(mail.Subject, code) || !strings.Contains(mail.Subject, "Acme") {
			t.Errorf("%s: subject %q", language, mail.Subject)
		}
		for _, body := range []string{mail.HTML, mail.Text} {
			if strings.Count(body, code) != 1 || !strings.Contains(body, "10") || !strings.Contains(body, "help@acme.example") {
				t.Errorf("%s: the code must be there once, the lifetime and the support too:\n%s", language, body)
			}
			if strings.Contains(body, "{product}") || strings.Contains(body, "{n}") || strings.Contains(body, "no value") {
				t.Errorf("%s: something was not filled in:\n%s", language, body)
			}
		}
		if !regexp.MustCompile(`(?m)^` + code + `$`).MatchString(mail.Text) {
			t.Errorf("%s: the code does not stand alone in the text:\n%s", language, mail.Text)
		}
		if !strings.Contains(mail.HTML, ">"+code+"</p>") {
			t.Errorf("%s: the code is not in an element of its own:\n%s", language, mail.HTML)
		}
		if remote := regexp.MustCompile(`(?i)https?:|//|url\(|<(a|img|script|link|iframe|object|form|svg|base)\b|@import|\bsrc=|\bhref=`).FindString(mail.HTML); remote != "" {
			t.Errorf("%s: the HTML has %q", language, remote)
		}
		wantDirection := "ltr"
		if language == "ar" || language == "he" {
			wantDirection = "rtl"
		}
		if !strings.Contains(mail.HTML, `<html lang="`+language+`" dir="`+wantDirection+`">`) {
			t.Errorf("%s: the direction is not %s", language, wantDirection)
		}
		inSubject := rendered(t, newSender(t, &fakeAPI{}, &sesmail.Options{CodeInSubject: true}), m)
		if !strings.Contains(inSubject.Subject, code) {
			t.Errorf("%s: subject with code: %q", language, inSubject.Subject)
		}
	}
}

func TestMailRedactsItself(t *testing.T) {
	mail, view := sesmail.Mail{Text: "492013"}, sesmail.View{Code: "492013"}
	for _, value := range []any{mail, &mail, view, &view, []any{mail, view}, struct{ M sesmail.Mail }{mail}} {
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Error(err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, value) + string(encoded); strings.Contains(got, "492013") || strings.Contains(got, "343932") {
				t.Errorf("%s of %T: %s", verb, value, got)
			}
		}
	}
}

func TestInput(t *testing.T) {
	api := &fakeAPI{}
	s := newSender(t, api, &sesmail.Options{
		ReplyTo: "help@Acme.example", Feedback: "bounces@acme.example", ConfigurationSet: "codes", Tags: map[string]string{"team": "login", "a": "1", "b": "2", "c": "3", "d": "4"},
	})
	m := message(t, otp.Request{})
	m.Purpose = "v2.password-reset" // "." is fine there, but not in a tag
	other := m
	other.ID = "other"
	for _, m := range []otp.Message{m, other} { // the second leaves the first as it was
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	in := api.inputs[0]
	if *in.FromEmailAddress != `"Acme" <no-reply@acme.example>` || in.ReplyToAddresses[0] != "help@acme.example" ||
		*in.FeedbackForwardingEmailAddress != "bounces@acme.example" || *in.ConfigurationSetName != "codes" {
		t.Errorf("addresses or configuration set: %+v", in)
	}
	tags := map[string]string{}
	for _, tag := range in.EmailTags {
		tags[*tag.Name] = *tag.Value
	}
	if len(tags) != 7 || tags["team"] != "login" || tags["otp-purpose"] != "v2-password-reset" || tags["otp-message-id"] != m.ID || m.ID == "" {
		t.Errorf("tags: %v", tags)
	}
	if in.Content.Raw != nil || in.Content.Template != nil || in.Content.Simple == nil {
		t.Fatal("the content is not simple")
	}
	headers := map[string]string{}
	for _, h := range in.Content.Simple.Headers {
		headers[*h.Name] = *h.Value
	}
	if len(headers) != 2 || headers["Auto-Submitted"] != "auto-generated" || headers["X-Auto-Response-Suppress"] != "All" {
		t.Errorf("headers: %v", headers)
	}
	mail := rendered(t, s, m)
	body := in.Content.Simple.Body
	for _, content := range []struct {
		got  *types.Content
		want string
	}{{in.Content.Simple.Subject, mail.Subject}, {body.Html, mail.HTML}, {body.Text, mail.Text}} {
		if *content.got.Data != content.want || aws.ToString(content.got.Charset) != "UTF-8" {
			t.Errorf("content: %s, want %s", *content.got.Data, content.want)
		}
	}

	// Without options there is nothing but what must be.
	if err := newSender(t, api, nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if in := api.inputs[2]; in.ReplyToAddresses != nil || in.FeedbackForwardingEmailAddress != nil || in.ConfigurationSetName != nil || len(in.EmailTags) != 2 {
		t.Errorf("without options: %+v", in)
	}
}

func TestProductHasADefault(t *testing.T) {
	for from, want := range map[string]string{"Acme <a@mail.example>": "Your code for Acme", "a@mail.example": "Your code for mail.example"} {
		s, err := sesmail.New(&fakeAPI{}, from, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := rendered(t, s, otp.Message{}).Subject; got != want {
			t.Errorf("%s: %q, want %q", from, got, want)
		}
	}
}

func TestBadOptions(t *testing.T) {
	if _, err := sesmail.New(nil, from, nil); err == nil {
		t.Error("no client: no error")
	}
	long := strings.Repeat("a", 257)
	for want, opts := range map[string]sesmail.Options{
		`Product is "`:                             {Product: long},
		`Product is "A\r\nBcc: x"`:                 {Product: "A\r\nBcc: x"},
		`Product is "A\x00"`:                       {Product: "A\x00"},
		`Product is "A\u2028B"`:                    {Product: "A\u2028B"},
		`Product is "A\u202eB"`:                    {Product: "A\u202eB"},
		`Product is "\xff"`:                        {Product: "\xff"},
		`Support is "a\nb"`:                        {Support: "a\nb"},
		`Support is "a`:                            {Support: long},
		`ReplyTo is "Help <help@acme.example>"`:    {ReplyTo: "Help <help@acme.example>"},
		`Feedback is "a@acme.example,b@c.example"`: {Feedback: "a@acme.example,b@c.example"},
		`ConfigurationSet is "a b"`:                {ConfigurationSet: "a b"},
		`ConfigurationSet is "a`:                   {ConfigurationSet: long[:65]},
		`Tags has "a b" = "c"`:                     {Tags: map[string]string{"a b": "c"}},
		`Tags has "a" = "b.c"`:                     {Tags: map[string]string{"a": "b.c"}},
		`Tags has "a" = ""`:                        {Tags: map[string]string{"a": ""}},
		`Tags has "a" = "a`:                        {Tags: map[string]string{"a": long}},
		`Tags has "otp-purpose"`:                   {Tags: map[string]string{"otp-purpose": "x"}},
	} {
		s, err := sesmail.New(&fakeAPI{}, from, &opts)
		if err == nil || s != nil || !strings.HasPrefix(err.Error(), "sesmail: Options."+want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

// TestHostileProductIsInert: what New takes is put in as text.
func TestHostileProductIsInert(t *testing.T) {
	for _, product := range []string{`<img src=x onerror=alert(1)>`, `"><script>x</script>`, `{code}{{.Code}}`, `</title><b>`, `' onload='x`, `&lt;b&gt;`} {
		s := newSender(t, &fakeAPI{}, &sesmail.Options{Product: product, Support: product})
		mail := rendered(t, s, otp.Message{})
		plain := rendered(t, newSender(t, &fakeAPI{}, &sesmail.Options{Product: "Acme", Support: "Acme"}), otp.Message{})
		if tags := regexp.MustCompile(`<[^<>]*>`); len(tags.FindAllString(mail.HTML, -1)) != len(tags.FindAllString(plain.HTML, -1)) {
			t.Errorf("%s: the HTML has other tags than usual:\n%s", product, mail.HTML)
		}
		if strings.Count(mail.HTML, "123456") != 1 || mail.Subject != "Your code for "+product || !strings.Contains(mail.Text, product) {
			t.Errorf("%s: subject %q\n%s", product, mail.Subject, mail.Text)
		}
	}
}

func file(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

func TestOwnTemplates(t *testing.T) {
	type person struct{ Name string }
	files := fstest.MapFS{
		"password-reset/de.html":        file(`<p>Hallo {{.Data.Name}}, {{.Code}} für {{.Product}}, {{.Expires}}</p>`),
		"password-reset/de.txt":         file("Hallo {{.Data.Name}}: {{.Code}}\n"),
		"password-reset/de.subject.txt": file("Hallo {{.Data.Name}}\n"),
		"password-reset/sv.html":        file(`<p lang="{{.Language}}">{{.Code}} {{.Minutes}} minuter [{{.Expires}}]</p>`),
		"password-reset/sv.txt":         file("{{.Code}}"),
		"password-reset/sv.subject.txt": file("Kod {{.Purpose}}"),
		"other/fa.html":                 file(`<p dir="{{.Direction}}">{{.Code}}</p>`),
		"other/fa.txt":                  file("{{.Code}}"),
		"other/fa.subject.txt":          file("x"),
	}
	s := newSender(t, &fakeAPI{}, &sesmail.Options{
		Templates: sesmail.TemplatesFS(files), TemplateData: map[string]any{"password-reset": person{"Ada"}}, CodeInSubject: true,
	})
	m := message(t, otp.Request{Language: "de-CH", Data: person{"Eve"}})
	code := m.Code.Reveal()
	for _, test := range []struct{ purpose, language, subject, html, text string }{
		{"password-reset", "de-CH", "Hallo Eve", "<p>Hallo Eve, " + code + " für Acme, Der Code läuft in 10 Minuten ab.</p>", "Hallo Eve: " + code + "\n"},
		{"password-reset", "sv", "Kod password-reset", `<p lang="sv">` + code + " 10 minuter []</p>", code},
		{"other", "fa-IR", "x", `<p dir="rtl">` + code + "</p>", code},
	} {
		m.Purpose, m.Language = test.purpose, test.language
		mail := rendered(t, s, m)
		if mail.Subject != test.subject || mail.HTML != test.html || mail.Text != test.text {
			t.Errorf("%s/%s: got %q\n%s\n%s", test.purpose, test.language, mail.Subject, mail.HTML, mail.Text)
		}
	}
	// Where there is no own template, the mail of the package stands.
	for _, elsewhere := range []struct{ purpose, language, subject string }{
		{"password-reset", "en", code + " is your code for Acme"},
		{"password-reset", "ko", code + " is your code for Acme"},
		{"login", "de", code + " ist Ihr Code für Acme"},
		{"other", "de", code + " ist Ihr Code für Acme"},
	} {
		m.Purpose, m.Language = elsewhere.purpose, elsewhere.language
		if got := rendered(t, s, m).Subject; got != elsewhere.subject {
			t.Errorf("%s/%s: subject %q, want %q", elsewhere.purpose, elsewhere.language, got, elsewhere.subject)
		}
	}
}

func TestHostileDataIsInert(t *testing.T) {
	files := fstest.MapFS{
		"password-reset/en.html":        file(`<p title="{{.Data}}">{{.Data}} {{.Code}}</p>`),
		"password-reset/en.txt":         file("{{.Data}} {{.Code}}"),
		"password-reset/en.subject.txt": file("For {{.Data}}"),
	}
	api := &fakeAPI{}
	s := newSender(t, api, &sesmail.Options{Templates: sesmail.TemplatesFS(files)})
	for data, subject := range map[string]string{
		"Ada\r\nBcc: eve@evil.example":         "For Ada Bcc: eve@evil.example",
		"Ada\x00\x1b[2J":                       "For Ada [2J",
		"Ada\u2028\u2029\u0085x":               "For Ada x",
		"Ada\xff":                              "For Ada\uFFFD",
		`<a href="https://evil.example">x</a>`: `For <a href="https://evil.example">x</a>`,
		`" onmouseover="x`:                     `For " onmouseover="x`,
		"{{.Code}}":                            "For {{.Code}}",
	} {
		m := message(t, otp.Request{Data: data})
		if err := s.Send(t.Context(), m); err != nil {
			t.Errorf("%q: %v", data, err)
			continue
		}
		sent := api.inputs[len(api.inputs)-1].Content.Simple
		if got := *sent.Subject.Data; got != subject {
			t.Errorf("%q: subject %q, want %q", data, got, subject)
		}
		page := *sent.Body.Html.Data
		if strings.Count(page, "<") != 2 || strings.Count(page, `"`) != 2 || strings.Count(page, m.Code.Reveal()) != 1 {
			t.Errorf("%q: %s", data, page)
		}
		for _, body := range []string{page, *sent.Body.Text.Data} {
			if strings.ContainsFunc(body, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
				t.Errorf("%q: control characters in %q", data, body)
			}
		}
	}
	// Data that does not fit fails before anything is sent, and the error does not tell what it was.
	strict := newSender(t, api, &sesmail.Options{
		Templates: sesmail.TemplatesFS(fstest.MapFS{
			"password-reset/en.html":        file(`{{.Data.name}} {{.Code}}`),
			"password-reset/en.txt":         file("{{.Code}}"),
			"password-reset/en.subject.txt": file("x"),
		}),
		TemplateData: map[string]any{"password-reset": map[string]any{"name": "Ada"}},
	})
	sent := len(api.inputs)
	for _, data := range []any{nil, "Ada", map[string]any{}, struct{ Name string }{"Ada"}} {
		m := message(t, otp.Request{Data: data})
		err := strict.Send(t.Context(), m)
		if classOf(err) != notSent || strings.Contains(err.Error(), "Ada") {
			t.Errorf("%v: got %v, want ErrNotSent", data, err)
		}
		if _, err := strict.Render(m); err == nil {
			t.Errorf("%v: Render did not fail", data)
		}
	}
	if len(api.inputs) != sent {
		t.Error("something was sent")
	}
}

func TestBadTemplates(t *testing.T) {
	const good = "{{.Code}}"
	for name, test := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"HTML does not parse":         {fstest.MapFS{"p/de.html": file("{{.Code"), "p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de.html"},
		"text does not parse":         {fstest.MapFS{"p/de.html": file(good), "p/de.txt": file("{{end}}"), "p/de.subject.txt": file("x")}, "p/de.txt"},
		"subject does not parse":      {fstest.MapFS{"p/de.html": file(good), "p/de.txt": file(good), "p/de.subject.txt": file("{{")}, "p/de.subject.txt"},
		"HTML does not execute":       {fstest.MapFS{"p/de.html": file("{{.Code}}{{.Cod}}"), "p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de.html"},
		"HTML cannot be escaped":      {fstest.MapFS{"p/de.html": file("{{.Code}}<a href='{{if .Code}}\"{{end}}>"), "p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de.html"},
		"text does not execute":       {fstest.MapFS{"p/de.html": file(good), "p/de.txt": file("{{.Code}}{{.Data.Name}}"), "p/de.subject.txt": file("x")}, "p/de.txt"},
		"subject does not execute":    {fstest.MapFS{"p/de.html": file(good), "p/de.txt": file(good), "p/de.subject.txt": file("{{index .Code 99}}")}, "p/de.subject.txt"},
		"subject is empty":            {fstest.MapFS{"p/de.html": file(good), "p/de.txt": file(good), "p/de.subject.txt": file(" \n")}, "p/de: the subject is empty"},
		"HTML without code":           {fstest.MapFS{"p/de.html": file("<p>Hi</p>"), "p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de: the HTML never shows"},
		"HTML with code in a comment": {fstest.MapFS{"p/de.html": file("<!-- {{.Code}} -->"), "p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de: the HTML never shows"},
		"HTML with code in a link":    {fstest.MapFS{"p/de.html": file(`<a href="https://acme.example/?c={{.Code}}">x</a>`), "p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de: the HTML never shows"},
		"HTML with code in the title": {fstest.MapFS{"p/de.html": file(`<title>{{.Code}}</title>x`), "p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de: the HTML never shows"},
		"HTML with code in pieces":    {fstest.MapFS{"p/de.html": file(`{{slice .Code 0 7}}<b>{{slice .Code 7}}</b>`), "p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de: the HTML never shows"},
		"HTML with the whole view":    {fstest.MapFS{"p/de.html": file(`{{.}}`), "p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de: the HTML never shows"},
		"text without code":           {fstest.MapFS{"p/de.html": file(good), "p/de.txt": file("Hi"), "p/de.subject.txt": file(good)}, "p/de: the text never shows"},
		"no HTML":                     {fstest.MapFS{"p/de.txt": file(good), "p/de.subject.txt": file("x")}, "p/de.html"},
		"no text":                     {fstest.MapFS{"p/de.html": file(good), "p/de.subject.txt": file("x")}, "p/de.txt"},
		"no subject":                  {fstest.MapFS{"p/de.html": file(good), "p/de.txt": file(good)}, "p/de.subject.txt"},
		"misspelt kind":               {fstest.MapFS{"p/de.htm": file(good)}, `"p/de.htm" is none of`},
		"no folder":                   {fstest.MapFS{"de.html": file(good)}, `"de.html" is none of`},
		"folder too deep":             {fstest.MapFS{"p/q/de.html": file(good)}, `"p/q/de.html" is none of`},
		"no language":                 {fstest.MapFS{"p/.html": file(good)}, `"p/.html" is none of`},
		"bad language":                {fstest.MapFS{"p/deutsch_.html": file(good)}, "no BCP 47 language tag"},
		"language in another form":    {fstest.MapFS{"p/pt-br.html": file(good)}, "no BCP 47 language tag"},
	} {
		s, err := sesmail.New(&fakeAPI{}, from, &sesmail.Options{Templates: sesmail.TemplatesFS(test.files)})
		if err == nil || s != nil || !strings.HasPrefix(err.Error(), "sesmail: Options.Templates: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
		}
	}
	broken := errors.New("broken")
	if _, err := sesmail.New(&fakeAPI{}, from, &sesmail.Options{Templates: sesmail.TemplatesFS(brokenFS{broken})}); !errors.Is(err, broken) {
		t.Errorf("broken files: got %v", err)
	}
	for _, none := range []*sesmail.Templates{{}, sesmail.TemplatesFS(nil)} {
		if _, err := sesmail.New(&fakeAPI{}, from, &sesmail.Options{Templates: none}); err == nil || !strings.Contains(err.Error(), "TemplatesFS") {
			t.Errorf("no files: got %v", err)
		}
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	s := newSender(t, newClient("http://127.0.0.1:1"), &sesmail.Options{Tags: map[string]string{"a": "1", "b": "2", "c": "3"}})
	m := message(t, otp.Request{})
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			m := m
			m.Language = languages[i%len(languages)]
			if err := s.Send(t.Context(), m); classOf(err) != notSent {
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
}

func TestRenderOfARealMessage(t *testing.T) {
	m := message(t, otp.Request{})
	m.ExpiresAt = time.Now().Add(2*time.Hour + time.Second)
	mail := rendered(t, newSender(t, &fakeAPI{}, nil), m)
	if !strings.Contains(mail.Text, "\n"+m.Code.Reveal()+"\n") || !strings.Contains(mail.Text, "in 2 hours") {
		t.Errorf("got\n%s", mail.Text)
	}
}

// brokenFS fails whatever is opened.
type brokenFS struct{ err error }

func (b brokenFS) Open(string) (fs.File, error) { return nil, b.err }
