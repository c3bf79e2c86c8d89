package smtpmail_test

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever byte a connection ends after, to the server or from it, no mail is taken twice, and the
// class of the error is what has become of it. The mail is the second one of its connection.
func TestCutAtEveryByte(t *testing.T) {
	for _, offers := range []string{inTurn, pipelining, chunking} {
		for _, direction := range []string{"to the server", "from the server"} {
			t.Run(offers+" "+direction, func(t *testing.T) {
				t.Parallel()
				for n := 0; cutAfter(t, offers, direction, n); n++ {
					if n > 80 && n < 380 {
						n += 6 // inside the text, one place is as good as another
					}
				}
			})
		}
	}
}

// cutAfter has a connection end after n bytes of its second mail. It reports whether it ended
// before the mail was through.
func cutAfter(t *testing.T, offers, direction string, n int) bool {
	server := startScripted(t, fault{}, offers)
	cutter := startCutter(t, server.address)
	sender := newSender(t, plaintextConfig(cutter.address))
	require.NoError(t, sender.Send(t.Context(), message(ada)))

	if direction == "to the server" {
		cutter.up.Store(int64(n))
	} else {
		cutter.down.Store(int64(n))
	}
	err := sender.Send(t.Context(), message(ada))
	sender.Close()
	cutter.Close()
	server.await(t, func() bool { return server.now() == 0 })

	what := fmt.Sprintf("after %d bytes: %v", n, err)
	saw := server.seen()
	require.LessOrEqual(t, saw.mails, 2, what)
	switch class := classOf(t, err); class {
	case sent:
		require.Equal(t, 2, saw.taken, what)
	case open:
		require.LessOrEqual(t, saw.taken, 2, what)
	default:
		require.Equal(t, notSent, class, what)
		require.Equal(t, 1, saw.taken, what)
	}
	return cutter.cut.Load()
}

// A cutter passes on so many bytes of its first connection, and then ends it.
type cutter struct {
	net.Listener
	address  string
	up, down atomic.Int64
	cut      atomic.Bool
}

func startCutter(t *testing.T, server string) *cutter {
	t.Helper()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &cutter{Listener: l, address: l.Addr().String()}
	c.up.Store(1 << 40)
	c.down.Store(1 << 40)

	unlimited := new(atomic.Int64)
	unlimited.Store(1 << 40)
	go func() {
		up, down := &c.up, &c.down
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				return
			}
			go c.pass(server, client, up)
			go c.pass(client, server, down)
			up, down = unlimited, unlimited
		}
	}()
	return c
}

func (c *cutter) pass(to, from net.Conn, left *atomic.Int64) {
	defer to.Close()
	defer from.Close()

	piece := make([]byte, 1<<16)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		allowed := max(0, left.Add(-int64(n))+int64(n))
		if allowed < int64(n) {
			c.cut.Store(true)
			to.Write(piece[:allowed])
			return
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}
