package smtpmail

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// A pool keeps connections for the mails that follow. Those in use and those kept are at most
// Config.MaxConnections together: only who holds a place and finds none kept makes a new one.
type pool struct {
	dialer      *dialer
	idleTimeout time.Duration
	places      chan struct{} // has one element for each connection in use

	mu     sync.Mutex
	kept   []*connection // the one used last at the end
	closed bool
}

func newPool(c *Config) *pool {
	return &pool{
		dialer:      newDialer(c),
		idleTimeout: c.IdleTimeout,
		places:      make(chan struct{}, c.MaxConnections),
	}
}

// take returns a connection, kept or new, for the caller to put back. It waits for a place.
func (p *pool) take(ctx context.Context) (c *connection, kept bool, err error) {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return nil, false, notSent("waiting for a connection", ctx.Err())
	}

	c, err = p.pop()
	if c != nil {
		return c, true, nil
	}

	if err == nil {
		c, err = p.dialer.dial(ctx)
	}
	if err != nil {
		<-p.places
	}
	return c, false, err
}

// pop returns the connection that was used last, or nil if none is kept.
func (p *pool) pop() (*connection, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.closed {
		return nil, &sendError{"the Sender is closed", otp.ErrNotSent, nil}
	}

	for len(p.kept) > 0 {
		c := p.kept[len(p.kept)-1]
		p.kept = p.kept[:len(p.kept)-1]
		c.expiry.Stop()

		// The timer is late where the process was frozen, as functions are.
		if time.Now().Before(c.keepUntil) {
			return c, nil
		}
		c.conn.Close()
	}
	return nil, nil
}

// put takes a connection back, and keeps it if it is still good.
func (p *pool) put(c *connection) {
	defer func() { <-p.places }()

	switch {
	case c.lost:
		c.conn.Close()
	case !p.keep(c):
		c.quit(time.Now().Add(quitTime))
	}
}

// keep reports whether the connection is kept: not in a pool that is closed.
func (p *pool) keep(c *connection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.closed {
		return false
	}

	c.keepUntil = time.Now().Add(p.idleTimeout).Round(0) // the wall clock, which no freeze stops
	c.expiry = time.AfterFunc(p.idleTimeout, func() { p.expire(c) })
	p.kept = append(p.kept, c)
	return true
}

// expire ends a connection that nobody has used for a while. It says goodbye where there is a place
// to do so.
func (p *pool) expire(c *connection) {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
		if p.remove(c) {
			c.quit(time.Now().Add(quitTime))
		}
	default:
		if p.remove(c) {
			c.conn.Close()
		}
	}
}

// remove reports whether the connection was kept, and keeps it no longer.
func (p *pool) remove(c *connection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()

	i := slices.Index(p.kept, c)
	if i < 0 {
		return false
	}
	p.kept = slices.Delete(p.kept, i, i+1)
	return true
}

// close ends the connections that are kept, and sees to it that no other is made.
func (p *pool) close() {
	p.mu.Lock()
	kept := p.kept
	p.kept, p.closed = nil, true
	p.mu.Unlock()

	deadline := time.Now().Add(quitTime)
	for _, c := range kept {
		c.expiry.Stop()
		c.quit(deadline)
	}
}
