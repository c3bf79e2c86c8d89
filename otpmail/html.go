package otpmail

import (
	_ "embed"
	"html"
	"strings"
	"unicode/utf8"
)

// pageHTML is the frame of every mail. page.add fills in what stands in {}: html/template would
// make programs larger and slower to start.
//
//go:embed page.html
var pageHTML string

// The parts that go into the frame. Styles stand at the elements, since many mail programs drop
// those of the head; the classes are for dark mode.
const (
	logoHTML = `<p style="margin:0 0 20px;"><img class="logo" src="{logo}" alt="{product}"` +
		` height="32" style="display:inline-block;height:32px;max-width:85%;border:0;` +
		`vertical-align:top;overflow:hidden;font-size:18px;font-weight:600;line-height:32px;` +
		`white-space:nowrap;"></p>
`
	titleHTML = `<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3;font-weight:600;">` +
		`{text}</h1>
`
	textHTML = `<p style="margin:0 0 {space};">{text}</p>
`
	expiresHTML = `<p style="margin:0 0 20px;">{expires}<br>{keep}</p>
`
	noteHTML = `<p class="note" style="margin:0 0 12px;color:#565d69;font-size:14px;">{text}</p>
`
	codeHTML = `<p class="code" dir="ltr" style="margin:0 0 20px;padding:16px 8px;` +
		`border:1px solid #d5d9e0;border-radius:8px;background-color:#f3f5f8;color:#101318;` +
		`font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace;` +
		`font-size:{size};line-height:1.2;font-weight:700;letter-spacing:2px;text-align:center;` +
		`white-space:nowrap;speak-as:spell-out;-webkit-user-select:all;user-select:all;">{code}</p>
`
	detailsStartHTML = `<table style="width:100%;margin:0 0 20px;border-collapse:collapse;">
`
	detailHTML = `<tr><th class="rule note" scope="row" style="width:30%;padding:8px 0;` +
		`border-top:1px solid #d5d9e0;color:#565d69;font-size:14px;font-weight:400;` +
		`text-align:{start};vertical-align:baseline;">{name}</th>` +
		`<td class="rule" style="padding:8px 0;padding-{start}:16px;border-top:1px solid #d5d9e0;` +
		`font-weight:600;text-align:{start};vertical-align:baseline;overflow-wrap:anywhere;">` +
		`<bdi>{value}</bdi></td></tr>
`
	detailsEndHTML = `</table>
`
	buttonHTML = `<table role="presentation" cellspacing="0" cellpadding="0"` +
		` style="margin:0 0 20px;border-collapse:separate;border-spacing:0;"><tr>` +
		`<td bgcolor="{fill}" style="border-radius:8px;background-color:{fill};">` +
		`<a class="button" href="{link}" style="display:inline-block;padding:12px 20px;` +
		`border:1px solid {edge};border-radius:8px;background-color:{fill};color:{ink};` +
		`font-weight:600;text-decoration:none;">{label}</a></td></tr></table>
`
)

// html writes the HTML of a mail.
func (c *Catalog) html(s Sentences) string {
	p := c.page(s.Language, s.Direction, s.Title)
	p.text(s.Text, "16px")
	p.details(s.Details)

	p.text(s.Lead, "8px")
	p.code(s.Code)
	if s.Link != "" {
		p.text(s.OrButton, "8px")
		p.add(buttonHTML, "{link}", s.Link, "{label}", s.Button,
			"{fill}", c.colors.fill, "{ink}", c.colors.ink, "{edge}", c.colors.lightEdge)
	}
	if s.Expires != "" {
		p.add(expiresHTML, "{expires}", s.Expires, "{keep}", s.Keep)
	}

	p.text(s.WasYou, "12px")
	p.text(s.Act, "20px")
	p.note(s.Ignore)
	p.note(s.Help)
	if c.logo != "" {
		p.fill()
	}
	return p.String()
}

// isolates writes the characters of isolate as HTML has them, and withoutIsolates leaves them out.
// No other text has these characters.
var (
	isolates        = strings.NewReplacer(isolateStart, "<bdi>", isolateEnd, "</bdi>")
	withoutIsolates = strings.NewReplacer(isolateStart, "", isolateEnd, "")
)

// page is an HTML document in the making.
type page struct {
	strings.Builder
	start, end string // "left" or "right", and what follows the content
}

// page begins a document with logo and heading.
func (c *Catalog) page(language, direction, title string) *page {
	head, foot, _ := strings.Cut(pageHTML, "{content}\n")
	p := &page{start: "left", end: foot}
	if direction == "rtl" {
		p.start = "right"
	}

	p.add(head, "{language}", language, "{direction}", direction,
		"{title}", withoutIsolates.Replace(title), "{darkEdge}", c.colors.darkEdge)
	if c.logo != "" {
		p.add(logoHTML, "{logo}", c.logo, "{product}", c.product)
	}
	p.add(titleHTML, "{text}", title)
	return p
}

// SpamAssassin takes HTML of up to 3,200 characters with a picture for one that hides its text in
// the picture, however much text there is: HTML_IMAGE_ONLY_32 and its siblings, 2.8 points of the 5
// that make spam, in version 4.0.1.
const (
	minWithLogo = 3300 // characters
	fillerHTML  = "This comment makes room for the logo. "
)

// fill adds a comment to a document with a logo, so that it is long enough.
func (p *page) fill() {
	missing := minWithLogo - utf8.RuneCountInString(p.Builder.String()) - len(p.end)
	if missing > 0 {
		n := missing/len(fillerHTML) + 1
		p.WriteString("<!-- " + strings.Repeat(fillerHTML, n) + "-->\n")
	}
}

// add adds a part with values in the place of names, each of them escaped. It does so in one pass:
// what is put in is not looked at again.
func (p *page) add(part string, namesAndValues ...string) {
	for i := 1; i < len(namesAndValues); i += 2 {
		namesAndValues[i] = isolates.Replace(html.EscapeString(namesAndValues[i]))
	}

	p.WriteString(strings.NewReplacer(namesAndValues...).Replace(part))
}

// text adds a paragraph with space below it, unless it is empty.
func (p *page) text(text, space string) {
	if text != "" {
		p.add(textHTML, "{text}", text, "{space}", space)
	}
}

// code adds the code, unless it is empty, in a size with which it fits on one line of a small
// phone.
func (p *page) code(code string) {
	size := "36px"
	if len(code) > 8 {
		size = "24px"
	}
	if code != "" {
		p.add(codeHTML, "{code}", code, "{size}", size)
	}
}

// note adds a paragraph in small type, unless it is empty.
func (p *page) note(text string) {
	if text != "" {
		p.add(noteHTML, "{text}", text)
	}
}

// details adds a table of named values.
func (p *page) details(details []Detail) {
	if len(details) == 0 {
		return
	}

	p.add(detailsStartHTML)
	for _, d := range details {
		p.add(detailHTML, "{name}", d.Name, "{value}", d.Value, "{start}", p.start)
	}
	p.add(detailsEndHTML)
}

// String returns the whole document.
func (p *page) String() string { return p.Builder.String() + p.end }
