package mailtemplate

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/seed-5978b5f1/otp"
	choice "github.com/seed-5978b5f1/otp/internal/language"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// Templates is a Renderer with own templates for some purposes. It is safe for concurrent use.
type Templates struct {
	standard *otpmail.Standard
	catalogs map[string]*catalog // by purpose
}

var _ otpmail.Renderer = (*Templates)(nil)

// View is what templates see. All text in it is plain: html/template escapes it where it is put in.
// It shows as "[redacted]" when printed, logged or marshaled.
type View struct {
	// Sentences are those of the standard mail. In a language that is none of otpmail.Languages,
	// only Language, Direction, Product, Lines (labeled in English), Code and Link are filled in.
	otpmail.Sentences

	// Purpose is Message.Purpose.
	Purpose string
	// ExpiresAt is Message.ExpiresAt.
	ExpiresAt time.Time
	// Minutes is how many whole minutes the code lasts from now; 0 for less than one.
	Minutes int
	// Data is Request.Data.
	Data any
}

// New reads the templates of a folder and tries each of them; see the package comment. The samples
// stand in for Request.Data, by purpose; nil for a purpose that has none. The standard renderer
// writes the mails of purposes without templates, and the sentences of the others.
//
// Its errors name the purpose and the file, or the languages that a purpose lacks.
func New(
	files fs.FS, standard *otpmail.Standard, samples map[string]any,
) (*Templates, error) {
	if files == nil {
		return nil, errors.New("mailtemplate: files is nil: it is required (an embed.FS, say)")
	}
	if standard == nil {
		return nil, errors.New("mailtemplate: standard is nil: it is required (otpmail.New)")
	}

	names, err := list(files)
	if err != nil {
		return nil, fmt.Errorf("mailtemplate: %w", err)
	}
	for purpose := range samples {
		if names[purpose] == nil {
			return nil, fmt.Errorf("mailtemplate: samples has %q: it has no templates", purpose)
		}
	}

	t := &Templates{standard: standard, catalogs: map[string]*catalog{}}
	for _, purpose := range slices.Sorted(maps.Keys(names)) {
		c, err := read(files, purpose, names[purpose])
		if err != nil {
			return nil, fmt.Errorf("mailtemplate: %w", err)
		}
		if err := t.try(c, purpose, samples[purpose]); err != nil {
			return nil, fmt.Errorf("mailtemplate: %w", err)
		}
		t.catalogs[purpose] = c
	}
	return t, nil
}

// Render writes the mail for a message, from the templates of its purpose if there are any, in the
// language that fits m.Language best, or English.
//
// Its errors match otp.ErrNotSent. Their text does not repeat that of what they wrap, which may
// hold parts of Data.
func (t *Templates) Render(m otp.Message) (otpmail.Mail, error) {
	c := t.catalogs[m.Purpose]
	if c == nil {
		return t.standard.Render(m)
	}
	return t.render(c.choose(m.Language), m)
}

// render writes the mail of an edition.
func (t *Templates) render(e *edition, m otp.Message) (otpmail.Mail, error) {
	m.Language = e.tag.String()
	sentences, err := t.standard.Sentences(m)
	if err != nil {
		return otpmail.Mail{}, err
	}
	if !e.translated {
		sentences = untranslated(sentences, m.Language)
	}

	left := time.Until(m.ExpiresAt) + 10*time.Second // as otpmail counts minutes
	view := &View{
		Sentences: sentences, Purpose: m.Purpose, ExpiresAt: m.ExpiresAt,
		Minutes: max(0, int(left/time.Minute)), Data: m.Data,
	}
	mail, err := e.files.execute(view)
	if err != nil {
		return otpmail.Mail{}, &renderError{m.Purpose, m.Language, err}
	}
	if err := mail.Check(); err != nil {
		return otpmail.Mail{}, &renderError{m.Purpose, m.Language, err}
	}
	return mail, nil
}

// untranslated returns sentences without what is in another language.
func untranslated(s otpmail.Sentences, tag string) otpmail.Sentences {
	return otpmail.Sentences{
		Language: tag, Direction: otpmail.Direction(tag),
		Product: s.Product, Lines: s.Lines, Code: s.Code, Link: s.Link,
	}
}

// A renderError says which templates have failed, and not why.
type renderError struct {
	purpose, language string
	cause             error
}

func (e *renderError) Error() string {
	return fmt.Sprintf("mailtemplate: the templates for %s in %s failed", e.purpose, e.language)
}

// GoString keeps %#v from walking into the cause.
func (e *renderError) GoString() string { return e.Error() }

func (e *renderError) Unwrap() []error { return []error{otp.ErrNotSent, e.cause} }

// A catalog holds the editions of the mail of one purpose and chooses among them.
type catalog struct {
	editions []*edition // English first: the fallback
	matcher  choice.Matcher
}

// An edition is the mail of one purpose in one language.
type edition struct {
	tag        language.Tag
	translated bool // whether the language is one of otpmail.Languages
	files      *templates
}

// choose returns the edition that fits a BCP 47 tag or Accept-Language header best.
func (c *catalog) choose(accept string) *edition { return c.editions[c.matcher.Match(accept)] }

// sampleCode is as long as a code can be. No template holds it by chance.
const sampleCode = "80529674130582"

// try renders each edition with a sample.
func (t *Templates) try(c *catalog, purpose string, data any) error {
	m := otp.Message{
		Purpose: purpose, Code: otp.NewCode(sampleCode), Data: data,
		ExpiresAt: time.Now().Add(10 * time.Minute),
	}

	for _, e := range c.editions {
		mail, err := t.render(e, m)
		if failed := (*renderError)(nil); errors.As(err, &failed) {
			err = failed.cause // a sample is no secret
		}
		if err != nil {
			return fmt.Errorf("%s/%s: %w", purpose, e.files.name, err)
		}
		if err := t.checkShown(mail, m, e); err != nil {
			return fmt.Errorf("%s/%s: %w", purpose, e.files.name, err)
		}
	}
	return nil
}

// checkShown wants the code in both bodies, and the lines of a transaction.
func (t *Templates) checkShown(mail otpmail.Mail, m otp.Message, e *edition) error {
	page := shownText(mail.HTML)
	if !strings.Contains(page, sampleCode) {
		return errors.New("the HTML never shows {{.Code}}, in one piece, as text")
	}
	if !strings.Contains(mail.Text, sampleCode) {
		return errors.New("the text never shows {{.Code}} in one piece")
	}
	if t.standard.Kind(m.Purpose) != otpmail.ConfirmTransaction {
		return nil
	}

	m.Language = e.tag.String()
	sentences, err := t.standard.Sentences(m)
	if err != nil {
		return err
	}
	for _, line := range sentences.Lines {
		if !strings.Contains(page, line.Value) || !strings.Contains(mail.Text, line.Value) {
			return fmt.Errorf("the HTML or the text does not show %q, a line of the sample: "+
				"people must see what they confirm", line.Value)
		}
	}
	return nil
}
