package sesmail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"maps"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/seed-5978b5f1/otp"
	"golang.org/x/text/language"
)

//go:embed templates
var templateFiles embed.FS

var (
	defaultHTML = htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "templates/mail.html"))
	defaultText = texttemplate.Must(texttemplate.ParseFS(templateFiles, "templates/mail.txt"))
)

// An edition is a message in one language.
type edition struct {
	tag         language.Tag
	translation *translation // nil in languages that only own templates are in
	html        *htmltemplate.Template
	text        *texttemplate.Template
	subject     *texttemplate.Template // nil for the title of the translation
}

// A catalog holds the editions for one purpose and chooses among them.
type catalog struct {
	editions []*edition // English first: the fallback
	matcher  language.Matcher
}

func newCatalog(editions []*edition) *catalog {
	var tags []language.Tag
	for _, e := range editions {
		tags = append(tags, e.tag)
	}
	return &catalog{editions, language.NewMatcher(tags)}
}

// defaultEditions returns the message of the package in its languages.
func defaultEditions() []*edition {
	var editions []*edition
	for i := range translations() {
		t := &translations()[i]
		editions = append(editions, &edition{tag: t.tag, translation: t, html: defaultHTML, text: defaultText})
	}
	return editions
}

// maxLanguage bounds, in bytes, the Accept-Language header that is looked at.
const maxLanguage = 1024

// choose returns the edition for the purpose that fits the tag or Accept-Language header best.
func (s *Sender) choose(purpose, accept string) *edition {
	c, own := s.own[purpose]
	if !own {
		c = s.standard
	}
	if len(accept) > maxLanguage {
		accept = ""
	}
	_, i := language.MatchStrings(c.matcher, accept)
	return c.editions[i]
}

// ownCatalogs reads own templates, laid over the message of the package, and tries each. sample holds data by purpose.
func (s *Sender) ownCatalogs(files fs.FS, sample map[string]any) (map[string]*catalog, error) {
	names := map[string]map[string]bool{} // purpose, language
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		purpose, file, _ := strings.Cut(name, "/")
		tag, kind, _ := strings.Cut(file, ".")
		if strings.Contains(file, "/") || tag == "" || kind != "html" && kind != "txt" && kind != "subject.txt" {
			return fmt.Errorf("%q is none of PURPOSE/LANGUAGE.html, PURPOSE/LANGUAGE.txt and PURPOSE/LANGUAGE.subject.txt", name)
		}
		if names[purpose] == nil {
			names[purpose] = map[string]bool{}
		}
		names[purpose][tag] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	catalogs := map[string]*catalog{}
	for _, purpose := range slices.Sorted(maps.Keys(names)) {
		editions := defaultEditions()
		for _, name := range slices.Sorted(maps.Keys(names[purpose])) {
			e, err := readEdition(files, purpose, name)
			if err != nil {
				return nil, err
			}
			if i := slices.IndexFunc(editions, func(d *edition) bool { return d.tag == e.tag }); i >= 0 {
				e.translation = editions[i].translation
				editions[i] = e
			} else {
				editions = append(editions, e)
			}
			if err := s.try(e, purpose, sample[purpose]); err != nil {
				return nil, fmt.Errorf("%s/%s: %w", purpose, name, err)
			}
		}
		catalogs[purpose] = newCatalog(editions)
	}
	return catalogs, nil
}

// readEdition parses the three templates of one purpose and language.
func readEdition(files fs.FS, purpose, name string) (*edition, error) {
	tag, err := language.Parse(name)
	if err != nil || tag.String() != name {
		return nil, fmt.Errorf("%s/%s: %q is no BCP 47 language tag in its usual form (de, pt-BR, zh-Hant)", purpose, name, name)
	}
	e := &edition{tag: tag}
	// A key that a map does not have is an error, not "<no value>".
	const strict = "missingkey=error"
	base := purpose + "/" + name
	parse := func(suffix string) (*texttemplate.Template, error) {
		source, err := fs.ReadFile(files, base+suffix)
		if err != nil {
			return nil, err
		}
		return texttemplate.New(base + suffix).Option(strict).Parse(string(source))
	}
	if e.subject, err = parse(".subject.txt"); err != nil {
		return nil, err
	}
	if e.text, err = parse(".txt"); err != nil {
		return nil, err
	}
	source, err := fs.ReadFile(files, base+".html")
	if err != nil {
		return nil, err
	}
	e.html, err = htmltemplate.New(base + ".html").Option(strict).Parse(string(source))
	return e, err
}

// sampleCode is the longest that a code can be. No template holds it by chance.
const sampleCode = "80529674130582"

// try renders e once and looks for the code in both bodies.
func (s *Sender) try(e *edition, purpose string, data any) error {
	now := time.Now()
	m := otp.Message{Purpose: purpose, ExpiresAt: now.Add(previewLifetime), Data: data}
	mail, err := s.render(e, &m, sampleCode, now)
	switch {
	case err != nil:
		return err
	case !shows(mail.HTML, sampleCode):
		return errors.New("the HTML never shows {{.Code}}, in one piece, as text")
	case !strings.Contains(mail.Text, sampleCode):
		return errors.New("the text never shows {{.Code}} in one piece")
	}
	return nil
}
