// Package mailtemplate puts the sentences of an [otpmail.Catalog] into a layout of your own: one
// template for all mails with codes and all notices, in every language.
//
//	catalog, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
//	mails, err := mailtemplate.New(os.DirFS("mail"), catalog) // or an embed.FS
//
// # Files
//
//	layout.html                       an html/template, required
//	layout.txt                        a text/template; without it, the plain text of the Catalog
//	reset/de.json                     own texts of a purpose (Config.Purpose) in a language
//	notices/password_changed/de.json  own texts of a kind of notice (NoticeKind.String)
//
// Other files are an error. The layout sees a [View]. What a mail does not say is empty: a notice
// has no code and no Data. This is a whole layout.html:
//
//	<html lang="{{.Language}}" dir="{{.Direction}}">
//	<h1>{{.Title}}</h1> <p>{{.Text}}</p>
//	{{range .Details}}<p>{{.Name}}: <b>{{.Value}}</b></p>{{end}}
//	{{with .Code}}<p>{{$.Lead}}</p> <p><b>{{.}}</b></p>{{end}}
//	{{with .Link}}<p>{{$.OrButton}} <a href="{{.}}">{{$.Button}}</a></p>{{end}}
//	<p>{{.Expires}} {{.Keep}}</p> <p>{{.WasYou}}</p> <p>{{.Act}}</p>
//	<p>{{.Ignore}}</p> <p>{{.Help}}</p>
//
// A mail whose layout does not show the code and the values of all details, in one piece and as
// text, is refused: people must see what they confirm. New tries each kind of mail once.
//
// A file of own texts puts text/templates, which see the View too, in the place of sentences. The
// language is one of [otpmail.Languages], a key one of subject, title, text, lead, or_button,
// or_link, button, expires, keep, was_you, act, ignore and help:
//
//	{"subject": "Hallo {{.Data.Name}}", "lead": "Ihr Code für {{.Product}}:"}
//
// # What it does not do
//
// It does not stay small: html/template calls methods by name, which keeps the linker from leaving
// out those that nobody calls. A program with clients of the AWS SDK becomes twice as large.
package mailtemplate
