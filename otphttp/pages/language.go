package pages

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	text "golang.org/x/text/language"

	"github.com/seed-5978b5f1/otp/internal/language"
)

// texts are the texts of a language by their keys. {address}, {n} and {time} stand for what is put
// in.
type texts map[string]string

// find returns the text of a key, the one for telephone numbers first where they are typed.
func (t texts) find(key string, phone bool) string {
	if special := t["phone."+key]; phone && special != "" {
		return special
	}
	return t[key]
}

// languages are those of the package, with the texts of Options.Files.
type languages struct {
	tags    []text.Tag // English first
	texts   []texts
	matcher language.Matcher
}

func (p *Pages) loadLanguages() (err error) {
	p.languages, err = readLanguages(p.readTexts)
	return err
}

// readLanguages reads the texts of all languages.
func readLanguages(read func(file string) (texts, error)) (*languages, error) {
	files, err := fs.Glob(builtIn, "languages/*.json")
	if err != nil {
		return nil, err
	}

	l := &languages{}
	slices.SortFunc(files, englishFirst)
	for _, file := range files {
		t, err := read(file)
		if err != nil {
			return nil, err
		}

		l.tags = append(l.tags, text.MustParse(strings.TrimSuffix(path.Base(file), ".json")))
		l.texts = append(l.texts, t)
	}
	l.matcher = language.NewMatcher(l.tags)
	return l, nil
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

// readBuiltIn reads the texts of this package in a language.
func readBuiltIn(file string) (texts, error) {
	content, err := builtIn.ReadFile(file)
	if err != nil {
		return nil, err
	}

	read := make(texts)
	if err := json.Unmarshal(content, &read); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return read, nil
}

// readTexts reads the texts of a language. Those of Options.Files replace the ones of the same key.
func (p *Pages) readTexts(file string) (texts, error) {
	read, err := readBuiltIn(file)
	if err != nil {
		return nil, err
	}

	own, err := p.own(file)
	if errors.Is(err, fs.ErrNotExist) {
		return read, nil
	}
	if err != nil {
		return nil, fmt.Errorf("Options.Files: %s: %w", file, err)
	}
	return read, mergeTexts(read, file, own)
}

// mergeTexts replaces texts, and refuses keys that no page has.
func mergeTexts(into texts, file string, content []byte) error {
	own := make(texts)
	if err := json.Unmarshal(content, &own); err != nil {
		return fmt.Errorf("Options.Files: %s: %w", file, err)
	}

	for key, text := range own {
		if _, ok := into[key]; !ok {
			return fmt.Errorf("Options.Files: %s: no page has the key %q", file, key)
		}
		into[key] = text
	}
	return nil
}

// best returns the index of the language that fits the value of an Accept-Language header best,
// that of English if none does.
func (l *languages) best(accept string) int { return l.matcher.Match(accept) }
