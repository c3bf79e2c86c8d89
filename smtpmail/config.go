package smtpmail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/seed-5978b5f1/otp/otpmail"
)

// Security is how the connection is encrypted.
type Security int

const (
	// StartTLS begins in plain text and goes on encrypted, or not at all (RFC 3207). The usual port
	// is 587.
	StartTLS Security = iota

	// ImplicitTLS is encrypted from the start (RFC 8314 §3). The usual port is 465.
	ImplicitTLS

	// Plaintext is not encrypted: everybody on the way can read the codes. It is for a server on
	// the same machine. The usual port is 25.
	Plaintext
)

// usualPorts are the ports of each Security.
var usualPorts = [...]int{StartTLS: 587, ImplicitTLS: 465, Plaintext: 25}

// Config is what a [Sender] is made of. It shows as "[redacted]" when printed, logged or marshaled.
type Config struct {
	redacted

	// Host is the name or the IP address of the server, without a port. Its certificate must be
	// made out to it. Required.
	Host string

	// Port is 1 to 65535. Default: the usual one for Security.
	Port int

	// Security is how the connection is encrypted. Default: StartTLS.
	Security Security

	// TLS holds further settings of TLS, such as RootCAs. New takes a copy. Default: the system's
	// certificate authorities, TLS 1.2 or later.
	TLS *tls.Config

	// Username and Password are for AUTH. Not with Plaintext. Default: there is no AUTH.
	Username, Password string

	// Token takes the place of Password where the server wants OAuth 2.0 (XOAUTH2, OAUTHBEARER). It
	// is called for each new connection, and returns an access token that is valid now: cache it,
	// and honor the context. Its errors are wrapped, and not repeated in texts.
	Token func(context.Context) (string, error)

	// Mechanisms are the mechanisms of AUTH that may be used, the one to try first at the front. If
	// the server refuses the log-in by one (5xx), the next that it offers is tried on the same
	// connection. Default: OAUTHBEARER and XOAUTH2 with Token; otherwise SCRAM-SHA-256, PLAIN,
	// LOGIN and CRAM-MD5.
	Mechanisms []string

	// From is what mails come from: an address, or a display name with an address such as
	// "Acme <no-reply@acme.example>", at most 64 printable characters and 254 bytes. Required.
	From string

	// ReplyTo is where answers go, in the form of From. Default: to From.
	ReplyTo string

	// ReturnPath is the address of the envelope, to which servers send bounces (MAIL FROM).
	// Default: that of From.
	ReturnPath string

	// Header holds further header fields by name, such as a provider's X-SES-CONFIGURATION-SET or
	// X-PM-Message-Stream: names of 1 to 64 printable ASCII characters without colon, values of 1
	// to 900 printable ASCII characters. Fields that the Sender writes itself, those that add
	// recipients, and those of servers (Received, DKIM-Signature, Resent-…) are refused.
	Header map[string]string

	// Renderer writes the mails. Default: an otpmail.Catalog whose product is the display name of
	// From, or else its domain.
	Renderer otpmail.Renderer

	// HelloName is how the Sender introduces itself (EHLO): a host name or an address literal.
	// Default: the name of this machine if it has a dot, else the IP address that it connects from
	// (RFC 5321 §4.1.4).
	HelloName string

	// MaxConnections bounds the connections that are open at a time, 1 to 100. Default: 8.
	MaxConnections int

	// IdleTimeout is how long a connection is kept for the next mail, at most 5 minutes. Default:
	// 30 seconds, less than what servers wait.
	IdleTimeout time.Duration
}

const (
	defaultConnections = 8
	maxConnections     = 100

	defaultIdleTimeout = 30 * time.Second
	maxIdleTimeout     = 5 * time.Minute // RFC 5321 §4.5.3.2.7: servers wait at least so long
)

// withDefaults returns the configuration with its defaults in place.
func (c Config) withDefaults() Config {
	if c.Port == 0 && c.Security >= StartTLS && c.Security <= Plaintext {
		c.Port = usualPorts[c.Security]
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = defaultConnections
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = defaultIdleTimeout
	}

	if name, err := os.Hostname(); c.HelloName == "" && err == nil &&
		strings.Contains(name, ".") && isHelloName(name) {
		c.HelloName = name
	}

	if c.Mechanisms == nil && c.Token != nil {
		c.Mechanisms = tokenMechanisms
	} else if c.Mechanisms == nil {
		c.Mechanisms = passwordMechanisms
	}
	c.Mechanisms = slices.Clone(c.Mechanisms)

	c.TLS = c.TLS.Clone()
	if c.TLS == nil {
		c.TLS = &tls.Config{}
	}
	if c.TLS.ServerName == "" {
		c.TLS.ServerName = c.Host
	}
	return c
}

// check looks at all fields but From, ReplyTo and ReturnPath.
func (c *Config) check() error {
	switch {
	case !isHost(c.Host):
		return fmt.Errorf("Config.Host is %q: it must be the name or the IP address "+
			"of the server, without a port", c.Host)
	case c.Security < StartTLS || c.Security > Plaintext:
		return fmt.Errorf("Config.Security is %d: it must be StartTLS, ImplicitTLS or Plaintext",
			c.Security)
	case c.Port < 1 || c.Port > 65535:
		return fmt.Errorf("Config.Port is %d: it must be 1 to 65535", c.Port)
	case c.HelloName != "" && !isHelloName(c.HelloName):
		return fmt.Errorf("Config.HelloName is %q: it must be a host name, or an address literal "+
			"such as [192.0.2.1], of at most 255 bytes", c.HelloName)
	case c.MaxConnections < 1 || c.MaxConnections > maxConnections:
		return fmt.Errorf("Config.MaxConnections is %d: it must be 1 to %d",
			c.MaxConnections, maxConnections)
	case c.IdleTimeout < 0 || c.IdleTimeout > maxIdleTimeout:
		return fmt.Errorf("Config.IdleTimeout is %v: it must be above 0 and at most %v",
			c.IdleTimeout, maxIdleTimeout)
	}
	if err := checkHeader(c.Header); err != nil {
		return err
	}
	if err := c.checkMechanisms(); err != nil {
		return err
	}
	return c.checkLogin()
}

// checkMechanisms looks at Mechanisms.
func (c *Config) checkMechanisms() error {
	fit, with := passwordMechanisms, "Password"
	if c.Token != nil {
		fit, with = tokenMechanisms, "Token"
	}

	for i, name := range c.Mechanisms {
		if !slices.Contains(fit, name) || slices.Contains(c.Mechanisms[:i], name) {
			return fmt.Errorf("Config.Mechanisms is %q: with %s it must be some of %s, each once",
				c.Mechanisms, with, strings.Join(fit, ", "))
		}
	}
	if len(c.Mechanisms) == 0 {
		return errors.New("Config.Mechanisms is empty: leave it nil for the default")
	}
	return nil
}

// checkLogin looks at Username, Password and Token, and repeats none.
func (c *Config) checkLogin() error {
	switch {
	case c.Username == "" && c.Password != "":
		return errors.New("Config.Username is empty: Password goes with it")
	case c.Username == "" && c.Token != nil:
		return errors.New("Config.Username is empty: Token goes with it")
	case c.Password != "" && c.Token != nil:
		return errors.New("Config.Token is set, and Password too: one of them must go")
	case c.Username != "" && c.Password == "" && c.Token == nil:
		return errors.New("Config.Password is empty: it or Token goes with Username")
	case c.Username != "" && c.Security == Plaintext:
		return errors.New("Config.Username is set, and Security is Plaintext: " +
			"the password would travel unencrypted")
	case strings.ContainsFunc(c.Username, unicode.IsControl):
		return errors.New("Config.Username has control characters, a line end perhaps")
	case strings.ContainsFunc(c.Password, unicode.IsControl):
		return errors.New("Config.Password has control characters, a line end perhaps")
	}
	return nil
}

const lettersAndDigits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func isHost(s string) bool {
	ip := strings.Count(s, ":") != 1 // that one would be a port's
	return s != "" && len(s) <= 253 && ip && strings.Trim(s, lettersAndDigits+".-_:") == ""
}

func isHelloName(s string) bool {
	return s != "" && len(s) <= 255 && strings.Trim(s, lettersAndDigits+".-_:[]") == ""
}
