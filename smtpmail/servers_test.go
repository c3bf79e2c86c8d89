package smtpmail_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

// Postfix as it is by default, but for where it is, one mailbox for all, and a limit that it has
// for clients elsewhere.
const postfixMain = `
compatibility_level = 3.6
queue_directory = {data}/spool
data_directory = {data}/lib
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {data}/log
maillog_file_prefixes = {data}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.acme.example
mydestination =
mynetworks = 127.0.0.1
virtual_mailbox_domains = acme.example
virtual_mailbox_base = {data}/mailboxes
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
alias_maps =
smtpd_recipient_restrictions =
  check_recipient_access inline:{ {nobody@acme.example = 550 5.1.1 who?} }
  permit_mynetworks, reject
smtpd_client_event_limit_exceptions =
smtpd_client_connection_count_limit = 3
`

const postfixMaster = `
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
`

// Exim puts all mails into one mailbox.
const eximConf = `
primary_hostname = relay.acme.example
exim_user = nobody
exim_group = nogroup
never_users =
spool_directory = {data}/spool
log_file_path = {data}/log/%slog
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
keep_environment =
acl_smtp_rcpt = check
begin acl
check:
  deny local_parts = nobody
       message = 5.1.1 who?
  accept domains = acme.example
begin routers
all:
  driver = accept
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  directory = {data}/mailboxes/all
  maildir_format
  create_directory
  user = nobody
`

// A realServer has one mailbox for all.
type realServer struct {
	address string
	data    string
}

func startPostfix(t testing.TB, more string) *realServer {
	server, err := servers.StartPostfix(postfixMain+more, postfixMaster)
	return running(t, server, err)
}

func startExim(t testing.TB, more string) *realServer {
	server, err := servers.StartExim(more + eximConf)
	return running(t, server, err)
}

func running(t testing.TB, server *servers.Server, err error) *realServer {
	t.Helper()

	servers.Check(t, err)
	t.Cleanup(server.Stop)
	return &realServer{server.Address, server.Data()}
}

// sender returns a Sender for a server without TLS.
func (s *realServer) sender(t testing.TB, change ...func(*smtpmail.Config)) *smtpmail.Sender {
	t.Helper()
	return newSender(t, plaintextConfig(s.address, change...))
}

func plaintextConfig(address string, change ...func(*smtpmail.Config)) smtpmail.Config {
	c := configFor(address)
	c.Security, c.Username, c.Password = smtpmail.Plaintext, "", ""
	for _, f := range change {
		f(&c)
	}
	return c
}

func one(c *smtpmail.Config) { c.MaxConnections = 1 }

// mails waits for a number of mails, and returns them.
func (s *realServer) mails(t testing.TB, n int) []mailed {
	t.Helper()
	return mailsIn(t, filepath.Join(s.data, "mailboxes", "all"), n)
}

// A mail on a kept connection takes one round trip where the server offers CHUNKING, and two where
// it offers PIPELINING alone.
func TestRoundTrips(t *testing.T) {
	for name, test := range map[string]struct {
		server *realServer
		want   int
	}{
		"Postfix": {startPostfix(t, ""), 1},
		"Exim":    {startExim(t, "chunking_advertise_hosts =\n"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := startProxy(t, test.server.address, 0)
			sender := newSender(t, plaintextConfig(proxy.address))
			require.NoError(t, sender.Send(t.Context(), message(ada)))

			before := proxy.roundTrips()
			require.NoError(t, sender.Send(t.Context(), message("bea@acme.example")))
			require.Equal(t, test.want, proxy.roundTrips()-before)

			require.Equal(t, undeliverable, classOf(t, sender.Send(t.Context(), message(unknown))))
			for _, got := range test.server.mails(t, 2) {
				require.Equal(t, "Your code is\n123456\n", got.text)
			}
		})
	}
}

// Many mails at once, at a server that allows three connections, and at one that allows three mails
// on each: all go out, each once, in the order of their arrival within 20 %.
func TestBurst(t *testing.T) {
	for name, test := range map[string]struct {
		server *realServer
		mails  int
	}{
		"Postfix": {startPostfix(t, ""), 200},
		"Exim":    {startExim(t, "smtp_accept_max_per_connection = 3\n"), 120},
	} {
		t.Run(name, func(t *testing.T) {
			sender := test.server.sender(t)
			done := make(chan int, test.mails)
			var all sync.WaitGroup
			for i := range test.mails {
				all.Go(func() {
					assert.NoError(t, sender.Send(t.Context(), message(ada)))
					done <- i
				})
				for sender.Arrived() == i {
					runtime.Gosched()
				}
			}
			all.Wait()

			for place := range test.mails {
				require.InDelta(t, <-done, place, float64(test.mails)/5)
			}
			ids := map[string]bool{}
			for _, got := range test.server.mails(t, test.mails) {
				ids[got.header.Get("Message-Id")] = true
			}
			require.Len(t, ids, test.mails)
		})
	}
}

// Postfix lets a client wait that has made more than ten errors on a connection.
func TestRefusalsArePunished(t *testing.T) {
	sender := startPostfix(t, "smtpd_error_sleep_time = 60s\n").sender(t, one)

	begin := time.Now()
	for range 12 {
		require.Equal(t, undeliverable, classOf(t, sender.Send(t.Context(), message(unknown))))
	}
	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.Less(t, time.Since(begin), 30*time.Second)
}

// An address beyond ASCII goes to a server that offers SMTPUTF8, and one with odd dots in quotes.
func TestUnusualAddresses(t *testing.T) {
	server := startPostfix(t, "")
	sender := server.sender(t)
	want := []string{"josé@acme.example", `"ada..l."@acme.example`, "用户@acme.example"}
	for _, to := range want {
		require.NoError(t, sender.Send(t.Context(), message(strings.ReplaceAll(to, `"`, ""))))
	}

	var got []string
	for _, m := range server.mails(t, len(want)) {
		got = append(got, m.header.Get("To"))
	}
	require.ElementsMatch(t, want, got)

	without := startScripted(t, fault{})
	err := newSender(t, configFor(without.address)).Send(t.Context(), message(want[0]))
	require.Equal(t, undeliverable, classOf(t, err))
	require.EqualError(t, err, "smtpmail: not sent: "+
		"the address needs SMTPUTF8, which the server does not offer")
}
