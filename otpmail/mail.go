package otpmail

import "github.com/seed-5978b5f1/otp"

// Mail is a message that is ready to be carried: one subject line, and the same content as plain
// text and as HTML. Text is never empty; HTML may be. All three are valid UTF-8.
type Mail struct {
	Subject string
	Text    string
	HTML    string
}

// A Renderer writes the mail for a message. It must be safe for concurrent use.
//
// A transport (sesmail, smtpmail) takes any Renderer. An error means that no mail was written and
// nothing was sent.
type Renderer interface {
	Render(otp.Message) (Mail, error)
}
