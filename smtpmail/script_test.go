package smtpmail_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/smtpmail"
)

// A scripted server takes mails, until it fails as a test wants it to. The steps at which it can
// fail are greeting, EHLO, STARTTLS, handshake, AUTH, MAIL, RCPT, DATA, content (after the reply to
// DATA, or the line of BDAT), dot (the answer to a mail, by BDAT too), after (that answer), RSET,
// NOOP and QUIT.
type scripted struct {
	address string
	tls     *tls.Config
	offers  []string // further extensions
	limit   int      // of connections, 0 for none
	beyond  string   // said to further ones: a reply, cut or stall

	mu      sync.Mutex
	faults  []fault
	said    []string // said to the next announcement, and to the dot after it, before a close
	saw     seen
	stalled func() // called when it stops to answer
}

// seen is what a server has seen.
type seen struct {
	connections int
	open        int // connections now
	most        int // connections at a time
	closed      int // connections that the client can see the end of
	announced   int // MAIL
	mails       int // with their dot, or by BDAT
	taken       int // mails that it has accepted
	commands    []string
}

// seen returns what the server has seen up to now.
func (s *scripted) seen() seen {
	s.mu.Lock()
	defer s.mu.Unlock()

	saw := s.saw
	saw.commands = slices.Clone(saw.commands)
	return saw
}

// A fault is what the server does at a step in place of what it should.
type fault struct {
	step  string
	reply string // cut: closes the connection; stall: says no more; slow: takes its time; twice
	after int    // so many times the step goes well before
	once  bool   // and afterwards too
}

const (
	cut   = "cut"
	stall = "stall"
	slow  = "slow"
	twice = "twice" // it says what it should, and again
)

// What the server may offer.
const (
	inTurn     = ""
	pipelining = "PIPELINING"
	chunking   = "PIPELINING CHUNKING"
)

// startScripted starts a server that ends with the test, and offers further extensions.
func startScripted(t testing.TB, f fault, offers ...string) *scripted {
	t.Helper()

	s := &scripted{tls: serverTLS(), faults: []fault{f},
		offers: strings.Fields(strings.Join(offers, " "))}
	s.start(t)
	return s
}

// startSending starts a server, and a Sender for it.
func startSending(t testing.TB, f fault, offers ...string) (*scripted, *smtpmail.Sender) {
	t.Helper()

	server := startScripted(t, f, offers...)
	return server, newSender(t, configFor(server.address))
}

func (s *scripted) start(t testing.TB) {
	t.Helper()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.address = l.Addr().String()

	var all sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(conn) })
		}
	})
}

// serve leads one dialogue.
func (s *scripted) serve(conn net.Conn) {
	defer s.count1(&s.saw.closed)
	defer conn.Close()
	s.count(+1)
	defer s.count(-1)

	d := &dialogue{scripted: s, conn: conn, text: textproto.NewConn(conn)}
	if s.limit > 0 && s.seen().open > s.limit {
		d.end(s.beyond)
		return
	}
	if !d.answer("greeting", "220 ready") {
		return
	}

	for {
		line, err := d.text.ReadLine()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.saw.commands = append(s.saw.commands, line)
		s.mu.Unlock()

		if !d.obey(strings.ToUpper(line)) {
			return
		}
	}
}

// end says or does the last thing before the end of the connection.
func (d *dialogue) end(said string) {
	switch said {
	case cut:
	case stall:
		d.stay()
	default:
		d.text.PrintfLine("%s", said)
	}
}

// await waits until something is so.
func (s *scripted) await(t *testing.T, so func() bool) {
	t.Helper()

	require.Eventually(t, so, 10*time.Second, time.Millisecond)
}

// untilStall returns a context that ends so long after the server has stopped to answer, however
// long it takes up to there.
func (s *scripted) untilStall(t *testing.T, after time.Duration) context.Context {
	t.Helper()

	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = func() { time.AfterFunc(after, cancel) }
	return ctx
}

// fail changes the faults.
func (s *scripted) fail(faults ...fault) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.faults = faults
}

// say puts down what is said to the next mail.
func (s *scripted) say(said []string) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.said = said
}

func (s *scripted) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.saw.connections += max(0, n)
	s.saw.open += n
	s.saw.most = max(s.saw.most, s.saw.open)
}

type dialogue struct {
	*scripted
	conn      net.Conn
	text      *textproto.Conn
	encrypted bool

	sender, recipient bool // of the mail that is announced
}

// obey does what a command says. It reports whether the dialogue goes on.
func (d *dialogue) obey(command string) bool {
	verb, _, _ := strings.Cut(command, " ")

	switch verb {
	case "EHLO":
		lines := append([]string{"scripted", "ENHANCEDSTATUSCODES"}, d.offers...)
		if d.encrypted {
			lines = append(lines, "AUTH PLAIN LOGIN XOAUTH2")
			return d.text.PrintfLine("%s", reply(lines)) == nil
		}
		return d.answer("EHLO", reply(append(lines, "STARTTLS")))
	case "STARTTLS":
		return d.answer("STARTTLS", "220 go ahead", d.encrypt)
	case "AUTH":
		return d.answer("AUTH", "235 welcome")
	case "MAIL":
		d.count1(&d.saw.announced)
		if d.recites() {
			return false
		}
		return d.answer("MAIL", "250 ok", func() bool { d.sender = true; return true })
	case "RCPT":
		if !d.sender {
			return d.text.PrintfLine("503 5.5.1 MAIL first") == nil
		}
		return d.answer("RCPT", "250 ok", func() bool { d.recipient = true; return true })
	case "DATA":
		if !d.recipient && d.plans("DATA") == "" {
			return d.text.PrintfLine("554 5.5.1 no valid recipients") == nil
		}
		return d.answer("DATA", "354 go ahead", d.receive)
	case "BDAT":
		return d.receiveChunk(command)
	case "RSET":
		d.sender, d.recipient = false, false
		return d.answer("RSET", "250 ok")
	case "NOOP":
		return d.answer("NOOP", "250 ok")
	case "QUIT":
		d.answer("QUIT", "221 bye")
		return false
	}
	return d.text.PrintfLine("500 what?") == nil
}

// reply makes a positive reply of several lines.
func reply(lines []string) string {
	last := len(lines) - 1
	return strings.Join(append([]string{""}, lines[:last]...), "\r\n250-")[2:] +
		"\r\n250 " + lines[last]
}

// answer gives the reply of a step, unless it is time for the fault, and goes on with next if all
// is well. It reports whether the dialogue goes on.
func (d *dialogue) answer(step, reply string, next ...func() bool) bool {
	switch wrong := d.wrong(step); wrong {
	case "":
		if d.text.PrintfLine("%s", reply) != nil {
			return false
		}
		return len(next) == 0 || next[0]()
	case cut, stall:
		d.end(wrong)
		return false
	case slow:
		time.Sleep(200 * time.Millisecond)
		return d.text.PrintfLine("%s", reply) == nil
	case twice:
		return d.text.PrintfLine("%s\r\n%s", reply, reply) == nil && (len(next) == 0 || next[0]())
	default:
		good := wrong[0] == reply[0] && len(next) > 0
		return d.text.PrintfLine("%s", wrong) == nil && !strings.HasPrefix(wrong, "421") &&
			(!good || next[0]())
	}
}

// plans returns what is wrong at a step, without doing it.
func (s *scripted) plans(step string) string {
	s.mu.Lock()
	defer s.mu.Unlock()

	for _, f := range s.faults {
		if f.step == step {
			return f.reply
		}
	}
	return ""
}

// wrong returns what to do in place of what should be done at a step, or "".
func (s *scripted) wrong(step string) string {
	s.mu.Lock()
	defer s.mu.Unlock()

	at := slices.IndexFunc(s.faults, func(f fault) bool { return f.step == step })
	if at < 0 {
		return ""
	}
	f := &s.faults[at]
	if f.after > 0 {
		f.after--
		return ""
	}

	wrong := f.reply
	if f.once {
		s.faults = slices.Delete(slices.Clone(s.faults), at, at+1)
	}
	return wrong
}

func (d *dialogue) encrypt() bool {
	if d.wrong("handshake") != "" {
		return false
	}

	encrypted := tls.Server(d.conn, d.tls)
	d.conn, d.text, d.encrypted = encrypted, textproto.NewConn(encrypted), true
	return true
}

// recites says what the test has put down, if it has, to what comes up to DATA or by BDAT, and to
// the dot. It takes no mail.
func (d *dialogue) recites() bool {
	d.mu.Lock()
	said := d.said
	d.said = nil
	d.mu.Unlock()
	if said == nil {
		return false
	}

	var n int64
	for line := ""; line != "DATA" && n == 0; {
		var err error
		if line, err = d.text.ReadLine(); err != nil {
			return true
		}
		fmt.Sscanf(line, "BDAT %d LAST", &n)
	}
	io.CopyN(io.Discard, d.text.R, n)
	for i, replies := range said {
		if i > 0 {
			if _, err := d.text.ReadDotBytes(); err != nil {
				break
			}
			d.count1(&d.saw.mails)
		}
		io.WriteString(d.conn, replies)
	}
	return true
}

// stay waits until the client has enough.
func (d *dialogue) stay() {
	d.mu.Lock()
	if d.stalled != nil {
		d.stalled()
	}
	d.mu.Unlock()
	d.conn.SetReadDeadline(time.Now().Add(time.Minute))
	d.text.R.WriteTo(io.Discard)
}

// receive takes a mail up to its dot.
func (d *dialogue) receive() bool {
	if d.wrong("content") != "" {
		return false
	}
	if _, err := d.text.ReadDotBytes(); err != nil {
		return false
	}
	return d.take()
}

// receiveChunk takes a mail by BDAT.
func (d *dialogue) receiveChunk(command string) bool {
	var n int64
	if _, err := fmt.Sscanf(command, "BDAT %d LAST", &n); err != nil {
		return d.text.PrintfLine("501 5.5.4 what?") == nil
	}
	if d.plans("BDAT") != "" {
		return d.answer("BDAT", "250 taken") // and takes the text for commands
	}
	if d.wrong("content") != "" {
		return false
	}

	if _, err := io.CopyN(io.Discard, d.text.R, n); err != nil {
		return false
	}
	if !d.recipient && d.plans("dot") == "" {
		return d.text.PrintfLine("554 5.5.1 no valid recipients") == nil
	}
	return d.take()
}

// take answers a mail.
func (d *dialogue) take() bool {
	valid := d.recipient
	d.sender, d.recipient = false, false
	d.count1(&d.saw.mails)
	planned := d.plans("dot")
	if valid && (planned == "" || !strings.ContainsAny(planned[:1], "345")) {
		d.count1(&d.saw.taken)
	}
	if !d.answer("dot", "250 taken") {
		return false
	}
	last := d.wrong("after")
	if last != "" {
		d.end(last)
	}
	return last == ""
}

func (s *scripted) count1(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
}
