package otpmail_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The golden files hold every sentence of every language, and the HTML of each layout.
func TestGolden(t *testing.T) {
	withCode := acme()
	withCode.CodeInSubject, withCode.Links = true, nil
	s, other := newCatalog(t, acme()), newCatalog(t, withCode)

	for _, language := range otpmail.Languages() {
		t.Run(language, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var text strings.Builder
				for _, purpose := range slices.Sorted(maps.Keys(purposes)) {
					m := message(purpose, language)
					mail := render(t, s, m)
					text.WriteString("Subject: " + mail.Subject + "\nSubject: " +
						render(t, other, m).Subject + "\n\n" + mail.Text + "\n")
				}
				golden(t, language+".txt", text.String())
				golden(t, language+".html", render(t, s, message("pay", language)).HTML)
			})
		})
	}
}

// golden compares got with a file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()

	path := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}

	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "look at the difference that -update makes in %s", path)
}

// Every mail, in every language and of every kind, has what a mail must have, and says what its
// code is for.
func TestEveryMail(t *testing.T) {
	plain := acme()
	plain.Links = nil
	s := newCatalog(t, plain)
	unfilled := regexp.MustCompile(`\{[a-z_]+\}`)
	remote := []string{"http:", "https:", "//", "url(", "@import", "src=", "href=", "<a ", "<img",
		"<script", "<link", "<iframe", "<object", "<form", "<svg", "<base"}

	for _, language := range otpmail.Languages() {
		titles := map[string]bool{}
		for purpose := range purposes {
			m := message(purpose, language)
			mail := render(t, s, m)
			about := language + ", " + purpose

			title, _, _ := strings.Cut(mail.Text, "\n")
			assert.False(t, titles[title], "%s: %q is there twice", about, title)
			titles[title] = true
			assert.NotContains(t, mail.Subject, code, about)
			assert.Contains(t, mail.Subject, "Acme", about)
			for _, body := range []string{mail.HTML, mail.Text} {
				assert.Equal(t, 1, strings.Count(body, code), about)
				assert.Contains(t, body, "10", "%s: how long it lasts", about)
				assert.Contains(t, body, "help@acme.example", about)
				assert.NotRegexp(t, unfilled, body, "%s: something was not filled in", about)
			}
			assert.Regexp(t, `(?m)^`+code+`$`, mail.Text, about)
			assert.Contains(t, mail.HTML, ">"+code+"</p>", about)
			assert.Contains(t, mail.HTML, `<html lang="`+language+`" dir="`+
				direction(language)+`">`, about)
			html := strings.ToLower(mail.HTML)
			for _, text := range remote {
				assert.NotContains(t, html, text, about)
			}
		}
	}
}

// direction is that of one of otpmail.Languages.
func direction(language string) string {
	if language == "ar" || language == "he" {
		return "rtl"
	}
	return "ltr"
}

func TestRefusedMessages(t *testing.T) {
	change := func(kind otp.Kind, code string) otp.Message {
		m := message("general", "en")
		m.Kind, m.Code = kind, otp.NewCode(code)
		return m
	}
	for _, m := range []otp.Message{
		change(-1, code), change(otp.ConfirmTransaction+1, code),
		change(otp.General, ""), change(otp.General, "\n"),
		change(otp.General, strings.Repeat("1", 65)),
	} {
		_, err := newCatalog(t, acme()).Render(m)
		require.ErrorIs(t, err, otp.ErrNotSent)
		require.Regexp(t, "^otpmail: not sent: (Message.Kind is|the code: )", err.Error())
	}
}

func TestLanguageIsChosen(t *testing.T) {
	s := newCatalog(t, acme())
	for accept, want := range map[string]string{
		"": "en", "en": "en", "en-GB": "en", "de": "de", "de-AT": "de", "pt-BR": "pt",
		"pt-PT": "pt",
		"zh":    `zh-Hans"`, "zh-Hans-CN": `zh-Hans"`, "zh-CN": `zh-Hans"`,
		"zh-SG": `zh-Hans"`, "zh-Hans-HK": `zh-Hans"`,
		"zh-TW,zh;q=0.9,en;q=0.8": `zh-Hant"`, "zh-HK": `zh-Hant"`, "zh-Hant": `zh-Hant"`,
		"zh-MO": `zh-Hant"`, "iw": "he", "ar-EG": "ar", "DE": "de", "de_CH": "de",
		"nl-BE": "nl", "fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5": "fr", "en;q=0.1, ja": "ja",
		"ko, pl;q=0.5": "pl", "ko": "en", "*": "en",
		"xx-invalid-\x00": "en", "de\r\nBcc: x": "en", "<script>": "en", "\u2028": "en",
		"../../etc/passwd": "en", strings.Repeat("a-", 1<<20): "en", "nonsense;;q=x": "en",
		"fi, de;q=0.3, pl;q=0.8": "pl", "de" + strings.Repeat(" ", 1023): "en", // too long
		strings.Repeat("de,", 1<<20): "en",
	} {
		mail := render(t, s, message("sign-in", accept))
		require.Contains(t, mail.HTML, `<html lang="`+want, "%.60q", accept)
	}
}

// A mail that confirms a transaction has its lines, in every language, or
// it is not written.
func TestTransactionsAreShown(t *testing.T) {
	s := newCatalog(t, acme())
	for _, language := range append(otpmail.Languages(), "ko", "") {
		m := message("pay", language)
		mail := render(t, s, m)
		for _, body := range []string{mail.Text, mail.HTML} {
			require.Contains(t, body, "€250.00")
			require.Contains(t, body, "Ada Lovelace")
			require.Less(t, strings.Index(body, "€250.00"), strings.Index(body, code))
		}

		for _, data := range []any{
			nil, "€250.00", otpmail.Details{}, otpmail.Details{{Name: "Amount", Value: "\n"}},
			otpmail.Details{{Name: "Amount", Value: strings.Repeat("9", 257)}},
		} {
			m.Data = data
			mail, err := s.Render(m)
			require.ErrorIs(t, err, otp.ErrNotSent)
			require.Zero(t, mail)
		}
	}

	m := message("pay", "ar")
	labeled := render(t, s, m).Text
	require.Contains(t, labeled, "المبلغ: \u2068€250.00\u2069\n", "in the mail's language")

	m = message("sign-in", "en") // which may have lines, too
	m.Data = otpmail.Details{{Name: "Device", Value: "Firefox on Linux"}}
	require.Contains(t, render(t, s, m).Text, "\nDevice: Firefox on Linux\n")
}

// Names and numbers from elsewhere keep their order, and the characters for it
// stay out of the subject and of places that would show them.
func TestRightToLeft(t *testing.T) {
	opts := acme()
	opts.Product = "Acme Ltd."
	mail := render(t, newCatalog(t, opts), message("pay", "he"))

	require.Equal(t, "אישור פעולה ב-Acme Ltd.", mail.Subject)
	require.Contains(t, mail.HTML, "<title>אישור פעולה ב-Acme Ltd.</title>")
	require.Contains(t, mail.HTML, ">אישור פעולה ב-<bdi>Acme Ltd.</bdi></h1>")
	require.Contains(t, mail.HTML, "<bdi>€250.00</bdi>")
	require.Contains(t, mail.Text, "אישור פעולה ב-\u2068Acme Ltd.\u2069\n")
	require.Contains(t, mail.Text, "Amount: \u2068€250.00\u2069\n")
	require.Contains(t, mail.Text, "\n492013\n")

	require.NotContains(t, render(t, newCatalog(t, opts), message("pay", "en")).Text, "\u2068")
}

func TestLink(t *testing.T) {
	opts := acme()
	opts.Links = map[string]string{"sign-in": "https://acme.example/code?lang=de&x=1"}
	s := newCatalog(t, opts)

	mail := render(t, s, message("sign-in", "en"))
	require.Contains(t, mail.Text, "\nhttps://acme.example/code?lang=de&x=1#c=492013\n")
	require.Contains(t, mail.HTML, `href="https://acme.example/code?lang=de&amp;x=1#c=492013"`)
	require.Contains(t, mail.HTML, ">Sign in</a>")
	require.Contains(t, mail.Text, "\n492013\n", "the code can be read all the same")
	require.Contains(t, mail.HTML, ">492013</p>")

	require.NotContains(t, render(t, s, message("reset", "en")).HTML, "href")
}

func TestLogoAndColor(t *testing.T) {
	opts := acme()
	opts.Logo, opts.Color = "https://acme.example/logo.png?a=1&b=2", "#FFE14D"
	mail := render(t, newCatalog(t, opts), message("sign-in", "en"))
	require.Contains(t, mail.HTML, `src="https://acme.example/logo.png?a=1&amp;b=2" alt="Acme"`)
	require.Contains(t, mail.HTML, "background-color:#FFE14D;color:#000000;")
}

// Without enough HTML around it, a logo makes a mail look like spam.
func TestMailsWithLogoAreLongEnough(t *testing.T) {
	for _, language := range otpmail.Languages() {
		for _, with := range []bool{false, true} {
			opts := otpmail.Options{Product: "A"}
			if with {
				opts.Logo = "https://a.example/l.png"
			}
			html := render(t, newCatalog(t, opts), message("sign-in", language)).HTML
			require.Equal(t, with, utf8.RuneCountInString(html) > 3250, language)
			require.Equal(t, with, strings.Contains(html, "<!-- This comment"), language)
			require.Less(t, len(html), 4000)
		}
	}
}

// A code of up to 8 characters is shown large, a longer one so that it fits.
func TestLongCodes(t *testing.T) {
	s, m := newCatalog(t, acme()), message("sign-in", "en")
	for text, size := range map[string]string{"12345678": "36px", "123456789": "24px"} {
		m.Code = otp.NewCode(text)
		require.Contains(t, render(t, s, m).HTML, "font-size:"+size+";line-height:1.2;")
	}
}

func TestBadOptions(t *testing.T) {
	long := strings.Repeat("a", 1025)
	link := func(s string) otpmail.Options {
		return otpmail.Options{Product: "A", Links: map[string]string{"p": s}}
	}
	for want, opts := range map[string]otpmail.Options{
		"Product is empty":           {},
		`Product is "aaa`:            {Product: long},
		`Product is "A\r\nBcc: x"`:   {Product: "A\r\nBcc: x"},
		`Product is " ": it must`:    {Product: " "},
		`Product is "A\x00"`:         {Product: "A\x00"},
		`Product is "A\u2028B"`:      {Product: "A\u2028B"},
		`Product is "A\u202eB"`:      {Product: "A\u202eB"},
		`Product is "\xff"`:          {Product: "\xff"},
		`Support is "a\nb"`:          {Product: "A", Support: "a\nb"},
		`Support is "aaa`:            {Product: "A", Support: long},
		`Logo is "http://a.example"`: {Product: "A", Logo: "http://a.example"},

		`Links["p"] is "": it must begin with https://`:           link(""),
		`Links["p"] is "http://a.b": it must begin with https://`: link("http://a.b"),
		`Links["p"] is "javascript:x": it must begin with`:        link("javascript:x"),
		`Links["p"] is "https:a.b": it must begin with`:           link("https:a.b"),
		`Links["p"] is "https://:80": it must begin with`:         link("https://:80"),
		`Links["p"] is "//a.b": it must begin with`:               link("//a.b"),
		`Links["p"] is "https://u:p@a.b": it must have no user`:   link("https://u:p@a.b"),
		`Links["p"] is "https://a.b#": it must have no fragment`:  link("https://a.b#"),
		`Links["p"] is "https://a.b/ü": it must be printable`:     link("https://a.b/ü"),
		`Links["p"] is "https://a.b/ x": it must be printable`:    link("https://a.b/ x"),
		`Links["p"] is "https://a.b/\n": it is no URL`:            link("https://a.b/\n"),
		`Links["p"] is "https://a.b/aaa`:                          link("https://a.b/" + long),
	} {
		s, err := otpmail.NewCatalog(opts)
		require.ErrorContains(t, err, "otpmail: Options."+want)
		require.Nil(t, s)
	}
}

// Changing a map afterwards changes nothing.
func TestOptionsAreCopied(t *testing.T) {
	opts := otpmail.Options{
		Product: "Acme", Links: map[string]string{"p": "https://acme.example"},
	}
	s := newCatalog(t, opts)
	opts.Links["p"] = "http://evil.example/"

	mail := render(t, s, message("p", "en"))
	require.Contains(t, mail.Text, "https://acme.example#c=")
}

// Nothing that is put into a mail or a notice adds a line, a header or markup.
func FuzzHostile(f *testing.F) {
	for _, text := range []string{
		"Acme", `<img src=x onerror=alert(1)>`, `"><script>x</script>`, `{code}{product}{content}`,
		"</title><b>", `' onload='x`, "&lt;b&gt;", "x\r\nBcc: eve@evil.example", "\u2028x",
		"\u202Ex",
		"\xff\x00", "{{.Code}}", "\u2068x\u2069",
	} {
		f.Add(text, text, text, text, text)
	}

	f.Fuzz(func(t *testing.T, product, support, name, value, language string) {
		opts := acme()
		opts.Product, opts.Support, opts.CodeInSubject = product, support, true
		s, err := otpmail.NewCatalog(opts)
		if err != nil {
			return
		}

		m := message("pay", language)
		m.Data = otpmail.Details{{Name: name, Value: value}}
		mail, err := s.Render(m)
		if err != nil {
			require.ErrorIs(t, err, otp.ErrNotSent)
			return
		}
		require.NoError(t, mail.Check())

		opts.Product, opts.Support = "Acme", "x"[:min(1, len(support))]
		m.Data = otpmail.Details{{Name: "Amount", Value: "5"}}
		plain := render(t, newCatalog(t, opts), m)
		requireSameShape(t, plain, mail)

		n := notice(otpmail.NewDevice, language)
		plain, err = newCatalog(t, opts).Notice(n)
		require.NoError(t, err)
		n.Details = otpmail.Details{{Name: name, Value: value}}
		got, err := s.Notice(n)
		require.NoError(t, err)
		requireSameShape(t, plain, got)
	})
}

// requireSameShape requires that two mails differ in words alone.
func requireSameShape(t *testing.T, want, got otpmail.Mail) {
	t.Helper()

	require.Equal(t, strings.Count(want.Text, "\n"), strings.Count(got.Text, "\n"))
	tags := regexp.MustCompile(`<[^<>]*>`)
	require.Equal(t, len(tags.FindAllString(want.HTML, -1)), len(tags.FindAllString(got.HTML, -1)))
	for _, character := range []string{"<", ">", `"`, "'", "\n"} {
		require.Equal(t, strings.Count(want.HTML, character), strings.Count(got.HTML, character))
	}
}

// The race detector watches many mails at once.
func TestConcurrentUse(t *testing.T) {
	s := newCatalog(t, acme())
	var group sync.WaitGroup
	for _, language := range slices.Repeat(otpmail.Languages(), 2) {
		group.Go(func() {
			_, err := s.Render(message("pay", language))
			assert.NoError(t, err)
		})
	}
	group.Wait()
}
