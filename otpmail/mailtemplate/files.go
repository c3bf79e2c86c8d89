package mailtemplate

import (
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	texttemplate "text/template"

	"golang.org/x/text/language"

	choice "github.com/seed-5978b5f1/otp/internal/language"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// anyName is the name of the files for all languages without files of their own.
const anyName = "any"

// list returns the names of the languages that there are files for, by purpose.
func list(files fs.FS) (map[string]map[string]bool, error) {
	names := map[string]map[string]bool{}
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}

		purpose, file, _ := strings.Cut(path, "/")
		name, suffix, _ := strings.Cut(file, ".")
		known := suffix == "html" || suffix == "txt" || suffix == "subject.txt"
		if strings.Contains(file, "/") || name == "" || !known {
			return fmt.Errorf("%q is none of PURPOSE/LANGUAGE.html, PURPOSE/LANGUAGE.txt and "+
				"PURPOSE/LANGUAGE.subject.txt", path)
		}

		if names[purpose] == nil {
			names[purpose] = map[string]bool{}
		}
		names[purpose][name] = true
		return nil
	})
	return names, err
}

// read returns the editions of a purpose.
func read(files fs.FS, purpose string, names map[string]bool) (*editions, error) {
	parsed := map[string]*templates{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if err := checkName(purpose, name); err != nil {
			return nil, err
		}

		t, err := parse(files, purpose, name)
		if err != nil {
			return nil, err
		}
		parsed[name] = t
	}
	return newEditions(purpose, parsed)
}

// checkName wants a language tag in its usual form, or any.
func checkName(purpose, name string) error {
	tag, err := language.Parse(name)
	if name != anyName && (err != nil || tag.String() != name) {
		return fmt.Errorf("%s/%s: %q is neither any nor a BCP 47 language tag in its usual form "+
			"(de, pt-BR, zh-Hant)", purpose, name, name)
	}
	return nil
}

// newEditions lays out the templates by language. Every language of otpmail must have some.
func newEditions(purpose string, parsed map[string]*templates) (*editions, error) {
	translated := otpmail.Languages()
	languages := append([]string{"en"}, translated...) // English first: the fallback
	for _, name := range slices.Sorted(maps.Keys(parsed)) {
		if name != anyName {
			languages = append(languages, name)
		}
	}

	c := &editions{}
	var lacking []string
	var tags []language.Tag
	for _, name := range distinct(languages) {
		files := parsed[name]
		if files == nil {
			files = parsed[anyName]
		}
		if files == nil {
			lacking = append(lacking, name)
			continue
		}

		e := &edition{language.MustParse(name), slices.Contains(translated, name), files}
		c.all = append(c.all, e)
		tags = append(tags, e.tag)
	}
	if len(lacking) > 0 {
		slices.Sort(lacking)
		return nil, fmt.Errorf("%s lacks templates for %s: add them, or any.html, any.txt and "+
			"any.subject.txt for all of them", purpose, strings.Join(lacking, ", "))
	}

	c.matcher = choice.NewMatcher(tags)
	return c, nil
}

// distinct returns names in their order, without repetitions.
func distinct(names []string) []string {
	var all []string
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// templates are the three templates of a mail.
type templates struct {
	name    string // of the language, or any
	subject *texttemplate.Template
	text    *texttemplate.Template
	page    *htmltemplate.Template
}

// parse reads the three files of a name.
func parse(files fs.FS, purpose, name string) (*templates, error) {
	const strict = "missingkey=error" // not "<no value>"
	base := purpose + "/" + name
	source := map[string]string{}
	for _, suffix := range []string{".subject.txt", ".txt", ".html"} {
		content, err := fs.ReadFile(files, base+suffix)
		if err != nil {
			return nil, err
		}
		source[suffix] = string(content)
	}

	newText := func(suffix string) (*texttemplate.Template, error) {
		return texttemplate.New(base + suffix).Option(strict).Parse(source[suffix])
	}
	subject, err := newText(".subject.txt")
	if err != nil {
		return nil, err
	}
	text, err := newText(".txt")
	if err != nil {
		return nil, err
	}
	page, err := htmltemplate.New(base + ".html").Option(strict).Parse(source[".html"])
	if err != nil {
		return nil, err
	}
	return &templates{name, subject, text, page}, nil
}

// execute fills in the templates.
func (t *templates) execute(view *View) (otpmail.Mail, error) {
	var filled [3]string
	for i, template := range []interface {
		Execute(io.Writer, any) error
	}{t.subject, t.text, t.page} {
		var out strings.Builder
		if err := template.Execute(&out, view); err != nil {
			return otpmail.Mail{}, err
		}
		filled[i] = out.String()
	}
	return otpmail.NewMail(filled[0], filled[1], filled[2]), nil
}
