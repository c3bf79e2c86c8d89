package sesmail

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
)

// languageFiles holds one file per language, named by its BCP 47 tag. A new one is taken up by being there; the tests
// tell what it lacks.
//
//go:embed languages/*.json
var languageFiles embed.FS

// phrases are the sentences of one language. {product}, {code}, {support} and {n} stand for what is put in.
type phrases struct {
	// Title is the subject and the heading, TitleWithCode the subject with the code in it.
	Title         string `json:"title"`
	TitleWithCode string `json:"title_with_code"`
	// Enter says what to do with the code.
	Enter string `json:"enter"`
	// LessThanAMinute, Minutes and Hours say how long the code lasts; the keys are the plural categories of CLDR.
	LessThanAMinute string            `json:"less_than_a_minute"`
	Minutes         map[string]string `json:"minutes"`
	Hours           map[string]string `json:"hours"`
	// Ignore is for those who did not ask for a code.
	Ignore string `json:"ignore"`
	// Help introduces Options.Support.
	Help string `json:"help"`
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
	english := slices.IndexFunc(all, func(t translation) bool { return t.tag == language.English })
	all[0], all[english] = all[english], all[0]
	return all
}

// readPhrases reads a file. One that does not parse is a fault of the package, which its tests find.
func readPhrases(name string) *phrases {
	text, err := languageFiles.ReadFile("languages/" + name)
	if err != nil {
		panic(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var p phrases
	if err := decoder.Decode(&p); err != nil {
		panic(fmt.Sprintf("sesmail: languages/%s: %v", name, err))
	}
	return &p
}

// pluralForms names the plural categories as CLDR does.
var pluralForms = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two",
	plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

// pluralForm returns the category of n things in the language.
func pluralForm(tag language.Tag, n int) string {
	return pluralForms[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)]
}

// minutesLeft returns the whole minutes in left, never too many but for ten seconds of grace: a code of ten minutes has
// a little less left by the time its mail is written.
func minutesLeft(left time.Duration) int { return max(0, int((left+10*time.Second)/time.Minute)) }

// expires says that the code lasts for the minutes: in minutes below two hours, in whole hours, rounded down, above.
func (t *translation) expires(minutes int) string {
	p := t.phrases()
	n, forms := minutes, p.Minutes
	switch {
	case minutes < 1:
		return p.LessThanAMinute
	case minutes == 60 || minutes >= 120:
		n, forms = minutes/60, p.Hours
	}
	return strings.ReplaceAll(forms[pluralForm(t.tag, n)], "{n}", strconv.Itoa(n))
}

// direction returns "rtl" for languages that are written from right to left, else "ltr".
func direction(tag language.Tag) string {
	script, _ := tag.Script()
	switch script.String() {
	case "Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa":
		return "rtl"
	}
	return "ltr"
}
