package pages

import (
	"strings"
	"sync"

	"github.com/seed-5978b5f1/otp/otphttp"
)

// standard returns the texts of this package, without those of Options.Files.
var standard = sync.OnceValue(func() *languages {
	l, err := readLanguages(readBuiltIn)
	if err != nil {
		panic(err) // the tests read them all
	}
	return l
})

// Languages returns the languages of the pages as BCP 47 tags, English first.
func Languages() []string {
	var tags []string
	for _, tag := range standard().tags {
		tags = append(tags, tag.String())
	}
	return tags
}

// Text returns the sentence for the problem that err is or stands for (otphttp.ProblemOf), for
// pages and apps of one's own: plain text in the language that fits a BCP 47 tag or the value of an
// Accept-Language header best. A problem that no page knows has its own Detail. Text returns "" for
// nil.
func Text(language string, err error) string {
	if err == nil {
		return ""
	}

	l := standard()
	texts := l.texts[l.best(language)]
	problem := otphttp.ProblemOf(err)

	key := problemKey(problem.Code)
	if problem.Code == otphttp.AddressMismatch {
		key = "error.address_mismatch_other"
	}
	if text := texts[key]; text != "" && !strings.Contains(text, "{") {
		return text
	}
	return problem.Detail
}

// problemKey returns the key of the text for a problem.
func problemKey(code otphttp.ProblemCode) string {
	switch code {
	case otphttp.MalformedBody, otphttp.UnsupportedMediaType, otphttp.BodyTooLarge,
		otphttp.MethodNotAllowed:
		code = otphttp.InvalidRequest
	}
	return "error." + string(code)
}
