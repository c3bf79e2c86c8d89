package smtpmail_test

import (
	"crypto/tls"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A scripted server takes mails by STARTTLS and AUTH, until it fails as a test wants it to. The
// steps at which it can fail are greeting, EHLO, STARTTLS, handshake, AUTH, MAIL, RCPT, DATA,
// content (after the reply to DATA), dot, and after (the reply to the dot).
type scripted struct {
	address string
	tls     *tls.Config

	mu    sync.Mutex
	fault fault
	open  int // connections now
	saw   seen
}

// seen is what a server has seen.
type seen struct {
	connections int
	most        int // connections at a time
	announced   int // MAIL
	mails       int // with their dot
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
	reply string // cut: closes the connection; stall: says no more; slow: takes its time
	after int    // so many times the step goes well before
	once  bool   // and afterwards too
}

const (
	cut   = "cut"
	stall = "stall"
	slow  = "slow"
)

// startScripted starts a server that ends with the test.
func startScripted(t testing.TB, f fault) *scripted {
	t.Helper()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &scripted{address: l.Addr().String(), tls: valid().server(), fault: f}

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
	return s
}

// serve leads one dialogue.
func (s *scripted) serve(conn net.Conn) {
	defer conn.Close()
	s.count(+1)
	defer s.count(-1)

	d := &dialogue{scripted: s, conn: conn, text: textproto.NewConn(conn)}
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

// now returns how many connections there are.
func (s *scripted) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// await waits until something is so.
func (s *scripted) await(t *testing.T, so func() bool) {
	t.Helper()

	require.Eventually(t, so, 10*time.Second, time.Millisecond)
}

// fail changes the fault.
func (s *scripted) fail(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.fault = f
}

func (s *scripted) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.saw.connections += max(0, n)
	s.open += n
	s.saw.most = max(s.saw.most, s.open)
}

type dialogue struct {
	*scripted
	conn      net.Conn
	text      *textproto.Conn
	encrypted bool
}

// obey does what a command says. It reports whether the dialogue goes on.
func (d *dialogue) obey(command string) bool {
	verb, _, _ := strings.Cut(command, " ")
	switch verb {
	case "EHLO", "HELO":
		if !d.encrypted {
			return d.answer("EHLO", "250-scripted\r\n250-ENHANCEDSTATUSCODES\r\n250 STARTTLS")
		}
		return d.text.PrintfLine("250-scripted\r\n250 AUTH PLAIN LOGIN") == nil
	case "STARTTLS":
		return d.answer("STARTTLS", "220 go ahead", d.encrypt)
	case "AUTH":
		return d.answer("AUTH", "235 welcome")
	case "MAIL":
		d.mu.Lock()
		d.saw.announced++
		d.mu.Unlock()
		return d.answer("MAIL", "250 ok")
	case "RCPT":
		return d.answer("RCPT", "250 ok")
	case "DATA":
		return d.answer("DATA", "354 go ahead", d.receive)
	case "RSET":
		return d.answer("RSET", "250 ok")
	case "QUIT":
		d.answer("QUIT", "221 bye")
		return false
	}
	return d.text.PrintfLine("500 what?") == nil
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
	case cut:
		return false
	case slow:
		time.Sleep(200 * time.Millisecond)
		return d.text.PrintfLine("%s", reply) == nil
	case stall:
		d.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		d.conn.Read(make([]byte, 1)) // until the client has enough
		return false
	default:
		return d.text.PrintfLine("%s", wrong) == nil && !strings.HasPrefix(wrong, "421")
	}
}

// wrong returns what to do in place of what should be done at a step, or "".
func (s *scripted) wrong(step string) string {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.fault.step != step {
		return ""
	}
	if s.fault.after > 0 {
		s.fault.after--
		return ""
	}

	wrong := s.fault.reply
	if s.fault.once {
		s.fault = fault{}
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

// receive takes a mail up to its dot.
func (d *dialogue) receive() bool {
	if d.wrong("content") != "" {
		return false
	}

	if _, err := d.text.ReadDotBytes(); err != nil {
		return false
	}
	d.mu.Lock()
	d.saw.mails++
	d.mu.Unlock()
	return d.answer("dot", "250 taken") && d.wrong("after") == ""
}
