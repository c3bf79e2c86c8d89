package otpsms

import (
	"sync"

	"golang.org/x/text/language"
)

// maxLanguage bounds, in bytes, the Accept-Language header that is looked at.
const maxLanguage = 1024

// matcher finds the edition for a language. It is made for the first message: not every process
// that can send sends.
var matcher = sync.OnceValue(func() language.Matcher {
	var tags []language.Tag
	for i := range editions {
		tags = append(tags, editions[i].tag)
	}
	return language.NewMatcher(tags)
})

// choose returns the edition that fits the tag or Accept-Language header best.
func choose(accept string) *edition {
	if len(accept) > maxLanguage {
		accept = ""
	}

	_, i := language.MatchStrings(matcher(), accept)
	return &editions[i]
}

// between returns what stands between two sentences.
func between(e *edition) string {
	switch e.tag {
	case language.Chinese, language.Japanese:
		return ""
	}
	return " "
}
