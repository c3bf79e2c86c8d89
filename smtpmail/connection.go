package smtpmail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// A connection is a dialogue with the server, led by the low-level package smtp of go-mail. The
// Client of go-mail does not tell the steps apart well enough: it may lose the connection of a
// failed greeting, goes by a timeout of its own, and can fail after the mail was accepted.
type connection struct {
	conn   net.Conn // TCP
	client *smtp.Client

	lost  bool // what the server says next may be no answer to what it is asked
	begun bool // there may be a transaction to reset

	keepUntil time.Time
	expiry    *time.Timer
}

// step takes one step of the dialogue, which ends with ctx.
func (c *connection) step(ctx context.Context, f func() error) error {
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })
	err := f()
	inTime := stop()

	// A deadline that came too late to end this step would end a later one.
	if !inTime || err != nil && !refused(err) {
		c.lost = true
	}

	if err != nil && !inTime {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// begin announces a mail. It says nothing of the recipient.
func (c *connection) begin(ctx context.Context, from string) error {
	if c.begun {
		if err := c.step(ctx, c.client.Reset); err != nil {
			c.lost = true
			return err
		}
	}

	c.begun = true
	return c.step(ctx, func() error { return c.client.Mail("<" + from + ">") })
}

// send hands over the recipient and the content of a mail that was announced.
func (c *connection) send(ctx context.Context, to string, text []byte) error {
	err := c.step(ctx, func() error { return c.client.Rcpt("<" + to + ">") })
	if err != nil {
		return refusedRecipient(err)
	}

	finish, err := c.sendText(ctx, text)
	if err != nil {
		return err
	}

	err = c.step(ctx, finish)
	switch {
	case err == nil:
		c.begun = false
		return nil
	case accepted(err):
		return nil
	case refused(err):
		return notSent("the mail", err)
	}
	return unanswered(err)
}

// sendText hands over the content, less the final dot, which finish sends. Without the dot, no
// server takes a mail (RFC 5321 §4.1.1.4).
func (c *connection) sendText(ctx context.Context, text []byte) (finish func() error, err error) {
	err = c.step(ctx, func() error {
		w, err := c.client.Data()
		if err != nil {
			return err
		}
		finish = w.Close

		_, err = w.Write(text)
		return err
	})
	if err != nil {
		return nil, notSent("DATA", err)
	}
	return finish, nil
}

// quitTime bounds the goodbye.
const quitTime = time.Second

// quit says goodbye and closes the connection. Nobody is left to be told about errors.
func (c *connection) quit(deadline time.Time) {
	c.conn.SetDeadline(deadline)
	c.client.Quit()
	c.conn.Close()
}

// replyCode returns the code of the reply that the error is, or 0 if it is none.
func replyCode(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

// accepted reports whether the server has taken the mail, by a reply other than 250. The first
// digit decides (RFC 5321 §4.2.1).
func accepted(err error) bool { return replyCode(err)/100 == 2 }

// refused reports whether the server has answered that it does not do what it was asked to. It goes
// on to listen, except after 421, which shows when the connection is used next.
func refused(err error) bool { return replyCode(err)/100 == 5 || temporarily(err) }

// temporarily reports whether the server has refused for now.
func temporarily(err error) bool { return replyCode(err)/100 == 4 }
