// Package sesmail sends mails through Amazon SES (API version 2): those that carry one-time codes,
// and notices. Use [New] to construct a [*Sender], which is an [otp.Sender].
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
//	sender, err := sesmail.New(sesv2.NewFromConfig(cfg), "Acme <no-reply@acme.example>",
//		&sesmail.Options{Renderer: mails})
//
// A Renderer writes what the mails say: an [otpmail.Catalog], with finished mails in thirteen
// languages, or the same sentences in a layout of your own by package otpmail/mailtemplate. The
// default is a Catalog for the display name of the From address.
//
// # What the caller still must do
//
// Verify the identity in SES, with DKIM, a MAIL FROM domain (for SPF) and a DMARC record, or the
// mail ends up as spam. Ask for production access: until then SES sends to verified addresses only,
// 200 mails a day. Keep an eye on the quotas, which count recipients per region. Turn click and
// open tracking off in the configuration set.
//
// That SES has accepted a mail does not mean that it is delivered. Mail to an address on the
// suppression list is accepted and dropped, and bounces come later, as events. Publish them from a
// configuration set: each carries the tags otp-purpose (Message.Purpose, with "-" for ".") and
// otp-message-id (Message.ID, which stands in the otp.Event of the Send too). Whether a mail
// bounced is nothing to tell to whoever asked for the code.
//
// The least that the client's credentials must allow, with the ARN of the identity and of the
// configuration set, if there is one:
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
// Each message goes to exactly one bare address: no display name, list or comment, ASCII but for
// the domain, which is put into punycode. Content is handed over as SES's "simple" content, so
// nothing in it can add a header or a recipient.
//
// A Sender makes one try. The SDK's own retries are off for its calls, because only then an error
// can say that certainly nothing was sent; a person who asks again gets the same code. The SDK's
// log of requests and responses is off for them too, since it would hold the code. Middleware,
// interceptors and HTTP transports that the caller adds to the client see the request all the same.
package sesmail
