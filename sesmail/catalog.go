package sesmail

import (
	"sync"

	"golang.org/x/text/language"
)

// An edition is a message in one language.
type edition struct {
	tag         language.Tag
	translation *translation              // nil in languages that only own templates are in
	own         func(*View) (Mail, error) // fills own templates; nil for the message of the package
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

// standard holds the message of the package. It is made for the first mail: not every process that makes a Sender sends.
var standard = sync.OnceValue(newStandard)

func newStandard() *catalog { return newCatalog(standardEditions()) }

// standardEditions returns the message of the package in its languages.
func standardEditions() []*edition {
	var editions []*edition
	for i := range translations() {
		t := &translations()[i]
		editions = append(editions, &edition{tag: t.tag, translation: t})
	}
	return editions
}

// maxLanguage bounds, in bytes, the Accept-Language header that is looked at.
const maxLanguage = 1024

// choose returns the edition for the purpose that fits the tag or Accept-Language header best.
func (s *Sender) choose(purpose, accept string) *edition {
	c := s.own[purpose]
	if c == nil {
		c = standard()
	}
	if len(accept) > maxLanguage {
		accept = ""
	}
	_, i := language.MatchStrings(c.matcher, accept)
	return c.editions[i]
}
