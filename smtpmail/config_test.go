package smtpmail_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/smtpmail"
)

// good is the least that New needs.
func good() smtpmail.Config {
	return smtpmail.Config{Host: "smtp.acme.example", From: "no-reply@acme.example"}
}

func TestNew(t *testing.T) {
	for name, change := range map[string]func(*smtpmail.Config){
		"the least":       func(*smtpmail.Config) {},
		"an IP address":   func(c *smtpmail.Config) { c.Host = "192.0.2.1" },
		"an IPv6 address": func(c *smtpmail.Config) { c.Host = "2001:db8::1" },
		"a name in From":  func(c *smtpmail.Config) { c.From = "Acme <no-reply@acme.example>" },
		"a literal":       func(c *smtpmail.Config) { c.HelloName = "[IPv6:2001:db8::1]" },
		"a name":          func(c *smtpmail.Config) { c.HelloName = "app.acme.example" },
		"a password":      func(c *smtpmail.Config) { c.Username, c.Password = "otp", "p" },
		"without TLS":     func(c *smtpmail.Config) { c.Security = smtpmail.Plaintext },
		"the largest":     func(c *smtpmail.Config) { c.MaxConnections, c.Port = 100, 65535 },
		"the longest":     func(c *smtpmail.Config) { c.IdleTimeout = 5 * time.Minute },
		"64 characters": func(c *smtpmail.Config) {
			c.From = strings.Repeat("é", 64) + " <a@acme.example>"
		},
		"a domain in UTF-8": func(c *smtpmail.Config) { c.From = "a@bücher.example" },
	} {
		t.Run(name, func(t *testing.T) {
			c := good()
			change(&c)
			newSender(t, c)
		})
	}
}

// The error of a bad configuration names the field, the value and the bound.
func TestNewRefuses(t *testing.T) {
	token := func(context.Context) (string, error) { return "", nil }
	account := func(
		password string, token func(context.Context) (string, error), mechanisms ...string,
	) func(*smtpmail.Config) {
		return func(c *smtpmail.Config) {
			c.Username, c.Password, c.Token, c.Mechanisms = "otp", password, token, mechanisms
		}
	}
	for _, test := range []struct {
		change func(*smtpmail.Config)
		want   string
	}{
		{func(c *smtpmail.Config) { c.Host = "" }, `Config.Host is ""`},
		{func(c *smtpmail.Config) { c.Host = "smtp.acme.example:587" }, "Config.Host is"},
		{func(c *smtpmail.Config) { c.Host = "smtp.acme.example\r\n" }, "Config.Host is"},
		{func(c *smtpmail.Config) { c.Host = "smtp://acme.example" }, "Config.Host is"},
		{func(c *smtpmail.Config) { c.Port = -1 }, "Config.Port is -1: it must be 1 to 65535"},
		{func(c *smtpmail.Config) { c.Port = 65536 }, "Config.Port is 65536"},
		{func(c *smtpmail.Config) { c.Security = 3 }, "Config.Security is 3"},
		{func(c *smtpmail.Config) { c.Security = -1 }, "Config.Security is -1"},
		{func(c *smtpmail.Config) { c.Username = "otp" }, "Config.Password is empty"},
		{func(c *smtpmail.Config) { c.Password = "p" }, "Config.Username is empty"},
		{func(c *smtpmail.Config) { c.Username, c.Password = "otp\n", "p" },
			"Config.Username has control"},
		{func(c *smtpmail.Config) { c.Username, c.Password = "otp", "p\n" },
			"Config.Password has control"},
		{func(c *smtpmail.Config) {
			c.Username, c.Password, c.Security = "otp", "p", smtpmail.Plaintext
		}, "the password would travel unencrypted"},
		{func(c *smtpmail.Config) { c.HelloName = "a b" }, `Config.HelloName is "a b"`},
		{func(c *smtpmail.Config) { c.HelloName = "a\r\nMAIL FROM:<>" }, "Config.HelloName is"},
		{func(c *smtpmail.Config) { c.HelloName = strings.Repeat("a", 256) }, "at most 255 bytes"},
		{func(c *smtpmail.Config) { c.MaxConnections = -1 },
			"Config.MaxConnections is -1: it must be 1 to 100"},
		{func(c *smtpmail.Config) { c.MaxConnections = 101 },
			"Config.MaxConnections is 101: it must be 1 to 100"},
		{func(c *smtpmail.Config) { c.IdleTimeout = -1 },
			"Config.IdleTimeout is -1ns: it must be above 0 and at most 5m"},
		{func(c *smtpmail.Config) { c.IdleTimeout = 6 * time.Minute },
			"Config.IdleTimeout is 6m0s"},
		{func(c *smtpmail.Config) { c.From = "" }, `Config.From is ""`},
		{func(c *smtpmail.Config) { c.From = "acme" }, `Config.From is "acme"`},
		{func(c *smtpmail.Config) { c.From = "a@acme.example, b@acme.example" }, "Config.From is"},
		{func(c *smtpmail.Config) { c.From = "Acme\r\nBcc: e <a@acme.example>" }, "Config.From is"},
		{func(c *smtpmail.Config) { c.From = "=?utf-8?q?A=0D=0AB?= <a@acme.example>" },
			"Config.From is"},
		{func(c *smtpmail.Config) { c.From = strings.Repeat("é", 65) + " <a@acme.example>" },
			"its display name: it has 65 characters: at most 64 are allowed"},
		{func(c *smtpmail.Config) { c.ReplyTo = "a@acme.example\r\nBcc: e@b.example" },
			"Config.ReplyTo is "},
		{func(c *smtpmail.Config) { c.ReturnPath = "Acme <a@acme.example>" },
			"Config.ReturnPath is "},
		{account("p", nil, "NTLM"),
			`Config.Mechanisms is ["NTLM"]: with Password it must be some of SCRAM-SHA-256,`},
		{account("p", nil, "PLAIN", "PLAIN"), "each once"},
		{account("p", nil, "XOAUTH2"), "with Password it must"},
		{account("p", nil, []string{}...), "Config.Mechanisms is empty"},
		{account("p", token), "Config.Token is set, and Password too"},
		{func(c *smtpmail.Config) { c.Token = token },
			"Config.Username is empty: Token goes with it"},
		{account("", token, "PLAIN"), "with Token it must be some of OAUTHBEARER, XOAUTH2"},
	} {
		t.Run(test.want, func(t *testing.T) {
			c := good()
			test.change(&c)

			s, err := smtpmail.New(c)
			require.ErrorContains(t, err, test.want)
			require.True(t, strings.HasPrefix(err.Error(), "smtpmail: Config."), err)
			require.Nil(t, s)
		})
	}
}

// Rule 13: no printed form shows the password.
func TestRedacted(t *testing.T) {
	c := good()
	c.Username, c.Password = "otp", "hunter2"
	sender := newSender(t, c)

	for _, v := range []any{c, &c, sender, *sender, []any{c, sender}} {
		var shown strings.Builder
		for _, verb := range strings.Fields("%v %+v %#v %s %q %x %d") {
			fmt.Fprintf(&shown, verb, v)
		}
		slog.New(slog.NewTextHandler(&shown, nil)).Info("", "v", v)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("", "v", v)
		require.NoError(t, json.NewEncoder(&shown).Encode(v))

		assert.NotContains(t, shown.String(), "hunter2")
		assert.NotContains(t, shown.String(), fmt.Sprintf("%x", "hunter2"))
		assert.Contains(t, shown.String(), "[redacted]")
	}
}

// The server is greeted by the name that is configured, else by the address of the connection.
func TestHelloName(t *testing.T) {
	for name, want := range map[string]string{
		"app.acme.example": "EHLO app.acme.example",
		"":                 "EHLO [127.0.0.1]",
	} {
		server := startScripted(t, fault{})
		c := configFor(server.address)
		c.HelloName = name
		if name == "" && strings.Contains(hostname(t), ".") {
			want = "EHLO " + hostname(t)
		}

		require.NoError(t, newSender(t, c).Send(t.Context(), message(ada)))
		require.Equal(t, want, server.seen().commands[0])
	}
}

func hostname(t *testing.T) string {
	t.Helper()

	name, err := os.Hostname()
	require.NoError(t, err)
	return name
}
