package otpmail

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
)

func TestLanguages(t *testing.T) {
	require.Equal(t, []string{
		"ar", "de", "en", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "zh-Hans", "zh-Hant",
	}, Languages())
	require.Equal(t, language.English, translations()[0].tag, "the fallback")
}

// Also of the languages that a new file may add.
func TestDirections(t *testing.T) {
	for tag, want := range map[string]string{
		"en": "ltr", "zh-Hant": "ltr", "und": "ltr", "ar": "rtl", "he": "rtl", "fa": "rtl",
		"ur-PK": "rtl", "ckb": "rtl", "dv": "rtl", "uz-Arab": "rtl", "uz": "ltr", "ff-Adlm": "rtl",
	} {
		require.Equal(t, want, translation{tag: language.Make(tag)}.direction(), tag)
	}
}

// The failures tell a translator what a file lacks or has too much.
func TestTranslationsAreComplete(t *testing.T) {
	for _, tr := range translations() {
		t.Run(tr.tag.String(), func(t *testing.T) {
			p := tr.phrases()
			for _, name := range kindNames {
				checkKind(t, name, p.Kinds[name])
			}
			assert.Len(t, p.Kinds, len(kindNames))

			for _, name := range noticeNames {
				n := p.Notices[name]
				checkPhrase(t, name+".subject", n.Subject, "{product}")
				checkPhrase(t, name+".text", n.Text, "{product}")
				checkWith(t, name+".act", n.Act, "{product}")
				if n.WasYou != "" {
					checkPhrase(t, name+".was_you", n.WasYou)
				}
			}
			assert.Len(t, p.Notices, len(noticeNames))

			checkPhrase(t, "expires_soon", p.ExpiresSoon)
			checkPhrase(t, "keep", p.Keep)
			checkPhrase(t, "or_button", p.OrButton)
			checkPhrase(t, "or_link", p.OrLink)
			checkPhrase(t, "was_you", p.WasYou)
			checkPhrase(t, "help", p.Help, "{support}")

			checkPhrase(t, "time", p.Time)
			checkPhrase(t, "date", p.Date, "{clock}", "{day}", "{month}", "{year}", "{zone}")
			for _, month := range p.Months {
				checkPhrase(t, "months", month)
			}

			checkForms(t, tr, "minutes", p.Minutes, minutesShown())
			checkForms(t, tr, "hours", p.Hours, hoursShown())
		})
	}
}

func checkKind(t *testing.T, name string, k kindPhrases) {
	t.Helper()

	checkPhrase(t, name+".subject", k.Subject, "{product}")
	checkPhrase(t, name+".subject_with_code", k.SubjectWithCode, "{code}", "{product}")
	checkPhrase(t, name+".title", k.Title, "{product}")
	checkPhrase(t, name+".lead", k.Lead)
	checkPhrase(t, name+".button", k.Button)
	checkWith(t, name+".ignore", k.Ignore, "{product}")
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// checkPhrase wants a phrase of one line with exactly these placeholders, once each.
func checkPhrase(t *testing.T, name, phrase string, want ...string) {
	t.Helper()

	checkText(t, name, phrase)
	got := placeholder.FindAllString(phrase, -1)
	slices.Sort(got)
	assert.Equal(t, want, got, "%s is %q: its placeholders", name, phrase)
}

// checkWith wants a phrase of one line that has no other placeholder than one.
func checkWith(t *testing.T, name, phrase, allowed string) {
	t.Helper()

	checkText(t, name, phrase)
	for _, got := range placeholder.FindAllString(phrase, -1) {
		assert.Equal(t, allowed, got, "%s is %q: its placeholder", name, phrase)
	}
}

func checkText(t *testing.T, name, phrase string) {
	t.Helper()

	assert.NotEmpty(t, phrase, name)
	assert.Equal(t, strings.TrimSpace(phrase), phrase, "%s has space around it", name)
	assert.NoError(t, checkLine(strings.ReplaceAll(phrase, "\u00a0", " "), 250), name)
}

// minutesShown are the numbers of minutes that mails show, and hoursShown those of hours.
func minutesShown() (all []int) {
	for n := 1; n < 120; n++ {
		if n != 60 {
			all = append(all, n)
		}
	}
	return all
}

func hoursShown() (all []int) {
	for n := 1; n <= 24; n++ {
		all = append(all, n)
	}
	return all
}

// checkForms wants the plural forms that the numbers take, and no other.
func checkForms(t *testing.T, tr translation, name string, forms map[string]string, numbers []int) {
	t.Helper()

	count := map[string]int{}
	for _, n := range numbers {
		count[pluralForm(tr.tag, n)]++
	}
	for form := range forms {
		assert.NotZero(t, count[form], "%s has a form %q, which no number takes", name, form)
	}
	for form, n := range count {
		if phrase := forms[form]; n > 1 || strings.Contains(phrase, "{") {
			checkPhrase(t, name+"."+form, phrase, "{n}")
		} else { // a form for one number alone may spell it out
			checkPhrase(t, name+"."+form, phrase)
		}
	}
}

// words has the words for "code", and how far from it the code may stand.
var words = map[string]string{
	"ar": "رمز", "de": "[Cc]ode", "en": "code", "es": "código", "fr": "code", "he": "קוד",
	"it": "codice", "ja": "コード", "nl": "code", "pl": "kod", "pt": "código", "zh-Hans": "验证码",
	"zh-Hant": "驗證碼",
}

// Android looks for the word within 50 characters of the code (NotificationOtpDetectionHelper in
// its source), and, more than that, in the same sentence.
func TestTheWordIsNearTheCode(t *testing.T) {
	const sentence = `[^.!?。！？]{0,40}`
	for _, tr := range translations() {
		word := words[tr.tag.String()]
		require.NotEmpty(t, word, tr.tag)

		inText := regexp.MustCompile(word + sentence + `\s492013`)
		inSubject := regexp.MustCompile(`492013\s` + sentence + word)
		for name, kind := range tr.phrases().Kinds {
			assert.Regexp(t, inText, kind.Lead+"\n\n492013", "%v: %s.lead", tr.tag, name)

			subject := strings.NewReplacer("{code}", "492013", "{product}", "Acme")
			assert.Regexp(t, inSubject, subject.Replace(kind.SubjectWithCode),
				"%v: %s.subject_with_code", tr.tag, name)
		}
	}
}

// in returns the translation into a language.
func in(tag string) translation {
	i := slices.IndexFunc(translations(), func(t translation) bool { return t.tag.String() == tag })
	return translations()[i]
}

func TestExpires(t *testing.T) {
	for _, test := range []struct {
		language string
		left     time.Duration
		want     string
	}{
		{"en", 0, "The code expires in less than a minute."},
		{"en", 49 * time.Second, "The code expires in less than a minute."},
		{"en", 50 * time.Second, "The code expires in 1 minute."},
		{"en", 109 * time.Second, "The code expires in 1 minute."},
		{"en", 10*time.Minute - 11*time.Second, "The code expires in 9 minutes."},
		{"en", 10*time.Minute - time.Second, "The code expires in 10 minutes."},
		{"en", 59 * time.Minute, "The code expires in 59 minutes."},
		{"en", time.Hour - time.Second, "The code expires in 1 hour."},
		{"en", 61 * time.Minute, "The code expires in 61 minutes."},
		{"en", 119 * time.Minute, "The code expires in 119 minutes."},
		{"en", 2 * time.Hour, "The code expires in 2 hours."},
		{"en", 24*time.Hour - time.Minute, "The code expires in 23 hours."},
		{"en", 24*time.Hour - time.Second, "The code expires in 24 hours."},

		{"de", time.Minute, "Der Code läuft in 1 Minute ab."},
		{"fr", 2 * time.Hour, "Ce code expire dans 2 heures."},
		{"es", time.Hour, "El código caduca en 1 hora."},
		{"pt", 5 * time.Minute, "O código expira em 5 minutos."},
		{"it", time.Hour, "Il codice scade tra 1 ora."},
		{"nl", 3 * time.Hour, "De code verloopt over 3 uur."},
		{"ja", time.Minute, "このコードはあと 1 分で無効になります。"},
		{"zh-Hans", 2 * time.Hour, "验证码将在 2 小时后失效。"},

		{"pl", 1 * time.Minute, "Kod wygaśnie za 1 minutę."},
		{"pl", 2 * time.Minute, "Kod wygaśnie za 2 minuty."},
		{"pl", 5 * time.Minute, "Kod wygaśnie za 5 minut."},
		{"pl", 12 * time.Minute, "Kod wygaśnie za 12 minut."},
		{"pl", 21 * time.Minute, "Kod wygaśnie za 21 minut."},
		{"pl", 22 * time.Minute, "Kod wygaśnie za 22 minuty."},
		{"pl", 1 * time.Hour, "Kod wygaśnie za 1 godzinę."},
		{"pl", 4 * time.Hour, "Kod wygaśnie za 4 godziny."},
		{"pl", 24 * time.Hour, "Kod wygaśnie za 24 godziny."},

		{"ar", 1 * time.Minute, "تنتهي صلاحية الرمز خلال دقيقة واحدة."},
		{"ar", 2 * time.Minute, "تنتهي صلاحية الرمز خلال دقيقتين."},
		{"ar", 3 * time.Minute, "تنتهي صلاحية الرمز خلال 3 دقائق."},
		{"ar", 10 * time.Minute, "تنتهي صلاحية الرمز خلال 10 دقائق."},
		{"ar", 11 * time.Minute, "تنتهي صلاحية الرمز خلال 11 دقيقة."},
		{"ar", 99 * time.Minute, "تنتهي صلاحية الرمز خلال 99 دقيقة."},
		{"ar", 100 * time.Minute, "تنتهي صلاحية الرمز خلال 100 دقيقة."},
		{"ar", 103 * time.Minute, "تنتهي صلاحية الرمز خلال 103 دقائق."},
		{"ar", 2 * time.Hour, "تنتهي صلاحية الرمز خلال ساعتين."},
		{"ar", 24 * time.Hour, "تنتهي صلاحية الرمز خلال 24 ساعة."},

		{"he", 1 * time.Minute, "תוקף הקוד יפוג בעוד דקה אחת."},
		{"he", 2 * time.Minute, "תוקף הקוד יפוג בעוד שתי דקות."},
		{"he", 20 * time.Minute, "תוקף הקוד יפוג בעוד 20 דקות."},
		{"he", 2 * time.Hour, "תוקף הקוד יפוג בעוד שעתיים."},
		{"he", 20 * time.Hour, "תוקף הקוד יפוג בעוד 20 שעות."},
	} {
		require.Equal(t, test.want, in(test.language).expires(minutesLeft(test.left)))
	}
}

func TestDate(t *testing.T) {
	march := time.Date(2026, time.March, 12, 14, 5, 59, 0, time.UTC)
	first := time.Date(2026, time.May, 1, 0, 0, 0, 0, time.FixedZone("x\r\nBcc: y", -(3*3600+1800)))
	for _, test := range []struct {
		language string
		at       time.Time
		want     string
	}{
		{"en", march, "March 12, 2026, 14:05 (UTC)"},
		{"en", first, "May 1, 2026, 00:00 (UTC-03:30)"},
		{"de", march, "12. März 2026, 14:05 Uhr (UTC)"},
		{"fr", first, "1er mai 2026, 00:00 (UTC-03:30)"},
		{"it", first, "1º maggio 2026, 00:00 (UTC-03:30)"},
		{"es", march, "12 de marzo de 2026, 14:05 (UTC)"},
		{"pt", first, "1º de maio de 2026, 00:00 (UTC-03:30)"},
		{"pl", march, "12 marca 2026, 14:05 (UTC)"},
		{"nl", march, "12 maart 2026, 14:05 (UTC)"},
		{"ar", march, "12 مارس 2026، 14:05 (UTC)"},
		{"he", march, "12 במרץ 2026, 14:05 (UTC)"},
		{"ja", march, "2026年3月12日 14:05 (UTC)"},
		{"zh-Hans", march, "2026年3月12日 14:05 (UTC)"},
	} {
		require.Equal(t, test.want, in(test.language).date(test.at))
	}
}
