package smtpmail_test

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A proxy counts the connections to a server, and how often the client has waited for it.
type proxy struct {
	address string

	mu                sync.Mutex
	total, open, most int
	turns             int
}

func startProxy(t *testing.T, server string) *proxy {
	t.Helper()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	p := &proxy{address: l.Addr().String()}

	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.pass(client, server)
		}
	}()
	return p
}

func (p *proxy) pass(client net.Conn, server string) {
	p.count(+1)
	defer p.count(-1)
	defer client.Close()

	up, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	answered := true // by the server, so that what the client says next is another turn
	go func() {
		defer up.Close()
		p.copy(up, client, func() {
			if answered {
				p.turns++
			}
			answered = false
		})
	}()
	p.copy(client, up, func() { answered = true })
}

// copy copies one direction, and notes each piece, with mu held.
func (p *proxy) copy(to, from net.Conn, note func()) {
	piece := make([]byte, 1<<16)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		p.mu.Lock()
		note()
		p.mu.Unlock()
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) count(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.total += max(0, n)
	p.open += n
	p.most = max(p.most, p.open)
}

func (p *proxy) counts() (total, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total, p.most
}

func (p *proxy) roundTrips() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.turns
}
