package sesmail

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"
)

// TestTranslationsAreComplete tells a translator what a file lacks or has too much.
func TestTranslationsAreComplete(t *testing.T) {
	if got := translations()[0].tag; got != language.English {
		t.Errorf("the fallback is %v", got)
	}
	placeholder := regexp.MustCompile(`\{[^}]*\}`)
	for i := range translations() {
		tr := &translations()[i]
		t.Run(tr.tag.String(), func(t *testing.T) {
			p := tr.phrases()
			check := func(name, phrase string, want ...string) {
				t.Helper()
				got := placeholder.FindAllString(phrase, -1)
				slices.Sort(got)
				if phrase == "" || strings.TrimSpace(phrase) != phrase || !slices.Equal(got, want) {
					t.Errorf("%s is %q: it must be there, without space around, with the placeholders %v", name, phrase, want)
				}
				if checkLine(strings.ReplaceAll(phrase, "\u00a0", " "), 200) != nil {
					t.Errorf("%s is %q: it must be one line", name, phrase)
				}
			}
			check("title", p.Title, "{product}")
			check("title_with_code", p.TitleWithCode, "{code}", "{product}")
			check("enter", p.Enter)
			check("less_than_a_minute", p.LessThanAMinute)
			check("ignore", p.Ignore)
			check("help", p.Help, "{support}")
			checkForms := func(name string, forms map[string]string, numbers []int) {
				t.Helper()
				count := map[string]int{}
				for _, n := range numbers {
					count[pluralForm(tr.tag, n)]++
				}
				for form := range forms {
					if count[form] == 0 {
						t.Errorf("%s has a form %q, which no number takes", name, form)
					}
				}
				for form, n := range count {
					// A form for one number alone may spell it out.
					if phrase := forms[form]; n > 1 || strings.Contains(phrase, "{") {
						check(name+"."+form, phrase, "{n}")
					} else {
						check(name+"."+form, phrase)
					}
				}
			}
			var minutes, hours []int
			for n := 1; n < 120; n++ {
				if n != 60 {
					minutes = append(minutes, n)
				}
			}
			for n := 1; n <= 24; n++ {
				hours = append(hours, n)
			}
			checkForms("minutes", p.Minutes, minutes)
			checkForms("hours", p.Hours, hours)
		})
	}
}

func TestExpires(t *testing.T) {
	in := func(tag string) *translation {
		i := slices.IndexFunc(translations(), func(t translation) bool { return t.tag.String() == tag })
		return &translations()[i]
	}
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
		{"zh", 2 * time.Hour, "验证码将在 2 小时后失效。"},

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
		if got := in(test.language).expires(minutesLeft(test.left)); got != test.want {
			t.Errorf("%s, %v: %q, want %q", test.language, test.left, got, test.want)
		}
	}
}
