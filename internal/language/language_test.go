package language_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	text "golang.org/x/text/language"

	"github.com/seed-5978b5f1/otp/internal/language"
)

var tags = []text.Tag{
	text.English, text.German, text.Portuguese, text.Chinese, text.TraditionalChinese,
}

func TestBestLanguageIsChosen(t *testing.T) {
	m := language.NewMatcher(tags)
	for accept, want := range map[string]string{
		"":                               "en",
		"fi":                             "en",
		"nonsense;;q=x":                  "en",
		"de-CH, en;q=0.5":                "de",
		"fi, de;q=0.3, en;q=0.8":         "en",
		"pt-BR":                          "pt",
		"zh":                             "zh",
		"zh-CN,zh;q=0.9,en;q=0.8":        "zh",
		"zh-SG":                          "zh",
		"zh-Hans-HK":                     "zh",
		"zh-TW,zh;q=0.9,en;q=0.8":        "zh-Hant",
		"zh-HK":                          "zh-Hant",
		"zh-MO":                          "zh-Hant",
		"zh-Hant":                        "zh-Hant",
		"zh-Hant-TW":                     "zh-Hant",
		"de" + strings.Repeat(" ", 1023): "en", // too long
	} {
		require.Equal(t, want, tags[m.Match(accept)].String(), "%.40q", accept)
	}
}

func TestDirections(t *testing.T) {
	for tag, want := range map[string]string{
		"en": "ltr", "zh-Hant": "ltr", "und": "ltr", "ar": "rtl", "he": "rtl", "fa": "rtl",
		"ur-PK": "rtl", "ckb": "rtl", "dv": "rtl", "uz-Arab": "rtl", "uz": "ltr", "ff-Adlm": "rtl",
	} {
		require.Equal(t, want, language.Direction(text.Make(tag)), tag)
	}
}
