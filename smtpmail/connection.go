package smtpmail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// A connection is a dialogue with the server. Package smtp of go-mail waits for each answer before
// it asks the next thing, knows no BDAT, and closes the connection when a log-in fails.
type connection struct {
	conn   net.Conn // TCP
	stream net.Conn // what is said over it: conn, or TLS over conn
	in     *bufio.Reader

	extensions map[string]string // what EHLO offers, by keyword in upper case: its parameters

	kept     bool // it has carried a mail, or waited for one
	proven   bool // the server has taken a mail, over this connection or another
	lost     bool // the dialog is out of step: close, do not reuse
	begun    bool // there is a transaction to reset
	cautious bool // extensions are not to be relied on
	refusals int  // in a row

	keepUntil time.Time // by the wall clock, which no freeze stops
	idleSince time.Time // as well
	expiry    *time.Timer
}

func newConnection(conn net.Conn) *connection {
	c := &connection{conn: conn}
	c.speak(conn)
	return c
}

// speak goes on over another stream. What was read ahead is forgotten: it was not encrypted.
func (c *connection) speak(stream net.Conn) {
	c.stream, c.in = stream, bufio.NewReader(stream)
}

// offers reports whether the server offers an extension.
func (c *connection) offers(keyword string) bool {
	_, offered := c.extensions[keyword]
	return offered
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

// command says one line, and reads the answer, which is an error if it does not begin with digit.
func (c *connection) command(digit int, line string) (*textproto.Error, error) {
	if err := c.say(line + "\r\n"); err != nil {
		return nil, err
	}

	reply, err := c.read()
	if err == nil && reply.Code/100 != digit {
		return reply, reply
	}
	return reply, err
}

// say writes what is said at once.
func (c *connection) say(what string) error {
	_, err := io.WriteString(c.stream, what)
	return err
}

const maxReplyLines = 100

// read reads one reply (RFC 5321 §4.2), whatever it says. A line fits the buffer of the reader.
func (c *connection) read() (*textproto.Error, error) {
	var reply *textproto.Error
	for range maxReplyLines {
		line, err := c.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, errNoReply
		}
		if err != nil {
			return nil, err
		}

		code, text, more, ok := parseReplyLine(strings.TrimRight(string(line), "\r\n"))
		switch {
		case !ok || reply != nil && reply.Code != code:
			return nil, errNoReply
		case reply == nil:
			reply = &textproto.Error{Code: code, Msg: text}
		default:
			reply.Msg += "\n" + text
		}
		if !more {
			return reply, nil
		}
	}
	return nil, errNoReply
}

// parseReplyLine takes a line of a reply apart. Its last line has a space after the code, or
// nothing.
func parseReplyLine(line string) (code int, text string, more, ok bool) {
	digits, rest := line[:min(3, len(line))], line[min(3, len(line)):]
	code, err := strconv.Atoi(digits)
	if err != nil || code < 100 || rest != "" && rest[0] != ' ' && rest[0] != '-' {
		return 0, "", false, false
	}
	if rest == "" {
		return code, "", false, true
	}
	return code, rest[1:], rest[0] == '-', true
}

// hello introduces the client, and learns what the server offers.
func (c *connection) hello(ctx context.Context, name string) error {
	return c.step(ctx, func() error {
		reply, err := c.command(2, "EHLO "+name)
		if err != nil {
			return err
		}

		c.extensions = map[string]string{}
		for _, line := range strings.Split(reply.Msg, "\n")[1:] {
			keyword, parameters, _ := strings.Cut(line, " ")
			keyword = strings.ToUpper(keyword)
			c.extensions[keyword] += " " + parameters
		}
		return nil
	})
}

const (
	longIdle  = 5 * time.Second // from then on a kept connection is asked whether it works
	pulseTime = 3 * time.Second // how long that may take
)

// works reports whether a connection that was kept can be used. A close that meets a mail on its
// way would leave open whether that was sent.
func (c *connection) works(ctx context.Context) bool {
	if c.in.Buffered() > 0 || spoken(c.conn) {
		return false // 421, or the end
	}
	if time.Since(c.idleSince) < longIdle {
		return true
	}

	ctx, cancel := context.WithTimeout(ctx, pulseTime)
	defer cancel()
	return c.step(ctx, func() error {
		_, err := c.command(2, "NOOP")
		return err
	}) == nil
}

// quitTime bounds what is said when nobody waits for a mail.
const quitTime = time.Second

// reset ends a transaction that did not come to its end, so that the next mail has no other
// recipient. It reports whether the connection can be used again.
func (c *connection) reset(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, quitTime)
	defer cancel()

	err := c.step(ctx, func() error {
		_, err := c.command(2, "RSET")
		return err
	})
	c.begun = c.begun && err != nil
	return err == nil
}

// quit says goodbye, waits until the server has closed the connection, and closes it. Nobody is
// left to be told about errors.
func (c *connection) quit(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, quitTime)
	defer cancel()

	c.step(ctx, func() error { //nolint:errcheck // see above
		if err := c.say("QUIT\r\n"); err != nil {
			return err
		}
		_, err := c.in.WriteTo(io.Discard)
		return err
	})
	c.conn.Close()
}
