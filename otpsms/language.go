package otpsms

import (
	"sync"

	"golang.org/x/text/language"

	match "github.com/seed-5978b5f1/otp/internal/language"
)

// matcher finds the edition for a language. It is made for the first message: not every process
// that can send sends.
var matcher = sync.OnceValue(func() match.Matcher {
	var tags []language.Tag
	for i := range editions {
		tags = append(tags, editions[i].tag)
	}
	return match.NewMatcher(tags)
})

// choose returns the edition that fits the tag or Accept-Language header best.
func choose(accept string) *edition { return &editions[matcher().Match(accept)] }

// between returns what stands between two sentences.
func between(e *edition) string {
	switch e.tag {
	case language.Chinese, language.TraditionalChinese, language.Japanese:
		return ""
	}
	return " "
}
