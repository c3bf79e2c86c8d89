// Package otpmail writes the mails that carry one-time codes, and those that tell what has happened
// to an account. It sends nothing: packages sesmail and smtpmail carry what a [Renderer] writes.
//
//	mails, err := otpmail.NewCatalog(otpmail.Options{
//		Product: "Acme",
//		Support: "help@acme.example",
//	})
//	sender, err := sesmail.New(sesv2.NewFromConfig(cfg), "Acme <no-reply@acme.example>",
//		&sesmail.Options{Renderer: mails})
//
// A [Catalog] writes HTML and text in Arabic, Chinese (simplified and traditional), Dutch, English,
// French, German, Hebrew, Italian, Japanese, Polish, Portuguese and Spanish, for light and dark
// screens. The language is the best match for Request.Language, a BCP 47 tag or the value of an
// Accept-Language header; English if nothing matches. Package otpmail/mailtemplate puts the same
// sentences into a layout of your own.
//
// # What the mail says
//
// Config.Kind says what the codes of a Service are for. The subject, heading, sentences and button
// go by it. Set it: a person who knows what a code is for is harder to talk out of it.
//
// With the Kind otp.ConfirmTransaction, the mail shows what is confirmed. Request.Data must then be
// [Detailed]:
//
//	status, err := payments.Send(ctx, otp.Request{
//		To: "ada@example.com", Binding: session + "/" + transfer,
//		Data: otpmail.Details{
//			{Name: "Amount", Value: "€250.00"}, {Name: "To", Value: "Ada Lovelace"},
//		},
//	})
//
// A message without details is refused with otp.ErrNotSent: a code that confirms a payment which
// the person has not seen confirms whatever an attacker has put in. Messages of other kinds show
// the details of their Data, too.
//
// # Codes that phones offer to fill in
//
// The code stands in one piece, in text, right after a sentence that has the word for "code" in it,
// in every language; so it does in the subject with Options.CodeInSubject. Android looks for such a
// word within 50 characters of the code, in the same sentence or the one before
// (NotificationOtpDetectionHelper in its source). Apple documents nothing for codes in Mail; the
// same helps, by what developers report, and so does sending from the domain of the site.
//
// The first words of a mail show on a locked screen, the code among them.
//
// # Code and link in one mail
//
// With Options.Links the mail has a button too. Its link holds the code in the fragment, which no
// browser sends to a server, so that a scanner that fetches links, and even one that runs the page,
// spends nothing. The page shows the code in its field and waits for a person to press the button.
//
// # What it does not do
//
// Pictures, fonts and style sheets are not loaded from anywhere, except for the logo that Options
// may name; there is no tracking. Values from outside (Product, Support, Data) are plain text in
// the mail: they can add no header, line or markup.
package otpmail
