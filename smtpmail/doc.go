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
// Host, From, and almost always Username and Password, or Token for OAuth 2.0. The connection is
// encrypted by STARTTLS on port 587 unless Config.Security says otherwise, and a server that cannot
// encrypt, or whose certificate does not fit, gets no mail. For a certificate authority of your
// own, set Config.TLS.RootCAs. [Sender.Check] connects and logs in without a mail: call it when the
// service starts.
//
// # Connections
//
// A Sender keeps up to Config.MaxConnections connections for the mails that follow. More mails than
// connections wait for their turn, in the order of their arrival. If the server allows fewer
// connections, by refusing further ones or by letting them wait, they wait for those that there
// are; after 30 seconds one more is tried, and so on. A connection is left after three refusals in
// a row, since servers slow down clients that make many.
//
// The first mail of a connection costs six to nine round trips. Any other costs four. Where the
// server offers PIPELINING (RFC 2920) it costs two, and where it offers CHUNKING (RFC 3030) too,
// one. A server that does not do what these promise is asked step by step for ten minutes. A
// connection that was idle for five seconds is first asked whether it works (NOOP).
//
// # One message, one mail
//
// Each call hands over one mail to one recipient, at most once. It goes on with another connection
// only where nothing of the mail has been accepted: if a kept one turns out to be closed, if a
// reply to MAIL says that it will be (421, 432), or if the server does not know a command of an
// extension.
//
// # Errors
//
// An error of [Sender.Send] matches
//
//   - [otp.ErrUndeliverable]: the recipient's address is at fault. It is not one bare address; or
//     it needs SMTPUTF8 (RFC 6531), and the server does not offer that; or the server refused it
//     (RCPT) with an enhanced code 5.1.x (RFC 3463 §3.2) or 5.6.7. The codes 5.1.7 and 5.1.8 do not
//     count, since they are about the sender's address. Without an enhanced code, or with 5.0.0,
//     which says nothing, the replies 550, 551 and 553 count (RFC 5321 §4.2.3). Such a server may
//     refuse for its own reasons with 550 too: make sure that it relays your mail before you
//     believe it.
//   - [otp.ErrNotSent]: otherwise certainly nothing was sent. No connection, no encryption, no
//     authentication; any other refusal, a temporary one (4xx, greylisting for example) too; a
//     connection that was lost before the whole text had left; the Renderer failed; the code has
//     expired.
//   - neither: the whole mail was on its way, and the server's reply was lost, cannot be read, or
//     contradicts the others. The mail may have been sent. With CHUNKING this includes a connection
//     that is lost after it was last read, and before the first reply.
//
// Servers repeat addresses in their replies. So the text of an error has no more of a reply than
// its codes. The errors that it wraps may hold all of it.
//
// # What it does not do
//
// That a server has accepted a mail does not mean that it is delivered. Bounces come later, as
// mails to Config.ReturnPath: the Message-ID in them is the Message.ID of the otp.Event, "@", and
// the domain of From. Let the server sign with DKIM, and publish SPF and DMARC records, or the
// mail ends up as spam.
package smtpmail
