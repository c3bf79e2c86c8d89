package smtpmail_test

import (
	"fmt"
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
	benchMails  = 52                    // as many for each of one, two or four connections
	benchTrip   = 20 * time.Millisecond // there and back
	benchRounds = 3
)

// clients are this package, go-mail, which waits for each answer as this package did before it sent
// commands together, and nodemailer's pool.
var clients = [...]struct {
	name string
	send func(t testing.TB, address string, connections int)
}{
	{"mails", func(t testing.TB, address string, connections int) {
		atOnce(t, connections, openSender(t, address, connections))
	}},
	{"go-mail", func(t testing.TB, address string, connections int) {
		atOnce(t, connections, openGoMail(t, address, connections))
	}},
	{"nodemailer", sendByNodemailer},
}

// Mails a second over a link that takes its time, beside those of other clients, which take turns.
// The pace of the fastest tenth is what counts, since the machine has other things to do. With
// PIPELINING alone, nodemailer takes two round trips as well, and nobody can take fewer: DATA has
// to be answered before the text.
func BenchmarkThroughput(b *testing.B) {
	const inTurn, chunking = "chunking_advertise_hosts =\n", "chunking_advertise_hosts = *\n"
	postfix := func(more string) *realServer {
		return startPostfix(b, "smtpd_client_connection_count_limit = 0\n"+more)
	}
	exim := func(more string) *realServer {
		return startExim(b, "queue_only = true\nsmtp_accept_max = 0\n"+more)
	}

	for _, test := range []struct {
		name                       string
		server                     *realServer
		trips                      float64 // the least for each mail
		overGoMail, overNodemailer float64 // the least ratios
	}{
		{"Postfix/CHUNKING", postfix(""), 1, 3.2, 1.75},
		{"Postfix/PIPELINING", postfix("smtpd_discard_ehlo_keywords = chunking\n"), 2, 1.85, 1},
		{"Exim/CHUNKING", exim(chunking), 1, 3.2, 1.75},
		{"Exim/PIPELINING", exim(inTurn), 2, 1.85, 1},
	} {
		for _, connections := range []int{1, 4} {
			b.Run(fmt.Sprintf("%s/%d", test.name, connections), func(b *testing.B) {
				rates := compare(b, test.server.address, connections)
				limit := float64(connections) / (test.trips * benchTrip.Seconds())
				b.ReportMetric(100*rates[0]/limit, "%limit")
				b.ReportMetric(0, "ns/op")
				assert.GreaterOrEqual(b, rates[0]/rates[1], test.overGoMail, "mails/s: %v", rates)
				assert.GreaterOrEqual(b, rates[0]/rates[2], test.overNodemailer,
					"mails/s: %v", rates)
			})
		}
	}
}

// compare returns how many mails a second each client sends.
func compare(b *testing.B, address string, connections int) (rates [len(clients)]float64) {
	var links [len(clients)]*proxy
	for i := range clients {
		links[i] = startProxy(b, address, benchTrip)
	}
	for range benchRounds {
		for i, client := range clients {
			client.send(b, links[i].address, connections)
		}
	}

	for i, client := range clients {
		rates[i] = float64(connections) / links[i].pace().Seconds()
		trips := float64(links[i].roundTrips()) / (benchRounds * benchMails)
		b.ReportMetric(rates[i], client.name+"/s")
		b.ReportMetric(trips, client.name+"-trips") // with those of the connection
	}
	return rates
}

// benchMail is as large as those of otpmail.
var benchMail = otpmail.Mail{
	Subject: "Your code", Text: "Your code is\n123456\n",
	HTML: strings.Repeat("<p>Your code is <b>123456</b></p>\n", 80),
}

// openSender returns what sends a mail by this package.
func openSender(t testing.TB, address string, connections int) func(int) error {
	s := newSender(t, plaintextConfig(address,
		func(c *smtpmail.Config) { c.MaxConnections = connections }))
	return func(int) error { return s.SendMail(t.Context(), ada, benchMail) }
}

// atOnce has a number of mails sent by each connection.
func atOnce(t testing.TB, connections int, send func(connection int) error) {
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			for range benchMails / connections {
				if err := send(i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// openGoMail returns what sends a mail, over one of the connections, by the package of go-mail that
// leads the dialogue step by step.
func openGoMail(t testing.TB, address string, connections int) func(connection int) error {
	clients := make([]*smtp.Client, connections)
	for i := range clients {
		c, err := smtp.Dial(address)
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		require.NoError(t, c.Hello("app.acme.example"))
		clients[i] = c
	}
	text, err := smtpmail.Compose(otpmail.From{Address: "no-reply@acme.example"}, ada, benchMail)
	require.NoError(t, err)
	return func(connection int) error {
		c := clients[connection]
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
	}
}

const nodemailerScript = `
const [address, connections, mails, html] = process.argv.slice(1);
const [host, port] = address.split(":");
const pool = require("nodemailer").createTransport({ host, port: Number(port), pool: true,
	ignoreTLS: true, maxConnections: Number(connections), maxMessages: Infinity });
const mail = { from: "no-reply@acme.example", to: "ada@acme.example", subject: "Your code",
	text: "Your code is\n123456\n", html };
Promise.all(Array.from({ length: mails }, () => pool.sendMail(mail))).then(() => pool.close());
`

// sendByNodemailer is nodemailer, in a process of its own.
func sendByNodemailer(t testing.TB, address string, connections int) {
	cmd := exec.Command("node", "-e", nodemailerScript, address, fmt.Sprint(connections),
		fmt.Sprint(benchMails), benchMail.HTML)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "../internal/servers", os.Stderr, os.Stderr
	require.NoError(t, cmd.Run())
}
