package smtpmail

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strings"

	"github.com/seed-5978b5f1/otp"
)

// A sendError says why a mail may not have been sent. Its text holds neither address nor code,
// unlike, perhaps, that of its cause (rule 13).
type sendError struct {
	reason string
	class  error // otp.ErrNotSent or otp.ErrUndeliverable; nil if the mail may have been sent
	cause  error
}

func (e *sendError) Error() string {
	if e.class != nil {
		return "smtpmail: not sent: " + e.reason
	}
	return "smtpmail: " + e.reason
}

// GoString keeps %#v from walking into the cause.
func (e *sendError) GoString() string { return "smtpmail.sendError" }

func (e *sendError) Unwrap() []error {
	var all []error
	for _, err := range []error{e.class, e.cause} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// notSent is for what failed before the final dot, and for what the server has refused.
func notSent(step string, err error) error {
	return &sendError{step + ": " + describe(err), otp.ErrNotSent, err}
}

// refusedRecipient is for what failed at RCPT.
func refusedRecipient(err error) error {
	if reply, ok := errors.AsType[*textproto.Error](err); ok && blamesRecipient(reply) {
		return &sendError{"the address takes no mail: " + describe(err),
			otp.ErrUndeliverable, err}
	}
	return notSent("RCPT", err)
}

// unanswered is for a final dot without a final reply.
func unanswered(err error) error {
	return &sendError{"no answer to the mail, which may have been sent: " + describe(err), nil, err}
}

// describe says what happened without repeating what the server wrote.
func describe(err error) string {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		codes := fmt.Sprint(reply.Code, " ", enhanced(reply))
		return "the server answered " + strings.TrimSpace(codes)
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return "the server's answer is no reply of SMTP"
	}

	network, isNetwork := errors.AsType[net.Error](err)
	if isNetwork && network.Timeout() {
		return "the time was up"
	}
	if isLocal(err) {
		return err.Error()
	}

	if errors.Is(err, io.EOF) || isNetwork {
		return "the connection was lost"
	}
	return "the dialogue failed"
}

// isLocal reports whether the text of the error is made here: by the resolver, by dialing, by TLS.
func isLocal(err error) bool {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return true
	}
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, own := errors.AsType[ownError](err)
	return certificate || noTLS || alert || own
}

// An ownError is an error of this package that wraps nothing.
type ownError string

func (e ownError) Error() string { return string(e) }

// blamesRecipient reports whether a refusal of RCPT says that the address is at fault. The package
// comment has the rule.
func blamesRecipient(reply *textproto.Error) bool {
	switch code := enhanced(reply); code {
	case "", "5.0.0":
		return reply.Code == 550 || reply.Code == 551 || reply.Code == 553
	case "5.1.7", "5.1.8":
		return false
	default:
		return strings.HasPrefix(code, "5.1.")
	}
}

// enhancedCode is what the text of a reply begins with (RFC 2034 §4).
var enhancedCode = regexp.MustCompile(`^([45])\.\d{1,3}\.\d{1,3}(?:\s|$)`)

// enhanced returns the enhanced code of a reply, or "" if there is none that fits its code.
func enhanced(reply *textproto.Error) string {
	found := enhancedCode.FindStringSubmatch(reply.Msg)
	if found == nil || found[1] != fmt.Sprint(reply.Code/100) {
		return ""
	}
	return strings.TrimSpace(found[0])
}
