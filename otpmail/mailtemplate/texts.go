package mailtemplate

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	texttemplate "text/template"

	"github.com/seed-5978b5f1/otp/otpmail"
)

// texts are the own texts of a mail in one language, by key.
type texts map[string]*texttemplate.Template

// sentences finds the sentence of a key.
var sentences = map[string]func(*View) *string{
	"subject":   func(v *View) *string { return &v.Subject },
	"title":     func(v *View) *string { return &v.Title },
	"text":      func(v *View) *string { return &v.Text },
	"lead":      func(v *View) *string { return &v.Lead },
	"or_button": func(v *View) *string { return &v.OrButton },
	"or_link":   func(v *View) *string { return &v.OrLink },
	"button":    func(v *View) *string { return &v.Button },
	"expires":   func(v *View) *string { return &v.Expires },
	"keep":      func(v *View) *string { return &v.Keep },
	"was_you":   func(v *View) *string { return &v.WasYou },
	"act":       func(v *View) *string { return &v.Act },
	"ignore":    func(v *View) *string { return &v.Ignore },
	"help":      func(v *View) *string { return &v.Help },
}

// addTexts takes a file of own texts.
func (t *Templates) addTexts(file string, source []byte) error {
	name, isJSON := strings.CutSuffix(file, ".json")
	folder, language := path.Split(name)
	if !isJSON || !isMail(folder) || !slices.Contains(otpmail.Languages(), language) {
		return fmt.Errorf("%q is none of layout.html, layout.txt, PURPOSE/LANGUAGE.json and "+
			"notices/KIND/LANGUAGE.json, with one of otpmail.Languages", file)
	}

	var read map[string]string
	if err := json.Unmarshal(source, &read); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	t.texts[name] = texts{}
	for key, text := range read {
		if sentences[key] == nil {
			return fmt.Errorf("%s: no mail has the text %q", file, key)
		}
		parsed, err := texttemplate.New(file + ": " + key).Option(strict).Parse(text)
		if err != nil {
			return err
		}
		t.texts[name][key] = parsed
	}
	return nil
}

// isMail reports whether a folder, with a slash at its end, can have own texts: that of a purpose
// or of a kind of notice.
func isMail(folder string) bool {
	kind, isNotice := strings.CutPrefix(folder, "notices/")
	for k := otpmail.PasswordChanged; isNotice && k <= otpmail.AccountExists; k++ {
		if kind == k.String()+"/" {
			return true
		}
	}
	return !isNotice && strings.Count(folder, "/") == 1
}

// replace puts own texts in the place of sentences. Each sees the View as it was.
func (own texts) replace(view *View) error {
	before := *view
	for key, text := range own {
		var filled strings.Builder
		if err := text.Execute(&filled, &before); err != nil {
			return err
		}
		*sentences[key](view) = filled.String()
	}
	return nil
}
