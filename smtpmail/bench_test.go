package smtpmail_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/wneessen/go-mail/smtp"

	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

const (
	benchMails  = 50
	benchTrip   = 20 * time.Millisecond // there and back
	benchRounds = 5
)

// Mails a second over a link that takes its time, beside those of go-mail, which waits for each
// answer as this package did before it sent commands together, and of nodemailer's pool. Each has
// its connections when the time begins, and they take turns. The best of some rounds is what
// counts, since the machine has other things to do.
func BenchmarkThroughput(b *testing.B) {
	const inTurn, chunking = "chunking_advertise_hosts =\n", "chunking_advertise_hosts = *\n"
	const equal = 0.95 // but for what the machine does besides
	postfix := func(more string) *realServer {
		return startPostfix(b, "smtpd_client_connection_count_limit = 0\n"+more)
	}
	exim := func(more string) *realServer {
		return startExim(b, "queue_only = true\nsmtp_accept_max = 0\n"+more)
	}

	for _, test := range []struct {
		name                       string
		server                     *realServer
		overGoMail, overNodemailer float64 // the least ratios
	}{
		{"Postfix/CHUNKING", postfix(""), 3.2, 1.75},
		{"Postfix/PIPELINING", postfix("smtpd_discard_ehlo_keywords = chunking\n"), 1.85, equal},
		{"Exim/CHUNKING", exim(chunking), 3.2, 1.75},
		{"Exim/PIPELINING", exim(inTurn), 1.85, equal},
	} {
		for _, connections := range []int{1, 4} {
			b.Run(fmt.Sprintf("%s/%d", test.name, connections), func(b *testing.B) {
				ours, goMail, nodemailer := compare(b, delay(b, test.server.address), connections)
				b.ReportMetric(ours, "mails/s")
				b.ReportMetric(goMail, "go-mail/s")
				b.ReportMetric(nodemailer, "nodemailer/s")
				b.ReportMetric(0, "ns/op")
				assert.GreaterOrEqual(b, ours/goMail, test.overGoMail, "%.1f/s", goMail)
				assert.GreaterOrEqual(b, ours/nodemailer, test.overNodemailer, "%.1f/s", nodemailer)
			})
		}
	}
}

// compare returns how many mails a second each client sends.
func compare(b *testing.B, address string, connections int) (ours, goMail, nodemailer float64) {
	clients := []func(testing.TB, string, int) time.Duration{
		throughSender, throughGoMail, throughNodemailer}
	best := []time.Duration{time.Hour, time.Hour, time.Hour}
	for range benchRounds {
		for i, client := range clients {
			best[i] = min(best[i], client(b, address, connections))
		}
	}
	rate := func(took time.Duration) float64 { return benchMails / took.Seconds() }
	return rate(best[0]), rate(best[1]), rate(best[2])
}

// delay starts a proxy that lets each byte wait for half of benchTrip.
func delay(b testing.TB, server string) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { l.Close() })

	pass := func(to, from net.Conn) {
		type piece struct {
			due  time.Time
			data []byte
		}
		pieces := make(chan piece, 1000)
		go func() {
			defer close(pieces)
			for {
				data := make([]byte, 1<<16)
				n, err := from.Read(data)
				if err != nil {
					return
				}
				pieces <- piece{time.Now().Add(benchTrip / 2), data[:n]}
			}
		}()
		for p := range pieces {
			time.Sleep(time.Until(p.due))
			to.Write(p.data)
		}
		to.Close()
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			go pass(up, client)
			go pass(client, up)
		}
	}()
	return l.Addr().String()
}

// benchMail is as large as those of otpmail.
var benchMail = otpmail.Mail{
	Subject: "Your code", Text: "Your code is\n123456\n",
	HTML: strings.Repeat("<p>Your code is <b>123456</b></p>\n", 80),
}

// throughSender is this package.
func throughSender(t testing.TB, address string, connections int) time.Duration {
	s, err := smtpmail.New(plaintextConfig(address,
		func(c *smtpmail.Config) { c.MaxConnections = connections }))
	require.NoError(t, err)
	defer s.Close()
	return atOnce(t, connections, func(int) error {
		return s.SendMail(t.Context(), ada, benchMail)
	})
}

// atOnce has a number of mails sent by each connection, and returns how long all the others take.
func atOnce(t testing.TB, connections int, send func(connection int) error) time.Duration {
	run := func(mails int) {
		var all sync.WaitGroup
		for i := range connections {
			all.Go(func() {
				for range mails / connections {
					if err := send(i); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}

	run(2 * connections)
	begin := time.Now()
	run(benchMails)
	return time.Since(begin)
}

// throughGoMail is the package of go-mail that leads the dialogue step by step.
func throughGoMail(t testing.TB, address string, connections int) time.Duration {
	clients := make([]*smtp.Client, connections)
	for i := range clients {
		c, err := smtp.Dial(address)
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.Hello("app.acme.example"))
		clients[i] = c
	}
	text, err := smtpmail.Compose(otpmail.From{Address: "no-reply@acme.example"}, ada, benchMail)
	require.NoError(t, err)
	return atOnce(t, connections, func(i int) error {
		c := clients[i]
		if err := c.Mail("<no-reply@acme.example>"); err != nil {
			return err
		}
		if err := c.Rcpt("<" + ada + ">"); err != nil {
			return err
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		w.Write(text)
		return w.Close()
	})
}

const nodemailerScript = `
const [address, connections, mails, html] = process.argv.slice(1);
const [host, port] = address.split(":");
const pool = require("nodemailer").createTransport({ host, port: Number(port), pool: true,
	ignoreTLS: true, maxConnections: Number(connections), maxMessages: Infinity });
const send = n => Promise.all(Array.from({ length: n }, () => pool.sendMail({
	from: "no-reply@acme.example", to: "ada@acme.example", subject: "Your code",
	text: "Your code is\n123456\n", html })));
(async () => {
	await send(2 * connections);
	const begin = performance.now();
	await send(Number(mails));
	console.log(performance.now() - begin);
	pool.close();
})();
`

// throughNodemailer is nodemailer, in a process of its own that does the timing.
func throughNodemailer(t testing.TB, address string, connections int) time.Duration {
	cmd := exec.Command("node", "-e", nodemailerScript, address, fmt.Sprint(connections),
		fmt.Sprint(benchMails), benchMail.HTML)
	cmd.Dir, cmd.Stderr = "../internal/servers", os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var milliseconds float64
	_, err = fmt.Sscan(string(out), &milliseconds)
	require.NoError(t, err)
	return time.Duration(milliseconds * float64(time.Millisecond))
}
