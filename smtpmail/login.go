package smtpmail

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/wneessen/go-mail/smtp"
)

// The mechanisms of AUTH that there are, the best first: those that have a token, and those that
// have a password.
var (
	tokenMechanisms    = []string{"OAUTHBEARER", "XOAUTH2"}
	passwordMechanisms = []string{"SCRAM-SHA-256", "PLAIN", "LOGIN", "CRAM-MD5"}
)

// logins is how connections are authenticated.
type logins struct {
	host               string
	port               int
	username, password string
	token              func(context.Context) (string, error)

	mechanisms []string
	worked     atomic.Pointer[string] // the mechanism that the server took last
}

func newLogins(c *Config) *logins {
	return &logins{
		host:       c.Host,
		port:       c.Port,
		username:   c.Username,
		password:   c.Password,
		token:      c.Token,
		mechanisms: c.Mechanisms,
	}
}

// logIn authenticates a connection by the best mechanism that the server offers. If it refuses one
// for good, that may not be possible for this account, and the next one is tried.
func (l *logins) logIn(ctx context.Context, c *connection) error {
	if l.username == "" {
		return nil
	}
	mechanisms := l.offeredBy(c)
	if len(mechanisms) == 0 {
		return notSent("AUTH", ownError("the server offers none of "+
			strings.Join(l.mechanisms, ", ")))
	}

	secret, err := l.secret(ctx)
	if err != nil {
		return err
	}
	var refusal error
	for _, name := range mechanisms {
		err := c.authenticate(ctx, l.mechanism(name, secret), l.host)
		switch {
		case err == nil:
			l.worked.Store(&name)
			return nil
		case refusal == nil || refused(err):
			refusal = notSent("AUTH "+name, err)
		}
		if replyCode(err)/100 != 5 || c.lost {
			break
		}
	}
	return refusal
}

// offeredBy returns the mechanisms that the server offers, in the order in which they are tried.
func (l *logins) offeredBy(c *connection) []string {
	offered := strings.Fields(strings.ToUpper(c.extensions["AUTH"]))
	var all []string
	for _, name := range l.mechanisms {
		switch worked := l.worked.Load(); {
		case !slices.Contains(offered, name):
		case worked != nil && *worked == name:
			all = slices.Insert(all, 0, name)
		default:
			all = append(all, name)
		}
	}
	return all
}

// secret returns the password, or a token that is valid now.
func (l *logins) secret(ctx context.Context) (string, error) {
	if l.token == nil {
		return l.password, nil
	}

	token, err := l.token(ctx)
	switch {
	case err != nil: // its text may hold more than it should
		return "", unsent("AUTH: Config.Token failed", err)
	case token == "" || strings.ContainsFunc(token, unicode.IsControl):
		return "", unsent("AUTH: Config.Token gave no token, or one with control characters", nil)
	}
	return token, nil
}

// mechanism returns the dialogue of a mechanism.
func (l *logins) mechanism(name, secret string) smtp.Auth {
	switch name {
	case "OAUTHBEARER":
		return &oauthBearer{l, secret}
	case "XOAUTH2":
		return smtp.XOAuth2Auth(l.username, secret)
	case "SCRAM-SHA-256":
		return smtp.ScramSHA256Auth(l.username, secret)
	case "PLAIN":
		return smtp.PlainAuth("", l.username, secret, l.host, false)
	case "LOGIN":
		return smtp.LoginAuth(l.username, secret, l.host, false)
	default:
		return smtp.CRAMMD5Auth(l.username, secret)
	}
}

// An oauthBearer is the mechanism of RFC 7628.
type oauthBearer struct {
	*logins
	secret string
}

// Start returns the token, and whose it is (§3.1).
func (o *oauthBearer) Start(*smtp.ServerInfo) (string, []byte, error) {
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(o.username) // RFC 5801 §4
	return "OAUTHBEARER", fmt.Appendf(nil,
		"n,a=%s,\x01host=%s\x01port=%d\x01auth=Bearer %s\x01\x01",
		name, o.host, o.port, o.secret), nil
}

// Next answers the reason of a refusal (§3.2.3).
func (o *oauthBearer) Next(_ []byte, more bool) ([]byte, error) {
	if more {
		return []byte("\x01"), nil
	}
	return nil, nil
}

// maxAuthLine bounds an AUTH command, less its line end (RFC 4954 §4).
const maxAuthLine = 510

// authenticate leads the dialogue of one mechanism.
func (c *connection) authenticate(ctx context.Context, mechanism smtp.Auth, host string) error {
	name, initial, err := mechanism.Start(&smtp.ServerInfo{Name: host, TLS: true})
	if err != nil {
		return err
	}

	line, pending := "AUTH "+name, initial
	if inline := line + " " + base64.StdEncoding.EncodeToString(initial); len(initial) > 0 &&
		len(inline) <= maxAuthLine {
		line, pending = inline, nil
	}
	return c.step(ctx, func() error {
		for {
			if err := c.say(line + "\r\n"); err != nil {
				return err
			}
			reply, err := c.read()
			switch {
			case err != nil:
				return err
			case reply.Code/100 == 2:
				return nil
			case reply.Code != 334:
				return reply
			}

			response := pending
			if pending = nil; response == nil {
				response, err = respond(mechanism, reply.Msg)
			}
			if err != nil {
				return err
			}
			line = base64.StdEncoding.EncodeToString(response)
		}
	})
}

// respond returns what a mechanism says to a challenge.
func respond(mechanism smtp.Auth, challenge string) ([]byte, error) {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(challenge))
	if err != nil {
		return nil, err
	}
	return mechanism.Next(decoded, true)
}
