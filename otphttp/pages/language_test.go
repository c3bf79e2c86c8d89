package pages_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otphttp/pages"
)

var languageTags = []string{"ar", "de", "en", "es", "fr", "he", "it", "ja", "nl", "pl", "pt",
	"zh-Hans", "zh-Hant"}

func readTexts(t *testing.T, tag string) map[string]string {
	t.Helper()

	content, err := os.ReadFile(filepath.Join("languages", tag+".json"))
	require.NoError(t, err)

	var texts map[string]string
	require.NoError(t, json.Unmarshal(content, &texts))
	return texts
}

// Every language has every text, with the same things to put in.
func TestLanguagesAreComplete(t *testing.T) {
	files, err := filepath.Glob("languages/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(languageTags))

	placeholders := regexp.MustCompile(`\{\w+\}`)
	english := readTexts(t, "en")
	for _, tag := range languageTags {
		texts := readTexts(t, tag)
		require.Len(t, texts, len(english), tag)

		for key, text := range english {
			wanted, got := placeholders.FindAllString(text, -1), placeholders.FindAllString(
				texts[key],
				-1,
			)
			assert.ElementsMatch(t, wanted, got, "%s %s", tag, key)
			assert.Equal(t, strings.TrimSpace(texts[key]), texts[key], "%s %s", tag, key)
			assert.NotEmpty(t, texts[key], "%s %s", tag, key)
			if tag != "en" && len(text) > 15 {
				assert.NotEqual(t, text, texts[key], "%s %s is not translated", tag, key)
			}
		}
	}
}

// Every text is used, and every text that is used is there.
func TestTextsAreUsed(t *testing.T) {
	var code strings.Builder
	for _, pattern := range []string{"*.go", "files/*.html"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			if !strings.HasSuffix(file, "_test.go") {
				code.Write(content)
			}
		}
	}

	used := regexp.MustCompile(
		`(?:Text|TimeLeft) "([a-z_.]+)"|\.[tT]ext\("([a-z_.]+)"|"(error\.[a-z_]+)"`)
	english := readTexts(t, "en")
	for _, found := range used.FindAllStringSubmatch(code.String(), -1) {
		key := found[1] + found[2] + found[3]
		if !strings.HasSuffix(key, ".") { // a kind or a code follows
			assert.Contains(t, english, key)
		}
	}
	for key := range english {
		key = strings.TrimPrefix(key, "phone.")
		prefix, _, _ := strings.Cut(key, ".")
		built := slices.Contains([]string{"title", "intro", "submit", "done", "done_text", "error"},
			prefix)
		assert.True(t, built || strings.Contains(code.String(), `"`+key+`"`), "%s is not used", key)
	}
}

func TestChooseLanguage(t *testing.T) {
	s := newWebsite(t, nil)

	for accept, wanted := range map[string][2]string{
		"":                         {"en", "ltr"},
		"en-GB":                    {"en", "ltr"},
		"de-CH, de;q=0.9":          {"de", "ltr"},
		"ko, fr;q=0.5":             {"fr", "ltr"},
		"ko":                       {"en", "ltr"},
		"pt-BR":                    {"pt", "ltr"},
		"zh":                       {"zh-Hans", "ltr"},
		"zh-CN,zh;q=0.9,en;q=0.8":  {"zh-Hans", "ltr"},
		"zh-Hans-HK":               {"zh-Hans", "ltr"},
		"zh-TW,zh;q=0.9,en;q=0.8":  {"zh-Hant", "ltr"},
		"zh-HK":                    {"zh-Hant", "ltr"},
		"zh-Hant":                  {"zh-Hant", "ltr"},
		"he":                       {"he", "rtl"},
		"iw":                       {"he", "rtl"},
		"ar-EG":                    {"ar", "rtl"},
		"*":                        {"en", "ltr"},
		strings.Repeat("de,", 400): {"en", "ltr"},
		"not a language; q=\x00":   {"en", "ltr"},
	} {
		b := newBrowser(t, s)
		b.language = accept
		page := b.get("/")

		assert.Equal(t, wanted[0], page.Header.Get("Content-Language"), accept)
		assert.Contains(t, page.text, `<html lang="`+wanted[0]+`" dir="`+wanted[1]+`">`, accept)
		assert.Equal(t, "Accept-Language", page.Header.Get("Vary"))
	}
}

// Every page speaks every language.
func TestPagesInEveryLanguage(t *testing.T) {
	for _, tag := range languageTags {
		s := newWebsite(t, nil)
		b := newBrowser(t, s)
		b.language = tag
		texts := readTexts(t, tag)

		b.get("/").want(t, texts["title.reset_password"], texts["address"], texts["send"])
		b.ask(ada).
			want(t, texts["code_title"], texts["code"], texts["new_password"], texts["no_mail"])
		b.submit("/code", "email", ada, "code", "hello").want(t, texts["error.code_malformed"])
		b.submit("/code", "email", ada, "code", s.inbox.Code(t, ada)).
			want(t, texts["done.reset_password"])
		b.get("/nowhere").want(t, texts["error.not_found"])
	}
}

// Own files replace those of the package.
func TestOwnFiles(t *testing.T) {
	own := fstest.MapFS{
		"ask.html": {
			Data: []byte(`{{define "content"}}Own: {{.Text "address"}}, ` +
				`{{.Options.Product}}{{end}}`),
		},
		"style.css":         {Data: []byte("body {}")},
		"languages/en.json": {Data: []byte(`{"address": "Your address"}`)},
	}
	s := newWebsite(t, func(o *pages.Options, _ *otphttp.Config) { o.Files = own })
	b := newBrowser(t, s)

	b.get("/").want(t, "Own: Your address, Acme")
	require.Equal(t, "body {}", b.get("/style.css").text)
	require.Equal(t, http.StatusOK, b.get("/script.js").StatusCode)
}
