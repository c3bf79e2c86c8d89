package smtpmail_test

import (
	"crypto/rand"
	"html"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

// hostile are texts that try to become something else.
var hostile = []string{
	"ordinary",
	"",
	" leading and trailing ",
	"two  spaces" + strings.Repeat(" ", 100) + "and a hundred",
	"a\r\nBcc: eve@evil.example",
	"a\nBcc: eve@evil.example\n\nbody",
	"a\rb\x00c\x1b[2J",
	"a\u2028Bcc: eve@evil.example\u2029\u0085",
	"\r\n.\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<eve@evil.example>\r\nDATA\r\n",
	"\n.\n", ".", "..", "\r\n.\r", "\n.\r\n",
	"=?utf-8?q?a=0D=0ABcc:_eve@evil.example?=",
	"=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=",
	"=0D=0ABcc: eve@evil.example",
	"<script>alert(1)</script><a href='https://evil.example'>\"&amp;",
	"--boundary\r\nContent-Type: text/html\r\n\r\n<b>",
	"ada@acme.example, eve@evil.example",
	"ada@acme.example>\r\nRCPT TO:<eve@evil.example",
	"\"ada eve\"@acme.example", "(eve)ada@acme.example", "@evil.example:ada@acme.example",
	"ada@acme.example> NOTIFY=NEVER ORCPT=rfc822;eve@evil.example",
	"ada%evil.example@acme.example", "evil.example!ada@acme.example",
	"bücher 確認コード رمز \u202e\u200f👩\u200d💻",
	"\xff\xfe invalid", strings.Repeat("長い", 120),
	strings.Repeat("x", 255), strings.Repeat("x", 256),
	strings.Repeat("longer than any line may be ", 100), strings.Repeat("y", 5000),
	strings.Repeat(strings.Repeat("läng", 1000)+"\n.\n", 100), // larger than any buffer
}

// FuzzMail sends mails by a real server, and finds in its mailboxes what was written, for whom it
// was written, and nothing more.
func FuzzMail(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, "en", "Acme", "ordinary")
		f.Add(ada, text, text, text)
	}

	relay := startOpenSMTPD(f)
	f.Fuzz(func(t *testing.T, to, language, product, data string) {
		standard, err := otpmail.NewCatalog(otpmail.Options{Product: product})
		if err != nil {
			standard, err = otpmail.NewCatalog(otpmail.Options{Product: "Acme"})
		}
		require.NoError(t, err)

		var checks []func()
		for name, renderer := range map[string]otpmail.Renderer{
			"raw": raw{product, data}, "standard": standard,
		} {
			written := &recorder{Renderer: renderer}
			sender := newSender(t, plaintextConfig(relay.plaintext,
				func(c *smtpmail.Config) { c.Renderer = written }))

			m := message(to)
			m.Kind, m.Language = otp.ConfirmTransaction, language
			m.Data = otpmail.Details{{Name: "Payee", Value: data}}
			if address, err := otpmail.ParseAddress(to); err == nil && address != unknown &&
				strings.HasSuffix(address, "@acme.example") {
				m.To = rand.Text() + "@acme.example" // a mailbox of its own
			}
			err := sender.Send(t.Context(), m)

			classOf(t, err)
			if err != nil {
				if m.To != to {
					require.ErrorContains(t, err, "the mail ", "the server takes all that is sent")
				}
				continue
			}
			checks = append(checks, func() { check(t, relay, m, written.mail, name) })
		}
		for _, check := range checks {
			check()
		}
		evil, err := filepath.Glob(filepath.Join(relay.mailboxes, "*evil*"))
		require.NoError(t, err)
		require.Empty(t, evil, "a mail to somebody else")
	})
}

// check compares what is in the mailbox with what was written.
func check(t *testing.T, relay *relay, m otp.Message, written otpmail.Mail, name string) {
	t.Helper()

	to := strings.ToLower(m.To)
	got := relay.mails(t, to, 1)[0]
	content, err := os.ReadFile(relay.files(t, to)[0])
	require.NoError(t, err)
	for line := range strings.SplitSeq(string(content), "\n") {
		require.LessOrEqual(t, len(line), 998, name)
		require.False(t, strings.ContainsFunc(strings.TrimSuffix(line, "\r"), notASCII), line)
	}

	fields := []string{"Auto-Submitted", "Content-Type", "Date", "Delivered-To", "From",
		"Message-Id", "Mime-Version", "Received", "Return-Path", "Subject", "To",
		"X-Auto-Response-Suppress", "X-Entity-Ref-Id"}
	if written.HTML == "" {
		fields = slices.Insert(fields, 1, "Content-Transfer-Encoding")
	}
	assert.Equal(t, fields, slices.Sorted(maps.Keys(got.header)), name)
	for field, values := range got.header {
		assert.Len(t, values, 1, field)
	}

	assert.Equal(t, m.To, got.header.Get("To"), name)
	assert.Equal(t, strings.Trim(written.Subject, " "), strings.Trim(got.subject(t), " "), name)
	assert.Equal(t, lines(written.Text), lines(got.text), name)
	assert.Equal(t, lines(written.HTML), lines(got.html), name)
}

func notASCII(r rune) bool { return r != '\t' && (r < ' ' || r > '~') }

// lines returns the lines of a text, whatever ends them.
func lines(s string) []string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// raw puts what it is given where it can do harm.
type raw struct{ subject, text string }

func (r raw) Render(otp.Message) (otpmail.Mail, error) {
	m := otpmail.Mail{Subject: r.subject, Text: r.text, HTML: html.EscapeString(r.text)}
	if len(r.text)%2 == 0 {
		m.HTML = ""
	}
	return m, nil
}

// A recorder remembers the mail that was written.
type recorder struct {
	otpmail.Renderer
	mail otpmail.Mail
}

func (r *recorder) Render(m otp.Message) (mail otpmail.Mail, err error) {
	r.mail, err = r.Renderer.Render(m)
	return r.mail, err
}
