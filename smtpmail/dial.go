package smtpmail

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"strings"
)

// A dialer makes connections that are greeted, encrypted and authenticated.
type dialer struct {
	host, address string
	security      Security
	tls           *tls.Config
	helloName     string // empty for the address literal of the connection
	logins        *logins
}

func newDialer(c *Config) *dialer {
	return &dialer{
		host:      c.Host,
		address:   net.JoinHostPort(c.Host, strconv.Itoa(c.Port)),
		security:  c.Security,
		tls:       c.TLS,
		helloName: c.HelloName,
		logins:    newLogins(c),
	}
}

// dial makes a connection. Its errors match otp.ErrNotSent.
func (d *dialer) dial(ctx context.Context) (*connection, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, notSent("connecting", err)
	}

	c := newConnection(conn)
	err = d.open(ctx, c)
	switch {
	case err == nil:
		return c, nil
	case c.lost:
		conn.Close()
	default:
		c.quit(ctx)
	}
	return nil, err
}

// open leads the dialogue up to where mails can be announced.
func (d *dialer) open(ctx context.Context, c *connection) error {
	if err := d.greet(ctx, c); err != nil {
		return err
	}
	if d.security == StartTLS {
		if err := d.startTLS(ctx, c); err != nil {
			return err
		}
	}
	return d.logins.logIn(ctx, c)
}

// greet waits for the server's greeting, encrypted with ImplicitTLS, and introduces the client.
func (d *dialer) greet(ctx context.Context, c *connection) error {
	if d.security == ImplicitTLS {
		if err := d.encrypt(ctx, c); err != nil {
			return notSent("TLS", err)
		}
	}

	err := c.step(ctx, func() error {
		reply, err := c.read()
		if err == nil && reply.Code/100 != 2 {
			return reply
		}
		return err
	})
	if err != nil {
		return notSent("greeting", err)
	}
	return d.hello(ctx, c)
}

func (d *dialer) hello(ctx context.Context, c *connection) error {
	name := d.helloName
	if name == "" {
		name = addressLiteral(c.conn.LocalAddr())
	}
	if err := c.hello(ctx, name); err != nil {
		return notSent("EHLO", err)
	}
	return nil
}

// startTLS encrypts the connection, and asks again what the server offers (RFC 3207 §4.2).
func (d *dialer) startTLS(ctx context.Context, c *connection) error {
	if !c.offers("STARTTLS") {
		return notSent("STARTTLS", ownError("the server does not offer it"))
	}

	err := c.step(ctx, func() error {
		_, err := c.command(2, "STARTTLS")
		return err
	})
	if err == nil {
		err = d.encrypt(ctx, c)
	}
	if err != nil {
		return notSent("STARTTLS", err)
	}
	return d.hello(ctx, c)
}

// encrypt goes on by TLS.
func (d *dialer) encrypt(ctx context.Context, c *connection) error {
	encrypted := tls.Client(c.conn, d.tls)
	if err := c.step(ctx, encrypted.Handshake); err != nil {
		return err
	}
	c.speak(encrypted)
	return nil
}

// addressLiteral returns an IP address as RFC 5321 §4.1.3 writes it.
func addressLiteral(address net.Addr) string {
	host, _, err := net.SplitHostPort(address.String())
	if err != nil {
		return "localhost"
	}
	if strings.Contains(host, ":") {
		host = "IPv6:" + host
	}
	return "[" + host + "]"
}
