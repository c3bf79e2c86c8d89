package smtpmail_test

import (
	"bytes"
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A proxy stands before a server. It counts the connections, and how often clients have waited for
// the server, may take its time, and may end its first connection at a byte.
type proxy struct {
	net.Listener
	address string
	trip    time.Duration // there and back

	up, down atomic.Int64 // how many bytes the first connection has left, to the server and from it
	cut      atomic.Bool  // it has ended for that

	connections atomic.Int32 // in all

	mu    sync.Mutex
	turns int
	gaps  []time.Duration // from one mail of a connection to the next
}

func startProxy(t testing.TB, server string, trip time.Duration) *proxy {
	t.Helper()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	p := &proxy{Listener: l, address: l.Addr().String(), trip: trip}
	p.up.Store(math.MaxInt64)
	p.down.Store(math.MaxInt64)

	go func() {
		up, down := &p.up, &p.down
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.pass(client, server, up, down)
			up, down = new(atomic.Int64), new(atomic.Int64)
			up.Store(math.MaxInt64)
			down.Store(math.MaxInt64)
		}
	}()
	return p
}

func (p *proxy) pass(client net.Conn, address string, up, down *atomic.Int64) {
	p.connections.Add(1)
	defer client.Close()

	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	answered := true // by the server, so that what the client says next is another turn
	var begun time.Time
	go p.copy(server, client, up, func(data []byte) {
		if answered {
			p.turns++
		}
		answered = false
		if !bytes.Contains(data, []byte("MAIL FROM:")) {
			return
		}
		if !begun.IsZero() {
			p.gaps = append(p.gaps, time.Since(begun))
		}
		begun = time.Now()
	})
	p.copy(client, server, down, func([]byte) { answered = true })
}

// A piece is what has arrived at once, and when it goes on.
type piece struct {
	due  time.Time
	data []byte
}

// copy copies one direction, as long as there are bytes left.
func (p *proxy) copy(to, from net.Conn, left *atomic.Int64, note func([]byte)) {
	defer to.Close()
	defer from.Close()

	pieces := make(chan piece, 1000)
	go p.read(pieces, from, left, note)
	for piece := range pieces {
		time.Sleep(time.Until(piece.due))
		if _, err := to.Write(piece.data); err != nil {
			return
		}
	}
}

// read reads what comes from one side, and notes each piece, with mu held.
func (p *proxy) read(pieces chan<- piece, from net.Conn, left *atomic.Int64, note func([]byte)) {
	defer close(pieces)
	for {
		data := make([]byte, 1<<14)
		n, err := from.Read(data)
		if err != nil {
			return
		}
		p.mu.Lock()
		note(data[:n])
		p.mu.Unlock()

		allowed := max(0, min(int64(n), left.Add(-int64(n))+int64(n)))
		pieces <- piece{time.Now().Add(p.trip / 2), data[:allowed]}
		if allowed < int64(n) {
			p.cut.Store(true)
			return
		}
	}
}

func (p *proxy) roundTrips() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.turns
}

// pace returns the time from one mail of a connection to the next, in the fastest tenth.
func (p *proxy) pace() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.gaps)
	return p.gaps[len(p.gaps)/10]
}
