// Package smtpmail sends mails through an SMTP server: those that carry one-time codes, and
// notices. Use [New] to construct a [*Sender], which is an [otp.Sender].
//
//	mails, err := otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
//	sender, err := smtpmail.New(smtpmail.Config{
//		Host:     "smtp.acme.example",
//		Username: "otp",
//		Password: os.Getenv("SMTP_PASSWORD"),
//		From:     "Acme <no-reply@acme.example>",
//		Renderer: mails,
//	})
//	defer sender.Close()
//
// # What to configure
//
// Host, From, and almost always Username and Password. The connection is encrypted by STARTTLS on
// port 587 unless Config.Security says otherwise, and a server that cannot encrypt, or whose
// certificate does not fit, gets no mail. For a certificate authority of your own, set
// Config.TLS.RootCAs.
//
// A Sender keeps up to Config.MaxConnections connections for the mails that follow. The first mail
// of a connection costs about seven round trips, any other four. More mails at a time than
// connections wait for their turn.
//
// # One message, one mail
//
// Each call hands over one mail to one recipient, at most once. There is one exception to "one
// try", and it repeats nothing: if a kept connection turns out to be closed, or used up, when the
// mail is announced (MAIL), the Sender goes on with another connection. Neither recipient nor
// content have been handed over then.
//
// # Errors
//
// An error of [Sender.Send] matches
//
//   - [otp.ErrUndeliverable]: the recipient's address is at fault. It is not one bare address, or
//     the server refused it (RCPT) with an enhanced code 5.1.x (RFC 3463 §3.2). The codes 5.1.7 and
//     5.1.8 do not count, since they are about the sender's address. Without an enhanced code, or
//     with 5.0.0, which says nothing, the replies 550, 551 and 553 count (RFC 5321 §4.2.3). Such a
//     server may refuse for its own reasons with 550 too: see to it that it relays your mail before
//     you believe it.
//   - [otp.ErrNotSent]: otherwise certainly nothing was sent. No connection, no encryption, no
//     authentication; any other refusal, a temporary one (4xx, greylisting for example) too; a
//     connection that was lost before the final dot; the Renderer failed; the code has expired.
//   - neither: the final dot was on its way, and the server's reply was lost or cannot be read. The
//     mail may have been sent.
//
// Servers repeat addresses in their replies. So the text of an error has no more of a reply than
// its codes. The errors that it wraps may hold all of it.
//
// # What it does not do
//
// That a server has accepted a mail does not mean that it is delivered. Bounces come later, as
// mails to the From address: the Message-ID in them is the Message.ID of the otp.Event, "@", and
// the domain of From. Let the server sign with DKIM, and publish SPF and DMARC records, or the
// mail ends up as spam. There is no OAuth; mechanisms of AUTH are SCRAM-SHA-256, PLAIN, LOGIN and
// CRAM-MD5.
package smtpmail
