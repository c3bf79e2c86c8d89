package sesmail

import (
	_ "embed"
	"html"
	"strings"
)

// The message of the package. The files are templates, so that own ones can start from a copy, but they are filled by
// replacing the few actions that they have: see Templates. A test compares this with what the templates give.
var (
	//go:embed templates/mail.html
	standardHTML string
	//go:embed templates/mail.txt
	standardText string
)

// standardMail fills the message of the package, but for the subject.
func standardMail(v *View) Mail {
	return Mail{HTML: fill(standardHTML, v, escape), Text: fill(standardText, v, func(s string) string { return s })}
}

// fill replaces what stands in braces. It does so in one pass: what is put in is not looked at again.
func fill(source string, v *View, escape func(string) string) string {
	start, rest, _ := strings.Cut(source, "\n{{- with .Help}}")
	help, end, _ := strings.Cut(rest, "\n{{- end}}")
	if v.Help == "" {
		help = ""
	}
	size := "36px"
	if len(v.Code) > 8 {
		size = "24px"
	}
	return strings.NewReplacer(
		"{{.Language}}", escape(v.Language), "{{.Direction}}", escape(v.Direction), "{{.Title}}", escape(v.Title),
		"{{.Enter}}", escape(v.Enter), "{{.Expires}}", escape(v.Expires), "{{.Code}}", escape(v.Code),
		"{{.Ignore}}", escape(v.Ignore), "{{.}}", escape(v.Help), "{{if gt (len .Code) 8}}24px{{else}}36px{{end}}", size,
	).Replace(start + help + end)
}

// escape is the escaping of html/template, which has a "+" more than that of package html.
func escape(s string) string { return strings.ReplaceAll(html.EscapeString(s), "+", "&#43;") }
