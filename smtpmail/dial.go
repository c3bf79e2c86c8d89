package smtpmail

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// A dialer makes connections that are greeted, encrypted and authenticated.
type dialer struct {
	host, address      string
	security           Security
	tls                *tls.Config
	helloName          string // empty for the address literal of the connection
	username, password string
}

func newDialer(c *Config) *dialer {
	return &dialer{
		host:      c.Host,
		address:   net.JoinHostPort(c.Host, strconv.Itoa(c.Port)),
		security:  c.Security,
		tls:       c.TLS,
		helloName: c.HelloName,
		username:  c.Username,
		password:  c.Password,
	}
}

// dial makes a connection. Its errors match otp.ErrNotSent.
func (d *dialer) dial(ctx context.Context) (*connection, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, notSent("connecting", err)
	}

	c := &connection{conn: conn}
	if err := d.open(ctx, c); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// open leads the dialogue up to where mails can be announced.
func (d *dialer) open(ctx context.Context, c *connection) error {
	if err := d.greet(ctx, c); err != nil {
		return err
	}

	if d.security == StartTLS {
		if offered, _ := c.client.Extension("STARTTLS"); !offered {
			return notSent("STARTTLS", ownError("the server does not offer it"))
		}

		err := c.step(ctx, func() error { return c.client.StartTLS(d.tls) })
		if err != nil {
			return notSent("STARTTLS", err)
		}
	}

	if d.username == "" {
		return nil
	}
	return d.authenticate(ctx, c)
}

// greet waits for the server's greeting, encrypted with ImplicitTLS, and introduces the client.
func (d *dialer) greet(ctx context.Context, c *connection) error {
	stream := c.conn
	if d.security == ImplicitTLS {
		encrypted := tls.Client(c.conn, d.tls)
		if err := c.step(ctx, encrypted.Handshake); err != nil {
			return notSent("TLS", err)
		}
		stream = encrypted
	}

	err := c.step(ctx, func() (err error) {
		c.client, err = smtp.NewClient(stream, d.host)
		return err
	})
	if err != nil {
		return notSent("greeting", err)
	}
	c.client.SkipSMTPUTF8(true) // addresses are ASCII

	name := d.helloName
	if name == "" {
		name = addressLiteral(c.conn.LocalAddr())
	}
	if err := c.step(ctx, func() error { return c.client.Hello(name) }); err != nil {
		return notSent("EHLO", err)
	}
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

// mechanisms of AUTH, the best first.
var mechanisms = []struct {
	name string
	auth func(*dialer) smtp.Auth
}{
	{"SCRAM-SHA-256", func(d *dialer) smtp.Auth {
		return smtp.ScramSHA256Auth(d.username, d.password)
	}},
	{"PLAIN", func(d *dialer) smtp.Auth {
		return smtp.PlainAuth("", d.username, d.password, d.host, false)
	}},
	{"LOGIN", func(d *dialer) smtp.Auth {
		return smtp.LoginAuth(d.username, d.password, d.host, false)
	}},
	{"CRAM-MD5", func(d *dialer) smtp.Auth {
		return smtp.CRAMMD5Auth(d.username, d.password)
	}},
}

// authenticate logs in by the best mechanism that the server offers.
func (d *dialer) authenticate(ctx context.Context, c *connection) error {
	_, offered := c.client.Extension("AUTH")

	for _, m := range mechanisms {
		if !slices.Contains(strings.Fields(strings.ToUpper(offered)), m.name) {
			continue
		}

		if err := c.step(ctx, func() error { return c.client.Auth(m.auth(d)) }); err != nil {
			return notSent("AUTH "+m.name, err)
		}
		return nil
	}
	return notSent("AUTH", ownError("the server offers none of "+
		"SCRAM-SHA-256, PLAIN, LOGIN and CRAM-MD5"))
}
