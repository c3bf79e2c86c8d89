package smtpmail_test

import (
	"fmt"
	"net/mail"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

// Header fields of one's own, ReplyTo and ReturnPath arrive as they were configured.
func TestOwnHeader(t *testing.T) {
	relay := startRelay(t, "plain")
	long := strings.Repeat("words of a value ", 20) + strings.Repeat("x", 100) + " end"
	c := configFor(relay.startTLS)
	c.ReplyTo = "Bücher-Hilfe <help@bücher.example>"
	c.ReturnPath = "bounces@bücher.example"
	c.Header = map[string]string{"X-SES-CONFIGURATION-SET": "codes", "x-long": long}
	sender := newSender(t, c)
	c.Header["X-Late"] = "changed afterwards"

	require.NoError(t, sender.Send(t.Context(), message(ada)))
	got := relay.mails(t, ada, 1)[0].header
	assert.Equal(t, []string{"codes"}, got["X-Ses-Configuration-Set"])
	assert.Equal(t, long, got.Get("X-Long"))
	assert.Equal(t, "<bounces@xn--bcher-kva.example>", got.Get("Return-Path"))
	replyTo, err := got.AddressList("Reply-To")
	require.NoError(t, err)
	assert.Equal(t, []*mail.Address{
		{Name: "Bücher-Hilfe", Address: "help@xn--bcher-kva.example"}}, replyTo)
	assert.Empty(t, got["X-Late"])

	content, err := os.ReadFile(relay.files(t, ada)[0])
	require.NoError(t, err)
	header, _, _ := strings.Cut(string(content), "\n\n")
	own := header[strings.Index(header, "\nDate:")+1:] // without what servers add
	requireShortLines(t, strings.ReplaceAll(own, strings.Repeat("x", 100), "x"))
}

// Header fields that would change the mail, or could end the header, are refused.
func TestHeaderIsChecked(t *testing.T) {
	refused := map[string]string{}
	for _, name := range []string{
		"", "X Space", "X-Colon:", "X-Line\r\nBcc", "X-Ümlaut", strings.Repeat("X", 65),
		"bcc", "Cc", "To", "from", "Sender", "Subject", "MESSAGE-ID", "Content-Type",
		"Content-Disposition", "Resent-To", "Received", "DKIM-Signature", "Return-Path",
		"X-Auto-Response-Suppress",
	} {
		refused[name] = "eve@evil.example"
	}
	for i, value := range []string{
		"", "  ", "a\r\nBcc: eve@evil.example", "a\nb", "a\x00b", "ü", strings.Repeat("x", 901),
	} {
		refused[fmt.Sprint("X-", i)] = value
	}
	for name, value := range refused {
		c := good()
		c.Header = map[string]string{name: value}
		_, err := smtpmail.New(c)
		require.ErrorContains(t, err, "smtpmail: Config.Header", "%q: %q", name, value)
	}

	c := good()
	c.Header = map[string]string{"X-Tag": "a", "x-tag": "b"}
	_, err := smtpmail.New(c)
	require.ErrorContains(t, err, "twice")

	c = good()
	c.Header = map[string]string{"X-PM-Message-Stream": "outbound", "X-A": strings.Repeat("x", 900)}
	newSender(t, c)
}

// Subjects and names of any length and script are read back as they were, from lines of at most 76
// characters.
func TestEncodedWords(t *testing.T) {
	for _, text := range []string{
		"Your code", strings.Repeat("Donaudampfschifffahrt ", 11) + "x",
		strings.Repeat("確認コード", 50), strings.Repeat("é", 64), strings.Repeat("👩\u200d💻", 30),
		"=?utf-8?q?a?=", "a=b?c_d", strings.Repeat("x", 66), strings.Repeat("x", 67),
		strings.Repeat("x", 68), `"quoted" \ <a@b.example>`, "a, b; c: (d)",
	} {
		name := []rune(text)
		requireReadAsWritten(t, otpmail.From{
			Name:    strings.TrimSpace(string(name[:min(64, len(name))])),
			Address: "no-reply@acme.example",
		}, otpmail.Mail{Subject: text, Text: "text"})
	}
}
