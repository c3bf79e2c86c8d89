package smtpmail_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

const allMechanisms = "plain login cram-md5 scram-sha-256"

// A code goes through a service and the relay into a mailbox, and is accepted from there.
func TestSend(t *testing.T) {
	relay := startRelay(t, allMechanisms)
	c := configFor(relay.startTLS)
	c.Renderer = nil // the standard one
	service, err := otp.New(otp.Config{
		Purpose: "sign-in",
		Secret:  []byte(strings.Repeat("s", 32)),
		Store:   memstore.New(nil),
		Sender:  newSender(t, c),
		Policy:  otp.Policy{MinSendTime: time.Millisecond},
	})
	require.NoError(t, err)

	for _, language := range []string{"en", "ja", "ar"} {
		t.Run(language, func(t *testing.T) {
			to := language + "@acme.example"
			_, err := service.Send(t.Context(), otp.Request{To: to, Language: language})
			require.NoError(t, err)

			got := relay.mails(t, to, 1)[0]
			assert.Contains(t, got.subject(t), "Acme")
			code := regexp.MustCompile(`\b[0-9]{6}\b`).FindString(got.text)
			assert.Contains(t, got.html, code)
			require.NoError(t, service.Verify(t.Context(), otp.Submission{To: to, Code: code}))
		})
	}
}

// The header of a mail, field by field.
func TestHeader(t *testing.T) {
	relay := startRelay(t, allMechanisms)
	c := configFor(relay.startTLS)
	c.From = "Bücher <no-reply@bücher.example>"
	sender := newSender(t, c)

	m := message(ada)
	before := time.Now().Truncate(time.Second)
	require.NoError(t, sender.Send(t.Context(), m))
	got := relay.mails(t, ada, 1)[0]

	sentAt, err := got.header.Date()
	require.NoError(t, err)
	assert.WithinRange(t, sentAt, before, time.Now())
	got.header["Date"] = nil
	got.header["Received"] = nil
	assert.Equal(t, map[string][]string{
		"Auto-Submitted":            {"auto-generated"},
		"Content-Transfer-Encoding": {"quoted-printable"},
		"Content-Type":              {"text/plain; charset=utf-8"},
		"Date":                      nil,
		"Delivered-To":              {ada},
		"From":                      {"=?utf-8?q?B=C3=BCcher?= <no-reply@xn--bcher-kva.example>"},
		"Message-Id":                {"<" + m.ID + "@xn--bcher-kva.example>"},
		"Mime-Version":              {"1.0"},
		"Received":                  nil,
		"Return-Path":               {"<no-reply@xn--bcher-kva.example>"},
		"Subject":                   {"Your code"},
		"To":                        {ada},
		"X-Auto-Response-Suppress":  {"All"},
		"X-Entity-Ref-Id":           {m.ID},
	}, map[string][]string(got.header))
	assert.Equal(t, "Your code is\n123456\n", got.text)
}

// Implicit TLS, and each mechanism of AUTH, as real servers have them. The other tests connect by
// STARTTLS or without TLS.
func TestConnecting(t *testing.T) {
	t.Run("implicit TLS", func(t *testing.T) {
		relay := startRelay(t, allMechanisms)
		c := configFor(relay.implicit)
		c.Security = smtpmail.ImplicitTLS
		require.NoError(t, newSender(t, c).Send(t.Context(), message("implicit@acme.example")))
		relay.mails(t, "implicit@acme.example", 1)
	})

	for _, mechanism := range strings.Fields(allMechanisms) {
		t.Run(mechanism, func(t *testing.T) {
			relay := startRelay(t, mechanism)
			sender := newSender(t, configFor(relay.startTLS))
			require.NoError(t, sender.Send(t.Context(), message(ada)))
			relay.mails(t, ada, 1)

			c := configFor(relay.startTLS)
			c.Password = "a guess"
			err := newSender(t, c).Send(t.Context(), message(ada))
			require.Equal(t, notSent, classOf(t, err))
			require.ErrorContains(t, err,
				"AUTH "+strings.ToUpper(mechanism)+": the server answered 535")
			require.NotContains(t, err.Error(), "guess")
		})
	}
}

// Without the right certificate, and without encryption, no mail goes out and no password.
func TestBadConnections(t *testing.T) {
	relay := startRelay(t, allMechanisms)

	for name, test := range map[string]struct {
		address string
		change  func(*smtpmail.Config)
		want    string
	}{
		"unknown authority": {relay.startTLS, func(c *smtpmail.Config) { c.TLS = nil },
			"STARTTLS: tls: failed to verify certificate: x509: certificate signed by unknown"},
		"another host": {relay.startTLS, func(c *smtpmail.Config) {
			c.TLS.ServerName = "other.example"
		}, "STARTTLS: tls: failed to verify certificate: x509: certificate is valid for"},
		"unknown authority, implicit": {relay.implicit, func(c *smtpmail.Config) {
			c.Security, c.TLS = smtpmail.ImplicitTLS, nil
		}, "TLS: tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		"expired": {relay.implicit, func(c *smtpmail.Config) {
			c.Security = smtpmail.ImplicitTLS
			c.TLS.Time = func() time.Time { return time.Now().AddDate(100, 0, 0) }
		}, "TLS: tls: failed to verify certificate: x509: certificate has expired"},
		"implicit TLS on the port of STARTTLS": {relay.startTLS, func(c *smtpmail.Config) {
			c.Security = smtpmail.ImplicitTLS
		}, "TLS: tls: first record does not look like a TLS handshake"},
		"no STARTTLS": {relay.plaintext, func(*smtpmail.Config) {},
			"STARTTLS: the server does not offer it"},
		"nobody listens": {freeAddress(t), func(*smtpmail.Config) {},
			"connecting: dial tcp 127.0.0.1"},
		"AUTH is required": {relay.startTLS, func(c *smtpmail.Config) {
			c.Username, c.Password = "", ""
		}, "MAIL: the server answered 530"},
	} {
		t.Run(name, func(t *testing.T) {
			c := configFor(test.address)
			test.change(&c)

			err := newSender(t, c).Send(t.Context(), message(ada))
			require.Equal(t, notSent, classOf(t, err))
			require.ErrorContains(t, err, test.want)
		})
	}
	require.Empty(t, relay.files(t, ada))
}

// What a real server refuses.
func TestRefusals(t *testing.T) {
	relay := startRelay(t, allMechanisms)
	sender := newSender(t, configFor(relay.startTLS))
	full := configFor(relay.startTLS)
	full.From = refusedFrom

	for _, test := range []struct {
		name, to string
		sender   *smtpmail.Sender
		want     class
		text     string
	}{
		{"550 5.1.1", unknown, sender, undeliverable,
			"smtpmail: not sent: the address takes no mail: the server answered 550 5.1.1"},
		{"550 without relaying", elsewhere, sender, undeliverable,
			"smtpmail: not sent: the address takes no mail: the server answered 550 5.0.0"},
		{"450 greylisted", greyed, sender, notSent,
			"smtpmail: not sent: RCPT: the server answered 450 4.7.1"},
		{"552 to the dot", ada, newSender(t, full), notSent,
			"smtpmail: not sent: the mail: the server answered 552 5.3.4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.sender.Send(t.Context(), message(test.to))
			require.Equal(t, test.want, classOf(t, err))
			require.EqualError(t, err, test.text)

			err = sender.Send(t.Context(), message("bea@acme.example"))
			require.NoError(t, err, "the next mail")
		})
	}

	relay.mails(t, "bea@acme.example", 4)
	require.Empty(t, relay.files(t, ada))
}

// A notice goes the way that codes go, without a code.
func TestSendMail(t *testing.T) {
	relay := startRelay(t, allMechanisms)
	sender := newSender(t, configFor(relay.startTLS))
	notice := otpmail.NewMail("Password changed", "It was changed.", "<p>It was changed.")

	require.NoError(t, sender.SendMail(t.Context(), ada, notice))
	require.NoError(t, sender.SendMail(t.Context(), ada, notice))

	got := relay.mails(t, ada, 2)
	assert.Equal(t, notice, otpmail.NewMail(got[0].subject(t), got[0].text, got[0].html))
	assert.Regexp(t, `^<[0-9a-f]{32}@acme\.example>$`, got[0].header.Get("Message-Id"))
	assert.NotEqual(t, got[0].header.Get("Message-Id"), got[1].header.Get("Message-Id"))

	require.ErrorIs(t, sender.SendMail(t.Context(), "ada", notice), otp.ErrUndeliverable)
	require.ErrorIs(t, sender.SendMail(t.Context(), unknown, notice), otp.ErrUndeliverable)
	hostile := otpmail.Mail{Subject: "a\r\nBcc: eve@evil.example", Text: "text"}
	require.ErrorIs(t, sender.SendMail(t.Context(), ada, hostile), otp.ErrNotSent)
}

// What cannot be sent is told before anybody is connected to.
func TestUnusableMessages(t *testing.T) {
	server := startScripted(t, fault{})
	c := configFor(server.address)
	sender := newSender(t, c)
	c.Renderer = failing{}
	withoutMail := newSender(t, c)

	change := func(f func(*otp.Message)) otp.Message {
		m := message(ada)
		f(&m)
		return m
	}
	for name, test := range map[string]struct {
		sender *smtpmail.Sender
		m      otp.Message
		want   class
	}{
		"two recipients": {sender, message(ada + ", eve@evil.example"), undeliverable},
		"a command":      {sender, message(ada + ">\r\nRCPT TO:<eve@evil.example"), undeliverable},
		"a parameter":    {sender, message(ada + "> NOTIFY=NEVER"), undeliverable},
		"a display name": {sender, message("Ada <" + ada + ">"), undeliverable},
		"no address":     {sender, message(""), undeliverable},
		"no code":        {sender, change(func(m *otp.Message) { m.Code = otp.Code{} }), notSent},
		"no id":          {sender, change(func(m *otp.Message) { m.ID = "" }), notSent},
		"another header": {sender, change(func(m *otp.Message) { m.ID = "x\r\nBcc: e" }), notSent},
		"expired": {sender, change(func(m *otp.Message) {
			m.ExpiresAt = time.Now()
		}), notSent},
		"no mail": {withoutMail, message(ada), notSent},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.sender.Send(t.Context(), test.m)
			require.Equal(t, test.want, classOf(t, err))
			require.Zero(t, server.seen().connections)
		})
	}
}

// Mails that a transport cannot carry are told apart from those that a server refuses.
func TestUnusableMails(t *testing.T) {
	server, sender := startSending(t, fault{})
	for _, mail := range []otpmail.Mail{
		{Text: "text"}, {Subject: "a\nb", Text: "text"}, {Subject: "subject", HTML: "<p>"},
		{Subject: "subject", Text: "\xff"}, {Subject: strings.Repeat("ä", 256), Text: "text"},
	} {
		err := sender.SendMail(t.Context(), ada, mail)
		require.ErrorIs(t, err, otp.ErrNotSent)
		require.ErrorContains(t, err, "smtpmail: not sent: the mail is not usable: the ")
	}
	require.Zero(t, server.seen().connections)

	longest := otpmail.Mail{Subject: strings.Repeat("ä", 255), Text: "text"}
	require.NoError(t, sender.SendMail(t.Context(), ada, longest))
}

type failing struct{}

func (failing) Render(m otp.Message) (otpmail.Mail, error) {
	return otpmail.Mail{}, fmt.Errorf("no mail for %s with %s", m.To, m.Code.Reveal())
}

// A context that is done, and one without a deadline, end a Send in time.
func TestContext(t *testing.T) {
	server, sender := startSending(t, fault{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	for range 20 { // it may end while it waits for a place, or while it connects
		err := sender.Send(ctx, message(ada))
		require.Equal(t, notSent, classOf(t, err))
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Zero(t, server.seen().connections)

	server.fail(fault{step: "MAIL", reply: stall})
	expiring := message(ada)
	expiring.ExpiresAt = time.Now().Add(200 * time.Millisecond)
	err := sender.Send(t.Context(), expiring)
	require.Equal(t, notSent, classOf(t, err), "the code has expired meanwhile")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
