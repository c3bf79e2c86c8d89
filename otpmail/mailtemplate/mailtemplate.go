package mailtemplate

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"golang.org/x/text/language"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery"
	choice "github.com/seed-5978b5f1/otp/internal/language"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// Templates is a Renderer with own templates for some purposes. It is safe for concurrent use.
type Templates struct {
	catalog  *otpmail.Catalog
	editions map[string]*editions // by purpose
}

var _ otpmail.Renderer = (*Templates)(nil)

// View is what templates see. All text in it is plain: html/template escapes it where it is put in.
// It shows as "[redacted]" when printed, logged or marshaled.
type View struct {
	// Sentences are those of the standard mail. In a language that is none of otpmail.Languages,
	// only Language, Direction, Product, Details (labeled in English), Code and Link are filled in.
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

// New reads the templates of a folder; see the package comment. The catalog writes the mails of
// purposes without templates, and the sentences of the others.
//
// Its errors name the purpose and the file, or the languages that a purpose lacks.
func New(files fs.FS, catalog *otpmail.Catalog) (*Templates, error) {
	if files == nil {
		return nil, errors.New("mailtemplate: files is nil: it is required (an embed.FS, say)")
	}
	if catalog == nil {
		return nil, errors.New("mailtemplate: catalog is nil: it is required (otpmail.NewCatalog)")
	}

	names, err := list(files)
	if err != nil {
		return nil, fmt.Errorf("mailtemplate: %w", err)
	}

	t := &Templates{catalog: catalog, editions: map[string]*editions{}}
	for _, purpose := range slices.Sorted(maps.Keys(names)) {
		if t.editions[purpose], err = read(files, purpose, names[purpose]); err != nil {
			return nil, fmt.Errorf("mailtemplate: %w", err)
		}
	}
	return t, nil
}

// Render writes the mail for a message, from the templates of its purpose if there are any, in the
// language that fits m.Language best, or English.
//
// Its errors match otp.ErrNotSent. Their text does not repeat that of what they wrap, which may
// hold parts of Data.
func (t *Templates) Render(m otp.Message) (otpmail.Mail, error) {
	c := t.editions[m.Purpose]
	if c == nil {
		return t.catalog.Render(m)
	}
	return t.render(c.choose(m.Language), m)
}

// render writes the mail of an edition.
func (t *Templates) render(e *edition, m otp.Message) (otpmail.Mail, error) {
	m.Language = e.tag.String()
	sentences, err := t.catalog.Sentences(m)
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
		return otpmail.Mail{}, failed(&m, err)
	}
	if err := mail.Check(); err != nil {
		return otpmail.Mail{}, failed(&m, err)
	}
	return mail, nil
}

// failed says which templates have failed, and not why.
func failed(m *otp.Message, cause error) error {
	return delivery.NotSent("mailtemplate",
		fmt.Sprintf("the templates for %s in %s failed", m.Purpose, m.Language), cause)
}

// untranslated returns sentences without what is in another language.
func untranslated(s otpmail.Sentences, tag string) otpmail.Sentences {
	return otpmail.Sentences{
		Language: tag, Direction: choice.Direction(language.Make(tag)),
		Product: s.Product, Details: s.Details, Code: s.Code, Link: s.Link,
	}
}

// editions are those of the mail of one purpose.
type editions struct {
	all     []*edition // English first: the fallback
	matcher choice.Matcher
}

// An edition is the mail of one purpose in one language.
type edition struct {
	tag        language.Tag
	translated bool // whether the language is one of otpmail.Languages
	files      *templates
}

// choose returns the edition that fits a BCP 47 tag or Accept-Language header best.
func (c *editions) choose(accept string) *edition { return c.all[c.matcher.Match(accept)] }
