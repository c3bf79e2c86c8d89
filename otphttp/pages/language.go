package pages

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// texts are the texts of a language by their keys. {address}, {n} and {time} stand for what is put
// in.
type texts map[string]string

// languages are those of the package, with the texts of Options.Files.
type languages struct {
	tags    []language.Tag // English first
	texts   []texts
	matcher language.Matcher
}

func (p *Pages) loadLanguages() error {
	files, err := fs.Glob(builtIn, "languages/*.json")
	if err != nil {
		return err
	}

	p.languages = &languages{}
	slices.SortFunc(files, englishFirst)
	for _, file := range files {
		read, err := p.readTexts(file)
		if err != nil {
			return err
		}

		tag := language.MustParse(strings.TrimSuffix(path.Base(file), ".json"))
		p.languages.tags = append(p.languages.tags, tag)
		p.languages.texts = append(p.languages.texts, read)
	}
	p.languages.matcher = language.NewMatcher(p.languages.tags)
	return nil
}

// englishFirst orders the files so that English is what is left where no language matches.
func englishFirst(a, b string) int {
	const english = "languages/en.json"

	switch {
	case a == english:
		return -1
	case b == english:
		return 1
	}
	return strings.Compare(a, b)
}

// readTexts reads the texts of a language. Those of Options.Files replace the ones of the same key.
func (p *Pages) readTexts(name string) (texts, error) {
	builtInTexts, err := builtIn.ReadFile(name)
	if err != nil {
		return nil, err
	}

	read := make(texts)
	if err := json.Unmarshal(builtInTexts, &read); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}

	own, err := p.own(name)
	if errors.Is(err, fs.ErrNotExist) {
		return read, nil
	}
	if err != nil {
		return nil, fmt.Errorf("Options.Files: %s: %w", name, err)
	}
	return read, mergeTexts(read, name, own)
}

// mergeTexts replaces texts, and refuses keys that no page has.
func mergeTexts(into texts, name string, content []byte) error {
	own := make(texts)
	if err := json.Unmarshal(content, &own); err != nil {
		return fmt.Errorf("Options.Files: %s: %w", name, err)
	}

	for key, text := range own {
		if _, ok := into[key]; !ok {
			return fmt.Errorf("Options.Files: %s: no page has the key %q", name, key)
		}
		into[key] = text
	}
	return nil
}

// maxLanguage bounds the Accept-Language header that is looked at, in bytes.
const maxLanguage = 1024

// choose returns the language that fits the value of an Accept-Language header best, English if
// none does.
func (l *languages) choose(accept string) (language.Tag, texts) {
	if len(accept) > maxLanguage {
		accept = ""
	}
	_, i := language.MatchStrings(l.matcher, accept)
	return l.tags[i], l.texts[i]
}

// direction is how a language is written, for the attribute dir.
func direction(tag language.Tag) string {
	base, _ := tag.Base()
	if s := base.String(); s == "ar" || s == "he" {
		return "rtl"
	}
	return "ltr"
}
