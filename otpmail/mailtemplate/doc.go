// Package mailtemplate writes the mails that carry one-time codes from templates of your own. Use
// [New] to construct a [*Templates], which is an [otpmail.Renderer] for sesmail and smtpmail.
//
//	//go:embed mail
//	var files embed.FS
//
//	folder, err := fs.Sub(files, "mail")
//	catalog, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
//	mails, err := mailtemplate.New(folder, catalog)
//
// # Files
//
// Three files make the mail of a purpose (Config.Purpose) in a language:
//
//	reset/de.html         an html/template
//	reset/de.txt          a text/template
//	reset/de.subject.txt  a text/template; white space and line ends become single spaces
//
// The name is a BCP 47 language tag in its usual form (de, pt-BR, zh-Hant), or any, for all
// languages of [otpmail.Languages] that have no files of their own. Other files are an error.
//
// If a purpose has any templates, it needs them for all of those languages, or an any set. Extra
// languages are fine. A purpose without templates has the mails of the Catalog.
//
// # Templates
//
// Templates see a [View]: {{.Code}} is the code as plain text, {{.Data}} is Request.Data, and the
// translated sentences of the standard mail are there too. This is a whole any.html:
//
//	<html lang="{{.Language}}" dir="{{.Direction}}">
//	<h1>{{.Title}}</h1>
//	{{range .Details}}<p>{{.Name}}: <b>{{.Value}}</b></p>{{end}}
//	<p>{{.Lead}}</p> <p><b>{{.Code}}</b></p>
//	{{with .Link}}<p>{{$.OrButton}} <a href="{{.}}">{{$.Button}}</a></p>{{end}}
//	<p>{{.Expires}} {{.Keep}}</p> <p>{{.Ignore}}</p>
//
// A key that a map does not have is an error.
//
// # What it does not do
//
// Programs that import this package link html/template and text/template. Those call methods by
// name, which keeps the linker from leaving out exported methods that nobody calls: a program with
// clients of the AWS SDK becomes about twice as large. Package otpmail alone does not.
package mailtemplate
