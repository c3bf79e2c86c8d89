// Package sesmail sends one-time codes by email through Amazon SES (API version 2). Use [New] to construct a
// [*Sender], which is an [otp.Sender].
//
// It comes with a finished message, HTML and text, in Arabic, Chinese (simplified), Dutch, English, French, German,
// Hebrew, Italian, Japanese, Polish, Portuguese and Spanish. It shows the code large and in one piece, says how long
// it lasts and that it can be ignored by those who did not ask for it, and has no links, images or tracking. The
// language is the best match for Request.Language, a BCP 47 tag or the value of an Accept-Language header; English if
// nothing matches. The code is not in the subject, and sentences come before it, since telephones show subjects and
// the first words of a mail on a locked screen.
//
// # Own templates
//
// Options.Templates takes own messages by [TemplatesFS], from any file system, an [embed.FS] for instance, three files
// for each purpose and language:
//
//	password-reset/de.html         an html/template
//	password-reset/de.txt          a text/template
//	password-reset/de.subject.txt  a text/template; white space and line ends become single spaces
//
// The folder is the purpose, the name a BCP 47 language tag in its usual form (de, pt-BR, zh-Hant); no other files are
// allowed. Such a message stands in for the package's own in its purpose and language, or adds a language; all else
// stays. Templates see a [View], where {{.Code}} is the code as plain text and {{.Data}} is Request.Data. A key that a
// map does not have is an error.
//
// New tries each template with a sample code, and Options.TemplateData as Data: one that fails, or whose HTML or text
// does not show the code in one piece, is an error then and not at the first mail. [Sender.Render] makes previews. The
// message of the package as templates, in the folder templates of its source, is a place to start.
//
// Own templates make a program larger: it links html/template and text/template, which call methods by name and so keep
// the linker from leaving out whatever other exported method there is, all operations of SES among them. A program
// without own templates has neither.
//
// # What the caller still must do
//
// Verify the identity in SES, with DKIM, a MAIL FROM domain (for SPF) and a DMARC record, or the mail ends up as spam.
// Ask for production access: until then SES sends to verified addresses only, 200 mails a day. Keep an eye on the
// quotas, which count recipients per region. Turn click and open tracking off in the configuration set.
//
// That SES has accepted a mail does not mean that it is delivered. Mail to an address on the suppression list is
// accepted and dropped, and bounces come later, as events. Publish them from a configuration set: each carries the tags
// otp-purpose (Message.Purpose, with "-" for ".") and otp-message-id (Message.ID, which stands in the otp.Event of the
// Send too). Whether a mail bounced is nothing to tell to whoever asked for the code.
//
// Give the context of a Send a deadline of some seconds, below the time-out of the request it belongs to.
//
// The least that the client's credentials must allow, with the ARN of the identity and of the configuration set, if
// there is one:
//
//	{
//	  "Effect": "Allow",
//	  "Action": "ses:SendEmail",
//	  "Resource": [
//	    "arn:aws:ses:eu-central-1:123456789012:identity/acme.example",
//	    "arn:aws:ses:eu-central-1:123456789012:configuration-set/one-time-codes"
//	  ],
//	  "Condition": {"StringEquals": {"ses:FromAddress": "no-reply@acme.example"}}
//	}
//
// # What reaches SES, and what does not
//
// Each message goes to exactly one bare address: no display name, list or comment, ASCII but for the domain, which is
// put into punycode. Content is handed over as SES's "simple" content, so nothing in it can add a header or a recipient.
//
// A Sender makes one try. The SDK's own retries are off for its calls, because only then an error can say that certainly
// nothing was sent; a person who asks again gets the same code. The SDK's log of requests and responses is off for them
// too, since it would hold the code. Middleware, interceptors and HTTP transports that the caller adds to the client
// see the request all the same.
package sesmail
