// Package language chooses the language of what a person reads.
package language

import "golang.org/x/text/language"

// A Matcher chooses among languages.
type Matcher struct{ matcher language.Matcher }

// NewMatcher returns a Matcher among languages. The first one is for people who read none of them.
func NewMatcher(tags []language.Tag) Matcher { return Matcher{language.NewMatcher(tags)} }

// maxAccept bounds the Accept-Language header that is looked at, in bytes.
const maxAccept = 1024

// Match returns the index of the language that fits a BCP 47 tag or the value of an Accept-Language
// header best. It is 0 where none fits, and for a value of more than 1,024 bytes.
func (m Matcher) Match(accept string) int {
	if len(accept) > maxAccept {
		return 0
	}
	_, i := language.MatchStrings(m.matcher, accept)
	return i
}

// Direction returns "rtl" for a language that is written from right to left, else "ltr": a value
// of the dir attribute of HTML.
func Direction(tag language.Tag) string {
	script, _ := tag.Script()
	switch script.String() {
	case "Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa":
		return "rtl"
	}
	return "ltr"
}
