package smtpmail_test

import (
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
	for name, value := range map[string]string{
		"":                         "value",
		"X Space":                  "value",
		"X-Colon:":                 "value",
		"X-Line\r\nBcc":            "eve@evil.example",
		"X-Ümlaut":                 "value",
		strings.Repeat("X", 65):    "value",
		"X-Empty":                  "",
		"X-Blank":                  "  ",
		"X-Break":                  "a\r\nBcc: eve@evil.example",
		"X-Newline":                "a\nb",
		"X-Control":                "a\x00b",
		"X-Unicode":                "ü",
		"X-Long":                   strings.Repeat("x", 901),
		"bcc":                      "eve@evil.example",
		"Cc":                       "eve@evil.example",
		"To":                       "eve@evil.example",
		"from":                     "eve@evil.example",
		"Sender":                   "eve@evil.example",
		"Subject":                  "another",
		"MESSAGE-ID":               "<1@evil.example>",
		"Content-Type":             "text/html",
		"Content-Disposition":      "attachment",
		"Resent-To":                "eve@evil.example",
		"Received":                 "from somewhere",
		"DKIM-Signature":           "v=1",
		"Return-Path":              "<eve@evil.example>",
		"X-Auto-Response-Suppress": "None",
	} {
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
