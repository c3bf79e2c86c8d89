package smtpmail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
)

// A letter is a mail as it is handed over.
type letter struct {
	from, to string // bare, as MAIL and RCPT have them
	utf8     bool   // the recipient needs SMTPUTF8
	text     []byte // lines that end with CRLF
}

// An outcome is what has become of a mail on one connection.
type outcome struct {
	err error

	// again says that nothing was handed over, because of a state of the connection.
	again bool

	// distrust says that the server does not do what its extensions promise.
	distrust bool
}

// The commands of a transaction, in their order.
const (
	atMAIL = iota
	atRCPT
	atText // DATA or BDAT
)

// handOver hands one mail over, at most once. It takes four round trips; two where the server
// offers PIPELINING (RFC 2920): MAIL, RCPT and DATA go out together, and the text once DATA is
// answered. It takes one where the server offers CHUNKING too (RFC 3030), and has taken a mail
// before: then the text is with them, in a BDAT. (A server that wants another log-in first may take
// the text for commands: Dovecot 2.3 does.)
func (c *connection) handOver(ctx context.Context, l *letter) outcome {
	if l.utf8 && !c.offers("SMTPUTF8") {
		return outcome{err: undeliverable(
			"the address needs SMTPUTF8, which the server does not offer", nil)}
	}

	t := &transaction{connection: c, letter: l}
	t.pipelining = c.offers("PIPELINING") && !c.cautious
	t.chunking = t.pipelining && c.offers("CHUNKING") && c.proven

	c.begun = true
	t.announce(ctx)
	o := t.outcome(ctx)
	if o.err == nil {
		c.begun, c.refusals, c.proven = false, 0, true
		return o
	}
	c.refusals++
	c.lost = c.lost || closing(o.err)
	return o
}

// A transaction is the dialogue about one mail.
type transaction struct {
	*connection
	*letter
	pipelining, chunking bool

	replies []*textproto.Error // to MAIL, RCPT and DATA or BDAT, as far as they came
	err     error              // why no more of them came
}

// announce says what is to be said before the server has agreed to take the text: with CHUNKING,
// everything.
func (t *transaction) announce(ctx context.Context) {
	t.err = t.step(ctx, func() error {
		commands := t.commands()
		if t.pipelining {
			if err := t.say(strings.Join(commands, "")); err != nil {
				return &unsaidError{err}
			}
		}

		for _, command := range commands {
			if !t.pipelining {
				if err := t.say(command); err != nil {
					return &unsaidError{err}
				}
			}
			reply, err := t.read()
			if err != nil {
				return err
			}
			t.replies = append(t.replies, reply)
			if !t.pipelining && reply.Code/100 != 2 {
				return nil
			}
		}
		return nil
	})
}

// An unsaidError is one of writing: the end of what was to be said has not left.
type unsaidError struct{ error }

func (e *unsaidError) Unwrap() error { return e.error }

func (t *transaction) commands() []string {
	mail := "MAIL FROM:<" + t.from + ">"
	if t.utf8 {
		mail += " BODY=8BITMIME SMTPUTF8"
	}

	last := "DATA\r\n"
	if t.chunking {
		last = fmt.Sprintf("BDAT %d LAST\r\n%s", len(t.text), t.text)
	}
	return []string{mail + "\r\n", "RCPT TO:<" + t.to + ">\r\n", last}
}

// outcome makes of the replies what they say, and goes on to the text if it is asked for.
func (t *transaction) outcome(ctx context.Context) outcome {
	at, reply := t.firstBad()
	stray := t.stray()

	switch {
	case reply != nil && notUnderstood(reply) && t.pipelining && !t.mayHaveTaken(at):
		t.lost = true // it may have taken text for commands
		return outcome{err: t.refusal(at, reply), again: true, distrust: true}
	case t.chunking && !unsaid(t.err):
		return t.outcomeOfChunk(ctx, at, reply, stray)
	case reply != nil:
		// A text that is asked for without a recipient (354) is not sent, not even as a dot.
		t.lost = t.lost || !refused(reply) || t.agreed(atText) && at != atText
		return outcome{err: t.refusal(at, reply), again: at == atMAIL && closing(reply)}
	case t.err != nil:
		step := [...]string{"MAIL", "RCPT", "DATA"}[len(t.replies)]
		again := t.kept && len(t.replies) == 0 && ctx.Err() == nil
		return outcome{err: notSent(step, t.err), again: again, distrust: t.suspicious(ctx)}
	case stray:
		return outcome{err: notSent("DATA", errOutOfStep)}
	}
	return outcome{err: t.sendText(ctx)}
}

// outcomeOfChunk is outcome for a text that is on its way already: only a refusal is certain.
func (t *transaction) outcomeOfChunk(
	ctx context.Context, at int, reply *textproto.Error, stray bool,
) outcome {
	switch {
	case stray, t.shifted(at):
		t.lost = true
		return outcome{err: unanswered(errOutOfStep)}
	case reply == nil && t.err != nil:
		return outcome{err: unanswered(t.err), distrust: t.suspicious(ctx)}
	case reply == nil:
		return outcome{}
	case refused(reply):
		return outcome{err: t.refusal(at, reply), again: at == atMAIL && closing(reply)}
	}

	t.lost = true
	if len(t.replies) > atText && refused(t.replies[atText]) {
		return outcome{err: t.refusal(atText, t.replies[atText])}
	}
	return outcome{err: unanswered(reply)}
}

// mayHaveTaken reports whether the server may have taken a text that is on its way, though it has
// not understood a command: the reply may have been one too many, before those that it shifted.
func (t *transaction) mayHaveTaken(bad int) bool {
	if !t.chunking {
		return false
	}
	more, _ := t.in.Peek(t.in.Buffered()) //nolint:errcheck // it asks for no more than there is
	return t.shifted(bad) || agreement.Match(more)
}

// agreement finds a reply that agrees.
var agreement = regexp.MustCompile(`(?m)^[23]`)

// shifted reports whether the server has agreed to what comes after a bad reply, as if that had
// been one too many. A text that it has refused is not taken in any case.
func (t *transaction) shifted(bad int) bool {
	if len(t.replies) > atText && !t.agreed(atText) {
		return false
	}
	for at := bad + 1; at < len(t.replies); at++ {
		if t.agreed(at) {
			return true
		}
	}
	return false
}

// suspicious reports whether replies are missing as if the server had lost commands that it was
// told together, or had closed the connection in the middle of them.
func (t *transaction) suspicious(ctx context.Context) bool {
	if ctx.Err() != nil {
		return t.pipelining && len(t.replies) > 0
	}
	return t.chunking && t.kept && len(t.replies) == 0
}

// firstBad returns the first reply that is not the one to go on with, and what it answers, or nil.
func (t *transaction) firstBad() (at int, reply *textproto.Error) {
	for at, reply := range t.replies {
		good := 2
		if at == atText && !t.chunking {
			good = 3
		}
		if reply.Code/100 != good {
			return at, reply
		}
	}
	return len(t.replies), nil
}

// agreed reports whether the server has agreed to a command.
func (t *transaction) agreed(at int) bool {
	return len(t.replies) > at && t.replies[at].Code/100 <= 3
}

// stray reports whether the server has said more than it was asked for, goodbyes apart.
func (t *transaction) stray() bool {
	n := t.in.Buffered()
	if n == 0 || t.err != nil {
		return false
	}

	t.lost = true
	code, err := t.in.Peek(min(n, 3))
	return err != nil || string(code) != "421"
}

// refusal returns the error of a reply to a command.
func (t *transaction) refusal(at int, reply *textproto.Error) error {
	switch {
	case at == atMAIL:
		return notSent("MAIL", reply)
	case at == atRCPT:
		return refusedRecipient(reply)
	case t.chunking:
		return notSent("the mail", reply)
	}
	return notSent("DATA", reply)
}

// sendText hands over the text that DATA has announced. Without the final dot, no server takes a
// mail (RFC 5321 §4.1.1.4).
func (t *transaction) sendText(ctx context.Context) error {
	// A line that begins with a dot gets another one (§4.5.2). The first is a header field.
	text := strings.ReplaceAll(string(t.text), "\r\n.", "\r\n..") + ".\r\n"

	var reply *textproto.Error
	err := t.step(ctx, func() (err error) {
		if err := t.say(text); err != nil {
			return &unsaidError{err}
		}
		reply, err = t.read()
		return err
	})
	t.stray()
	if reply != nil && reply.Code/100 != 2 && !refused(reply) {
		t.lost = true
	}
	return ended(reply, err)
}

// ended makes of the answer to a whole mail what it says: the first digit decides (RFC 5321
// §4.2.1).
func ended(reply *textproto.Error, err error) error {
	switch {
	case unsaid(err):
		return notSent("the mail", err)
	case err != nil:
		return unanswered(err)
	case reply == nil || reply.Code/100 == 2:
		return nil
	case refused(reply):
		return notSent("the mail", reply)
	}
	return unanswered(reply)
}

func unsaid(err error) bool {
	_, is := errors.AsType[*unsaidError](err)
	return is
}
