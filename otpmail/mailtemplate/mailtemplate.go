package mailtemplate

import (
	"errors"
	"fmt"
	"html"
	htmltemplate "html/template"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery"
	"github.com/seed-5978b5f1/otp/internal/isnil"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// Templates writes mails in a layout of your own. It is safe for concurrent use.
type Templates struct {
	catalog *otpmail.Catalog
	page    *htmltemplate.Template
	text    *texttemplate.Template // nil: the plain text of the catalog
	texts   map[string]texts       // by the name of the file without .json
}

var _ otpmail.Renderer = (*Templates)(nil)

// View is what templates see. All text in it is plain: html/template escapes it where it is put in.
// It shows as "[redacted]" when printed, logged or marshaled.
type View struct {
	otpmail.Sentences
	Purpose string // Message.Purpose; empty in notices
	Data    any    // Request.Data; nil in notices
}

// New reads the files of a folder; see the package comment. Its errors name the file.
func New(files fs.FS, catalog *otpmail.Catalog) (*Templates, error) {
	switch {
	case isnil.Value(files):
		return nil, errors.New("mailtemplate: files is nil: it is required (an embed.FS, say)")
	case catalog == nil:
		return nil, errors.New("mailtemplate: catalog is nil: it is required (otpmail.NewCatalog)")
	}

	t := &Templates{catalog: catalog, texts: map[string]texts{}}
	err := t.load(files)
	if err == nil {
		err = t.try()
	}
	if err != nil {
		return nil, fmt.Errorf("mailtemplate: %w", err)
	}
	return t, nil
}

// strict makes a key that a map does not have an error, not "<no value>".
const strict = "missingkey=error"

// load reads all files.
func (t *Templates) load(files fs.FS) error {
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		switch path {
		case "layout.html":
			t.page, err = htmltemplate.New(path).Option(strict).Parse(string(source))
		case "layout.txt":
			t.text, err = texttemplate.New(path).Option(strict).Parse(string(source))
		default:
			err = t.addTexts(path, source)
		}
		return err
	})
	if err == nil && t.page == nil {
		return errors.New("there is no layout.html: it is required")
	}
	return err
}

// try puts each kind of mail into the layout.
func (t *Templates) try() error {
	put := func(s otpmail.Sentences, err error) error {
		if err == nil {
			_, err = t.mail(&View{Sentences: s}, nil)
		}
		return err
	}

	m := otp.Message{
		Code: otp.NewCode("80529674130582"), // no layout holds it by chance
		Data: otpmail.Details{{Name: "To", Value: "<Ada> & 'Eve'"}},
	}
	for ; m.Kind <= otp.ConfirmTransaction; m.Kind++ {
		if err := put(t.catalog.Sentences(m)); err != nil {
			return fmt.Errorf("a mail of the Kind %v: %w", m.Kind, err)
		}
	}
	n := otpmail.Notice{Kind: otpmail.PasswordChanged, Time: time.Now()}
	for ; n.Kind <= otpmail.AccountExists; n.Kind++ {
		if err := put(t.catalog.NoticeSentences(n)); err != nil {
			return fmt.Errorf("a notice of the kind %v: %w", n.Kind, err)
		}
	}
	return nil
}

// Render writes the mail for a message, in the language that fits m.Language best, or English. Its
// errors match otp.ErrNotSent. Their text does not repeat that of what they wrap, which may hold
// parts of Data.
func (t *Templates) Render(m otp.Message) (otpmail.Mail, error) {
	s, err := t.catalog.Sentences(m)
	if err != nil {
		return otpmail.Mail{}, err
	}
	return t.fill(m.Purpose, &View{Sentences: s, Purpose: m.Purpose, Data: m.Data})
}

// Notice writes the mail for a notice, in the language that fits n.Language best, or English.
func (t *Templates) Notice(n otpmail.Notice) (otpmail.Mail, error) {
	s, err := t.catalog.NoticeSentences(n)
	if err != nil {
		return otpmail.Mail{}, err
	}
	return t.fill("notices/"+n.Kind.String(), &View{Sentences: s})
}

// fill writes a mail that has a folder of own texts.
func (t *Templates) fill(folder string, view *View) (otpmail.Mail, error) {
	mail, err := t.mail(view, t.texts[folder+"/"+view.Language])
	if err != nil {
		reason := fmt.Sprintf("the templates for %s in %s failed", folder, view.Language)
		return otpmail.Mail{}, delivery.NotSent("mailtemplate", reason, err)
	}
	return mail, nil
}

// mail puts own texts into a View, and the View into the layout.
func (t *Templates) mail(view *View, own texts) (otpmail.Mail, error) {
	if err := own.replace(view); err != nil {
		return otpmail.Mail{}, err
	}
	var page, text strings.Builder
	if err := t.page.Execute(&page, view); err != nil {
		return otpmail.Mail{}, err
	}
	if t.text == nil {
		text.WriteString(view.PlainText())
	} else if err := t.text.Execute(&text, view); err != nil {
		return otpmail.Mail{}, err
	}

	mail := otpmail.NewMail(view.Subject, text.String(), page.String())
	shown := html.UnescapeString(notShown.ReplaceAllString(mail.HTML, "\n"))
	if !shows(shown, view) || !shows(mail.Text, view) {
		return otpmail.Mail{}, errors.New("HTML and plain text must show {{.Code}} and the " +
			"values of {{.Details}}, each in one piece and as text")
	}
	return mail, mail.Check()
}

// notShown matches what a reader of an HTML document does not see.
var notShown = regexp.MustCompile(
	`(?is)<(?:title|style|script)\b.*?</(?:title|style|script)\s*>|<!--.*?-->|<[^>]*>`)

// shows reports whether a text has the code and the values of all details.
func shows(text string, view *View) bool {
	return strings.Contains(text, view.Code) &&
		!slices.ContainsFunc(view.Details, func(d otpmail.Detail) bool {
			return !strings.Contains(text, d.Value)
		})
}
