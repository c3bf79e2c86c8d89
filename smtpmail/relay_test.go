package smtpmail_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

// A relay is a real mail server. OpenSMTPD takes mails for acme.example and puts them into
// mailboxes. Dovecot stands before it and does TLS and AUTH, which OpenSMTPD 6.8 of Debian 12
// cannot do with OpenSSL 3.
type relay struct {
	plaintext string // address of OpenSMTPD
	startTLS  string // address of Dovecot
	implicit  string // another one

	mailboxes string // a folder with a maildir for each address
}

// What OpenSMTPD does with mail for these.
const (
	unknown   = "nobody@acme.example"   // 550 5.1.1 at RCPT
	greyed    = "grey@acme.example"     // 450 4.7.1 at RCPT
	elsewhere = "ada@elsewhere.example" // 550 at RCPT: it does not relay

	refusedFrom = "full@acme.example" // 552 5.3.4 to the dot, if it is the sender
)

const smtpdConf = `
smtp limit max-mails 1000
table everybody { "@" = "nobody" }
table unknown { "nobody@acme.example" }
table greyed { "grey@acme.example" }
table full { "full@acme.example" }
filter "unknown" phase rcpt-to match rcpt-to <unknown> reject "550 5.1.1 nobody@acme.example: who?"
filter "grey" phase rcpt-to match rcpt-to <greyed> reject "450 4.7.1 grey@acme.example: later"
filter "full" phase commit match mail-from <full> reject "552 5.3.4 <full@acme.example>: too much"
filter "all" chain { "unknown", "grey", "full" }
listen on 127.0.0.1 port $port filter "all"
action "store" maildir "%s/%%{rcpt:lowercase}" user nobody virtual <everybody>
match from any for domain "acme.example" action "store"
`

const dovecotConf = `
base_dir = {data}/run
log_path = {data}/log
mail_location = maildir:{data}/mail
protocols = submission
ssl = required
ssl_cert = <%[1]s/cert.pem
ssl_key = <%[1]s/key.pem
disable_plaintext_auth = yes
auth_mechanisms = %[2]s
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
%[5]s
passdb {
  driver = passwd-file
  args = scheme=PLAIN %[1]s/users
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home={data}
}
service submission-login {
  inet_listener submission {
    address = 127.0.0.1
    port = {port}
  }
  inet_listener submissions {
    address = 127.0.0.1
    port = %[3]s
    ssl = yes
  }
}
submission_relay_host = 127.0.0.1
submission_relay_port = %[4]s
`

const oauth2Passdb = `passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = %s/oauth2
}`

const oauth2Conf = `introspection_mode = get
introspection_url = %s
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
`

// startRelay starts a relay that ends with the test. It offers the mechanisms of AUTH.
func startRelay(t testing.TB, mechanisms string) *relay {
	t.Helper()
	return startRelayWith(t, mechanisms, "{PLAIN}"+password, "")
}

// startRelayWith starts a relay with the password as it is stored, and the URL of a service that
// knows tokens.
func startRelayWith(t testing.TB, mechanisms, stored, tokens string) *relay {
	t.Helper()

	r := startOpenSMTPD(t)
	folder := filepath.Dir(r.mailboxes)
	certificate, key := pemFiles()
	for name, content := range map[string][]byte{
		"cert.pem": certificate,
		"key.pem":  key,
		"users":    []byte(username + ":" + stored + "\n"),
		"oauth2":   fmt.Appendf(nil, oauth2Conf, tokens),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o644))
	}

	_, relayPort, err := net.SplitHostPort(r.plaintext)
	require.NoError(t, err)
	r.implicit = freeAddress(t)
	_, implicitPort, err := net.SplitHostPort(r.implicit)
	require.NoError(t, err)

	passdb := ""
	if tokens != "" {
		passdb = fmt.Sprintf(oauth2Passdb, folder)
	}
	dovecot, err := servers.StartDovecot(
		fmt.Sprintf(dovecotConf, folder, mechanisms, implicitPort, relayPort, passdb))
	servers.Check(t, err)
	t.Cleanup(dovecot.Stop)
	r.startTLS = dovecot.Address
	return r
}

// startOpenSMTPD starts a relay without Dovecot.
func startOpenSMTPD(t testing.TB) *relay {
	t.Helper()

	// Not t.TempDir, which is nobody else's business: the servers read as users of their own.
	folder, err := os.MkdirTemp("", "otp-smtpmail-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755))
	t.Cleanup(func() { os.RemoveAll(folder) })
	mailboxes := filepath.Join(folder, "mailboxes")
	require.NoError(t, os.Mkdir(mailboxes, 0o777))
	require.NoError(t, os.Chmod(mailboxes, 0o777)) // whatever the umask

	smtpd, err := servers.StartSMTP(fmt.Sprintf(smtpdConf, mailboxes))
	servers.Check(t, err)
	t.Cleanup(smtpd.Stop)
	return &relay{plaintext: smtpd.Address, mailboxes: mailboxes}
}

// freeAddress returns one that nobody listens on now.
func freeAddress(t testing.TB) string {
	t.Helper()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// A mailed is a mail as a mailbox has it.
type mailed struct {
	header     mail.Header
	text, html string
}

// files returns the mails to an address, by file.
func (r *relay) files(t testing.TB, to string) []string {
	t.Helper()

	found, err := filepath.Glob(filepath.Join(r.mailboxes, to, "new", "*"))
	require.NoError(t, err)
	return found
}

// mails waits for a number of mails to an address, and returns them.
func (r *relay) mails(t testing.TB, to string, n int) []mailed {
	t.Helper()
	return mailsIn(t, filepath.Join(r.mailboxes, to), n)
}

// mailsIn waits for a number of mails in a maildir, and returns them.
func mailsIn(t testing.TB, folder string, n int) (all []mailed) {
	t.Helper()

	var files []string
	require.Eventually(t, func() bool {
		files, _ = filepath.Glob(filepath.Join(folder, "new", "*"))
		return len(files) >= n
	}, time.Minute, 5*time.Millisecond, "mails in %s", folder)
	require.Len(t, files, n)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		all = append(all, read(t, bytes.NewReader(content)))
	}
	return all
}

// read reads a mail as a mail program does.
func read(t testing.TB, r io.Reader) mailed {
	t.Helper()

	m, err := mail.ReadMessage(r)
	require.NoError(t, err)
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)

	got := mailed{header: m.Header}
	if kind == "text/plain" {
		got.text = body(t, quotedprintable.NewReader(m.Body))
		return got
	}

	require.Equal(t, "multipart/alternative", kind)
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	for _, want := range []struct {
		kind string
		text *string
	}{
		{"text/plain; charset=utf-8", &got.text},
		{"text/html; charset=utf-8", &got.html},
	} {
		part, err := parts.NextPart() // decodes quoted-printable
		require.NoError(t, err)
		require.Equal(t, want.kind, part.Header.Get("Content-Type"))
		*want.text = body(t, part)
	}
	_, err = parts.NextPart()
	require.ErrorIs(t, err, io.EOF, "a third part")
	return got
}

func body(t testing.TB, r io.Reader) string {
	t.Helper()

	content, err := io.ReadAll(r)
	require.NoError(t, err)
	return strings.ReplaceAll(string(content), "\r\n", "\n")
}

// subject returns the subject as people see it.
func (m mailed) subject(t testing.TB) string {
	t.Helper()

	subject, err := new(mime.WordDecoder).DecodeHeader(m.header.Get("Subject"))
	require.NoError(t, err)
	return subject
}
