package otpmail

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// Options are the settings of a [Catalog]. All of them are the operator's own: [NewCatalog] checks
// them.
type Options struct {
	// Product is what people know the application by: 1 to 64 printable characters. Required.
	Product string
	// Support is where questions go, an address or a telephone number for instance. It is shown as
	// plain text at the end: at most 128 printable characters. Default: there is no such line.
	Support string

	// Links holds, by purpose (Config.Purpose), the address of the page that takes the code. Mails
	// of such a purpose have a button beside the code. It leads to the address with "#c=CODE" at
	// its end. Browsers send the part after # to no server, and a mail scanner that fetches the
	// address submits nothing. (Link protection that rewrites addresses does learn the code: see
	// docs/mail.md.) The page must put the code into its field and leave it to the person to press
	// the button.
	//
	// An address must begin with https:// and have no user information and no fragment. Take it
	// from the configuration, never from the Host header of a request.
	Links map[string]string

	// CodeInSubject puts the code into the subject as well. Phones show subjects on a locked
	// screen.
	CodeInSubject bool

	// Color is the color of the button, as "#rrggbb". Its text is white or black, whichever can be
	// read. Default: a blue.
	Color string
	// Logo is the https:// address of a picture for the top of the mail, shown 32 pixels high;
	// twice that in the file looks best. Many mail programs do not load pictures, and then show
	// Product. Loading one tells your server that the mail was opened. Default: none.
	Logo string
}

const (
	maxProduct = 64   // characters
	maxSupport = 128  // characters
	maxURL     = 1024 // bytes
	maxCode    = 64   // characters, as package otp takes them
)

// Catalog is the [Renderer] of the package: finished mails, in the languages of [Languages]. It is
// safe for concurrent use.
type Catalog struct {
	product, support, logo string

	links         map[string]string
	codeInSubject bool
	colors        palette
}

var _ Renderer = (*Catalog)(nil)

// NewCatalog returns a Catalog. The error of a bad configuration names the field, its value and the
// bound.
func NewCatalog(opts Options) (*Catalog, error) {
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("otpmail: %w", err)
	}

	color := cmp.Or(opts.Color, defaultColor)
	colors, err := newPalette(color)
	if err != nil {
		return nil, fmt.Errorf("otpmail: Options.Color is %q: %w", color, err)
	}
	return &Catalog{
		product: opts.Product, support: opts.Support, logo: opts.Logo,
		links: maps.Clone(opts.Links), codeInSubject: opts.CodeInSubject, colors: colors,
	}, nil
}

// check looks at every option but Color.
func (o *Options) check() error {
	if o.Product == "" {
		return errors.New("Options.Product is empty: it is required")
	}
	if err := checkLine(o.Product, maxProduct); err != nil {
		return fmt.Errorf("Options.Product is %q: %w", o.Product, err)
	}
	if err := checkLine(o.Support, maxSupport); err != nil {
		return fmt.Errorf("Options.Support is %q: %w", o.Support, err)
	}

	for _, purpose := range slices.Sorted(maps.Keys(o.Links)) {
		if err := checkURL(o.Links[purpose]); err != nil {
			return fmt.Errorf("Options.Links[%q] is %q: %w", purpose, o.Links[purpose], err)
		}
	}
	if o.Logo != "" {
		if err := checkURL(o.Logo); err != nil {
			return fmt.Errorf("Options.Logo is %q: %w", o.Logo, err)
		}
	}
	return nil
}

// checkURL takes an https address that a fragment can be put after.
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("it is no URL")
	case len(s) > maxURL:
		return fmt.Errorf("it has %d bytes: at most %d are allowed", len(s), maxURL)
	case u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return errors.New("it must begin with https:// and a host")
	case u.User != nil:
		return errors.New("it must have no user information")
	case strings.Contains(s, "#"):
		return errors.New("it must have no fragment (#): that is where the code goes")
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("it must be printable ASCII without spaces: use punycode and %-escapes")
	}
	return nil
}

// Render writes the mail for a message, in the language that fits m.Language best: a BCP 47 tag or
// the value of an Accept-Language header. English if nothing fits.
//
// Its errors match otp.ErrNotSent. They come from a message without a code or of an unknown Kind,
// from one of the Kind otp.ConfirmTransaction without details, and from details that cannot be
// shown whole.
func (c *Catalog) Render(m otp.Message) (Mail, error) {
	sentences, err := c.Sentences(m)
	if err != nil {
		return Mail{}, err
	}
	return c.mail(sentences), nil
}

// mail puts sentences into the layout of the package.
func (c *Catalog) mail(s Sentences) Mail { return NewMail(s.Subject, s.PlainText(), c.html(s)) }

// Sentences returns what the mail for a message says, for layouts of one's own. Its errors are
// those of Render.
func (c *Catalog) Sentences(m otp.Message) (Sentences, error) {
	code, err := plainText(m.Code.Reveal(), maxCode)
	if err != nil {
		return Sentences{}, notWritten("the code: %w", err)
	}

	t := choose(m.Language)
	p := t.phrases()
	kind, known := p.Kinds[kindNames[m.Kind]]
	if !known {
		return Sentences{}, notWritten("Message.Kind is %d: it must be a Kind of package otp",
			m.Kind)
	}

	details, err := detailsOf(m, t.tag.String())
	if err != nil {
		return Sentences{}, err
	}

	subject := kind.Subject
	if c.codeInSubject {
		subject = kind.SubjectWithCode
	}
	put := c.filler(t)
	all := c.sentences(t)
	all.Subject, all.Title = c.subject(subject, code), put.Replace(kind.Title)
	all.Details, all.Lead, all.Code = details, kind.Lead, code
	all.Expires, all.Keep = t.expires(minutesLeft(time.Until(m.ExpiresAt))), p.Keep
	all.Ignore = put.Replace(kind.Ignore)

	if base := c.links[m.Purpose]; base != "" {
		all.Link = base + "#c=" + url.PathEscape(code)
		all.OrButton, all.OrLink, all.Button = p.OrButton, p.OrLink, kind.Button
	}
	return all, nil
}

// sentences returns what all mails in a language have in common.
func (c *Catalog) sentences(t translation) Sentences {
	all := Sentences{Language: t.tag.String(), Direction: t.direction(), Product: c.product}
	if c.support != "" {
		all.Help = c.filler(t).Replace(t.phrases().Help)
	}
	return all
}

// notWritten returns the error of a message for which no mail is written.
func notWritten(format string, values ...any) error {
	return fmt.Errorf("otpmail: %w", otp.NotSent(fmt.Errorf(format, values...)))
}

// filler puts product and support into phrases, each of them in one pass: a product called {code}
// stays one.
func (c *Catalog) filler(t translation) *strings.Replacer {
	product, support := c.product, c.support
	if t.direction() == "rtl" {
		product, support = isolate(product), isolate(support)
	}
	return strings.NewReplacer("{product}", product, "{support}", support)
}

// subject fills in a subject. It has no isolates: not every list of mails knows them.
func (c *Catalog) subject(phrase, code string) string {
	return oneLine(strings.NewReplacer("{product}", c.product, "{code}", code).Replace(phrase))
}

// The characters that keep the text between them out of the order of the text around it.
const isolateStart, isolateEnd = "\u2068", "\u2069"

// isolate keeps a name in Latin letters that ends in a full stop, for instance, from showing it at
// the other end within text that is written from right to left (Unicode Standard Annex #9).
func isolate(s string) string { return isolateStart + s + isolateEnd }
