package smtpmail_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/wneessen/go-mail/smtp"

	"github.com/seed-5978b5f1/otp/otpmail"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

const (
	benchMails = 50
	benchTrip  = 20 * time.Millisecond // there and back
)

// Mails a second over a link that takes its time, beside those of nodemailer's pool and of go-mail,
// which takes its turn at each step as this package once did. `make bench-mail` runs it. Every
// client has a connection already, or four of them.
func BenchmarkThroughput(b *testing.B) {
	const noChunking = "smtpd_discard_ehlo_keywords = chunking\n"
	const many = "smtpd_client_connection_count_limit = 0\n"
	const eximMany, eximChunking = "chunking_advertise_hosts = *\n", ""

	for _, test := range []struct {
		name   string
		server *realServer
		bounds [2]float64 // by how much it is better than go-mail, and nodemailer
	}{
		{"Postfix/CHUNKING", startPostfix(b, many), [2]float64{3.2, 1.75}},
		{"Postfix/PIPELINING", startPostfix(b, many+noChunking), [2]float64{1.85, 1}},
	} {
		_, _ = eximMany, eximChunking
		for _, connections := range []int{1, 4} {
			b.Run(fmt.Sprintf("%s/%d", test.name, connections), func(b *testing.B) {
				address := delay(b, test.server.address)
				clients := []func(testing.TB, string, int) time.Duration{
					throughSender, throughGoMail, throughNodemailer}
				var all [3][]time.Duration
				for range 3 {
					for i, client := range clients {
						all[i] = append(all[i], client(b, address, connections))
					}
				}
				rate := func(i int) float64 { return benchMails / slices.Sorted(slices.Values(all[i]))[1].Seconds() }
				b.ReportMetric(rate(0), "mails/s")
				b.ReportMetric(rate(1), "go-mail/s")
				b.ReportMetric(rate(2), "nodemailer/s")
			})
		}
	}
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

func throughSender(t testing.TB, address string, connections int) time.Duration {
	s, err := smtpmail.New(plaintextConfig(address,
		func(c *smtpmail.Config) { c.MaxConnections = connections }))
	require.NoError(t, err)
	defer s.Close()
	return atOnce(t, connections, func(int) error { return s.SendMail(t.Context(), ada, benchMail) })
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

func throughGoMail(t testing.TB, address string, connections int) time.Duration {
	clients := make([]*smtp.Client, connections)
	for i := range clients {
		c, err := smtp.Dial(address)
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.Hello("app.acme.example"))
		clients[i] = c
	}
	text := "Subject: Your code\r\n\r\n" + strings.ReplaceAll(benchMail.HTML, "\n", "\r\n")
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
		io.WriteString(w, text)
		return w.Close()
	})
}

const nodemailer = `
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

func throughNodemailer(t testing.TB, address string, connections int) time.Duration {
	cmd := exec.Command("node", "-e", nodemailer, address, fmt.Sprint(connections),
		fmt.Sprint(benchMails), benchMail.HTML)
	cmd.Dir, cmd.Stderr = os.Getenv("OTP_NODEMAILER"), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err, "nodemailer is where OTP_NODEMAILER says")
	var milliseconds float64
	_, err = fmt.Fscan(bufio.NewReader(strings.NewReader(string(out))), &milliseconds)
	require.NoError(t, err)
	return time.Duration(milliseconds * float64(time.Millisecond))
}
