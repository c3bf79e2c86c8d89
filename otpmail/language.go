package otpmail

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/seed-5978b5f1/otp"
	choice "github.com/seed-5978b5f1/otp/internal/language"
)

// languageFiles holds one file per language, named by its BCP 47 tag. A new one is taken up by
// being there; the tests tell what it lacks.
//
//go:embed languages/*.json
var languageFiles embed.FS

// kindNames are the names of the kinds in the files of the languages.
var kindNames = map[otp.Kind]string{
	otp.General: "general", otp.SignIn: "sign_in", otp.ConfirmAddress: "confirm_address",
	otp.ChangeAddress: "change_address", otp.ResetPassword: "reset_password",
	otp.ConfirmTransaction: "confirm_transaction",
}

// phrases are the sentences of one language. {product}, {code}, {support} and {n} stand for what is
// put in.
type phrases struct {
	Kinds   map[string]kindPhrases   `json:"kinds"`   // by kindNames
	Notices map[string]noticePhrases `json:"notices"` // by noticeNames

	// ExpiresSoon, Minutes and Hours say how long the code lasts. The keys are the plural
	// categories of CLDR.
	ExpiresSoon string            `json:"expires_soon"`
	Minutes     map[string]string `json:"minutes"`
	Hours       map[string]string `json:"hours"`
	// Keep says to keep the code to oneself. It follows the sentence on how long it lasts.
	Keep string `json:"keep"`
	// OrButton introduces the button, and OrLink the link in plain text.
	OrButton string `json:"or_button"`
	OrLink   string `json:"or_link"`
	// WasYou is for those who did themselves what a notice tells.
	WasYou string `json:"was_you"`
	// Help introduces Options.Support.
	Help string `json:"help"`

	// Time is the label of the time of a notice, and Date its pattern. FirstDay stands for the 1st
	// of a month where that is not "1".
	Time     string     `json:"time"`
	Date     string     `json:"date"`
	FirstDay string     `json:"first_day"`
	Months   [12]string `json:"months"` // in the form they have in Date
}

// kindPhrases are the sentences of one kind of purpose.
type kindPhrases struct {
	Subject         string `json:"subject"`
	SubjectWithCode string `json:"subject_with_code"`
	Title           string `json:"title"`
	Lead            string `json:"lead"` // the sentence that the code follows
	Button          string `json:"button"`
	Ignore          string `json:"ignore"` // for those who did not ask for the code
}

// noticePhrases are the sentences of one kind of notice.
type noticePhrases struct {
	Subject string `json:"subject"` // the heading too
	Text    string `json:"text"`    // what has happened
	WasYou  string `json:"was_you"` // in the place of phrases.WasYou, if it is not empty
	Act     string `json:"act"`     // what to do for those who did not do it themselves
}

// A translation is a language and its phrases, which are read when they are first asked for.
type translation struct {
	tag     language.Tag
	phrases func() *phrases
}

// translations returns the languages of the package, English first.
var translations = sync.OnceValue(listTranslations)

func listTranslations() []translation {
	files, err := languageFiles.ReadDir("languages")
	if err != nil {
		panic(err)
	}

	var all []translation
	for _, file := range files {
		name := file.Name()
		all = append(all, translation{
			tag:     language.MustParse(strings.TrimSuffix(name, path.Ext(name))),
			phrases: sync.OnceValue(func() *phrases { return readPhrases(name) }),
		})
	}

	isEnglish := func(t translation) bool { return t.tag == language.English }
	english := slices.IndexFunc(all, isEnglish)
	all[0], all[english] = all[english], all[0]
	return all
}

// readPhrases reads a file. One that does not parse is a fault of the package, which its tests
// find.
func readPhrases(name string) *phrases {
	text, err := languageFiles.ReadFile("languages/" + name)
	if err != nil {
		panic(err)
	}

	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()

	var p phrases
	if err := decoder.Decode(&p); err != nil {
		panic(fmt.Sprintf("otpmail: languages/%s: %v", name, err))
	}
	return &p
}

// matcher returns what chooses among translations. It is made for the first mail: not every process
// that makes a Catalog sends one.
var matcher = sync.OnceValue(newMatcher)

func newMatcher() choice.Matcher {
	var tags []language.Tag
	for _, t := range translations() {
		tags = append(tags, t.tag)
	}
	return choice.NewMatcher(tags)
}

// choose returns the translation that fits a BCP 47 tag or Accept-Language header best, English if
// none does.
func choose(accept string) translation { return translations()[matcher().Match(accept)] }

// Languages returns the BCP 47 tags of the languages that the mails are written in, sorted.
func Languages() []string {
	var tags []string
	for _, t := range translations() {
		tags = append(tags, t.tag.String())
	}

	slices.Sort(tags)
	return tags
}

// direction returns "rtl" for a language that is written from right to left, else "ltr".
func (t translation) direction() string { return choice.Direction(t.tag) }

// pluralForms names the plural categories as CLDR does.
var pluralForms = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two",
	plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

// pluralForm returns the category of n things in the language.
func pluralForm(tag language.Tag, n int) string {
	return pluralForms[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)]
}

// minutesLeft returns the whole minutes in left, never too many but for ten seconds of grace: a
// code of ten minutes has a little less left by the time its mail is written.
func minutesLeft(left time.Duration) int {
	return max(0, int((left+10*time.Second)/time.Minute))
}

// expires says that the code lasts for the minutes: in minutes below two hours, in whole hours,
// rounded down, above.
func (t translation) expires(minutes int) string {
	p := t.phrases()

	n, forms := minutes, p.Minutes
	switch {
	case minutes < 1:
		return p.ExpiresSoon
	case minutes == 60 || minutes >= 120:
		n, forms = minutes/60, p.Hours
	}
	return strings.ReplaceAll(forms[pluralForm(t.tag, n)], "{n}", strconv.Itoa(n))
}

// date writes a time, with the offset of its zone: names of zones are ambiguous, and not
// translated.
func (t translation) date(at time.Time) string {
	p := t.phrases()

	day := strconv.Itoa(at.Day())
	if at.Day() == 1 && p.FirstDay != "" {
		day = p.FirstDay
	}

	zone := "UTC"
	if _, offset := at.Zone(); offset != 0 {
		zone += at.Format("-07:00")
	}
	return strings.NewReplacer(
		"{year}", strconv.Itoa(at.Year()), "{month}", p.Months[at.Month()-1], "{day}", day,
		"{clock}", at.Format("15:04"), "{zone}", zone,
	).Replace(p.Date)
}
