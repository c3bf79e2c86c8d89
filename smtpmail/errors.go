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

	"github.com/seed-5978b5f1/otp/internal/delivery"
)

// notSent is for a mail that was certainly not sent, because of what happened at a step.
func notSent(step string, err error) error { return unsent(step+": "+describe(err), err) }

// unsent is for a mail that was certainly not sent, for a reason.
func unsent(reason string, cause error) error {
	return delivery.NotSent("smtpmail", reason, cause)
}

// undeliverable is for a mail that was certainly not sent, because of its address.
func undeliverable(reason string, cause error) error {
	return delivery.Undeliverable("smtpmail", reason, cause)
}

// refusedRecipient is for an error at RCPT.
func refusedRecipient(err error) error {
	reply, ok := errors.AsType[*textproto.Error](err)
	if ok && blamesRecipient(reply) {
		return undeliverable("the address takes no mail: "+describe(err), err)
	}
	return notSent("RCPT", err)
}

// unanswered is for a mail that was handed over whole, without an answer that decides.
func unanswered(err error) error {
	return delivery.Open("smtpmail", "no answer to the mail: "+describe(err), err)
}

// describe says what happened without repeating what the server wrote.
func describe(err error) string {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		codes := fmt.Sprint(reply.Code, " ", enhanced(reply))
		return "the server answered " + strings.TrimSpace(codes)
	}

	network, isNetwork := errors.AsType[net.Error](err)
	if isNetwork && network.Timeout() {
		return "the time was up"
	}
	if own, ok := errors.AsType[ownError](err); ok {
		return own.Error()
	}
	if isLocal(err) {
		return err.Error()
	}

	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isNetwork {
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
	return certificate || noTLS || alert
}

// An ownError is an error of this package that wraps nothing.
type ownError string

func (e ownError) Error() string { return string(e) }

const (
	errNoReply   = ownError("the server's answer is no reply of SMTP")
	errOutOfStep = ownError("the server's answers do not fit what it was asked")
)

// replyCode returns the code of the reply that the error is, or 0 if it is none.
func replyCode(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

// refused reports whether the server has answered that it does not do what it was asked to. It goes
// on to listen, except after 421, which shows when the connection is used next.
func refused(err error) bool { return replyCode(err)/100 == 4 || replyCode(err)/100 == 5 }

// closing reports whether the server has said that it closes the connection, or that there are too
// many (432, by which Exchange Online says so).
func closing(err error) bool { return replyCode(err) == 421 || replyCode(err) == 432 }

// notUnderstood reports whether the server has answered that it knows no such command, or not there
// (RFC 5321 §4.2.2).
func notUnderstood(err error) bool {
	switch replyCode(err) {
	case 500, 502, 503, 504:
		return true
	}
	return false
}

// blamesRecipient reports whether a refusal of RCPT says that the address is at fault. The package
// comment has the rule.
func blamesRecipient(reply *textproto.Error) bool {
	switch code := enhanced(reply); code {
	case "", "5.0.0":
		return reply.Code == 550 || reply.Code == 551 || reply.Code == 553
	case "5.1.7", "5.1.8":
		return false
	case "5.6.7": // RFC 6531 §3.5: it takes no address beyond ASCII
		return true
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
