package sesmail

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/seed-5978b5f1/otp"
	"golang.org/x/net/html"
	"golang.org/x/text/language"
)

// Templates are own messages, for Options.Templates. TemplatesFS makes them.
type Templates struct {
	// read reads the files and tries each template, with the data of its purpose.
	//
	// Nothing but TemplatesFS may mention what it does. Templates call methods by names that are known only when they
	// run, so that the linker must keep every method of every type in a program that can execute one: all operations of
	// all SDK clients among them, which doubles the size of a small program.
	read func(s *Sender, data map[string]any) (map[string]*catalog, error)
}

// TemplatesFS returns the templates in files, three for each purpose and language; see the package comment. New reads
// and tries them. Only programs that call it link html/template and text/template.
func TemplatesFS(files fs.FS) *Templates {
	return &Templates{func(s *Sender, data map[string]any) (map[string]*catalog, error) {
		if files == nil {
			return nil, errors.New("the files are nil: TemplatesFS needs an fs.FS, such as an embed.FS")
		}
		return s.readTemplates(files, data)
	}}
}

// readTemplates lays own templates over the message of the package and tries each. data is by purpose.
func (s *Sender) readTemplates(files fs.FS, data map[string]any) (map[string]*catalog, error) {
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
		editions := standardEditions()
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
			if err := s.try(e, purpose, data[purpose]); err != nil {
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
	subject, err := parse(".subject.txt")
	if err != nil {
		return nil, err
	}
	text, err := parse(".txt")
	if err != nil {
		return nil, err
	}
	source, err := fs.ReadFile(files, base+".html")
	if err != nil {
		return nil, err
	}
	page, err := htmltemplate.New(base + ".html").Option(strict).Parse(string(source))
	if err != nil {
		return nil, err
	}
	return &edition{tag: tag, own: func(v *View) (mail Mail, err error) {
		if mail.Subject, err = execute(subject, v); err != nil {
			return Mail{}, err
		}
		if mail.Text, err = execute(text, v); err != nil {
			return Mail{}, err
		}
		mail.HTML, err = execute(page, v)
		return mail, err
	}}, nil
}

// execute returns what a template of either kind makes of v.
func execute(t interface{ Execute(io.Writer, any) error }, v *View) (string, error) {
	var out strings.Builder
	err := t.Execute(&out, v)
	return out.String(), err
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

// shows reports whether a reader of the HTML document sees the text, in one piece: not in a tag, a comment or the title.
func shows(document, text string) bool {
	hidden := "" // the element that we are in, if nothing in it is shown
	for z := html.NewTokenizer(strings.NewReader(document)); ; {
		kind := z.Next()
		name, _ := z.TagName()
		switch tag := string(name); {
		case kind == html.ErrorToken: // the end
			return false
		case kind == html.StartTagToken && (tag == "title" || tag == "style" || tag == "script"):
			hidden = tag
		case kind == html.EndTagToken && tag == hidden:
			hidden = ""
		case kind == html.TextToken && hidden == "" && strings.Contains(string(z.Text()), text):
			return true
		}
	}
}
