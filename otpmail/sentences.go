package otpmail

import "strings"

// Sentences is what one mail says, in one language and as plain text: whoever puts it into HTML
// escapes it. What a mail does not say is empty: a message with a code has no Text, a notice no
// Code. In languages that are written from right to left, product and support stand between U+2068
// and U+2069 in the sentences, but not in Subject. It holds the code, and so it shows as
// "[redacted]" when printed, logged or marshaled.
type Sentences struct {
	redacted

	// Language is a BCP 47 tag, and Direction is "ltr" or "rtl" with it.
	Language, Direction string
	// Product is Options.Product.
	Product string

	// Subject is the subject, and Title the heading: what the mail is about.
	Subject, Title string
	// Text tells what has happened.
	Text string
	// Details are those of Data, or of the Notice after its time.
	Details []Detail

	// Lead is the sentence that Code follows. It holds the word for "code".
	Lead, Code string
	// Link leads to the page of Options.Links, with the code in its fragment. OrButton introduces
	// it as a button with the label Button, OrLink as plain text. All four are empty without a
	// page.
	Link, OrButton, OrLink, Button string
	// Expires says how long the code lasts, and Keep that nobody else may have it.
	Expires, Keep string

	// WasYou is for those who did themselves what a notice tells, and Act for all others.
	WasYou, Act string
	// Ignore is for those who did not ask for the code.
	Ignore string
	// Help says where questions go. It is empty without Options.Support.
	Help string
}

// PlainText returns the text of the mail, as a Catalog writes it.
func (s Sentences) PlainText() string {
	var t text
	t.paragraph(s.Title)
	t.paragraph(s.Text)
	t.details(s.Details, s.Direction)

	t.paragraph(s.Lead)
	t.paragraph(s.Code)
	if s.Link != "" {
		t.paragraph(s.OrLink, s.Link)
	}
	t.paragraph(s.Expires, s.Keep)

	t.paragraph(s.WasYou)
	t.paragraph(s.Act)
	t.paragraph(s.Ignore)
	t.paragraph(s.Help)
	return t.String()
}

// text is a plain text of paragraphs.
type text struct{ strings.Builder }

// paragraph adds lines, and an empty one before the first unless the text begins. Empty ones are
// left out.
func (t *text) paragraph(lines ...string) {
	between := "\n"
	for _, line := range lines {
		if line == "" {
			continue
		}

		if t.Len() > 0 {
			t.WriteString(between)
		}
		t.WriteString(line + "\n")
		between = ""
	}
}

// details adds a paragraph of named values. Between words that run from right to left, the groups
// of digits of a number would change places.
func (t *text) details(details []Detail, direction string) {
	var lines []string
	for _, d := range details {
		if direction == "rtl" {
			d.Value = isolate(d.Value)
		}
		lines = append(lines, d.Name+": "+d.Value)
	}

	t.paragraph(lines...)
}
