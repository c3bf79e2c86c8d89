package smtpmail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A pool keeps connections for the mails that follow. Mails that find none wait for one, in the
// order of their arrival. While they wait, connections are made, as many as Config.MaxConnections
// and the server allow: whichever is free first carries the next mail.
type pool struct {
	dialer      *dialer
	idleTimeout time.Duration
	most        int
	ended       context.Context // when the pool is closed
	end         context.CancelFunc

	mu       sync.Mutex
	queue    []*waiter // by arrival
	arrivals int
	kept     []*connection // the one used last at the end
	open     int           // connections in use, kept, and being made
	closed   bool

	limit         int // how many the server has allowed, 0 if it has refused none
	limitedAt     time.Time
	proven        bool      // the server has taken a mail
	cautiousUntil time.Time // up to then, extensions are not to be relied on
}

const (
	// growthTime is how long it takes until one more connection than the server has allowed is
	// tried. So the limit is forgotten again.
	growthTime = 30 * time.Second

	// cautiousTime is how long a server is not trusted with extensions that it has failed at.
	cautiousTime = 10 * time.Minute

	// patience is how many refusals in a row a connection is kept for. Postfix punishes from the
	// eleventh error of a connection on, and a refused recipient makes two: RCPT and DATA.
	patience = 3
)

// A waiter is a mail that wants a connection.
type waiter struct {
	arrival int
	ctx     context.Context // of the mail

	ready chan struct{} // closed when c or err is set
	c     *connection
	err   error

	attempt *attempt // to make a connection for it, nil if there is none
	failed  error    // why the last attempt has failed
}

// An attempt to make a connection goes on if its waiter gets another one.
type attempt struct {
	stop context.CancelFunc
	done chan struct{}
}

func newPool(c *Config) *pool {
	p := &pool{dialer: newDialer(c), idleTimeout: c.IdleTimeout, most: c.MaxConnections}
	p.ended, p.end = context.WithCancel(context.Background())
	return p
}

// arrive gives a mail its place in the order.
func (p *pool) arrive() *waiter {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.arrivals++
	return &waiter{arrival: p.arrivals}
}

// take waits for a connection, kept or new, which the caller puts back.
func (p *pool) take(ctx context.Context, w *waiter) (*connection, error) {
	for {
		c, err := p.await(ctx, w)
		switch {
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			p.put(ctx, c)
			return nil, notSent("waiting for a connection", ctx.Err())
		case c.works(ctx):
			return c, nil
		}
		c.lost = true
		p.put(ctx, c)
	}
}

// takeNew waits for a connection that is made now.
func (p *pool) takeNew(ctx context.Context) (*connection, error) {
	c, err := p.take(ctx, p.arrive())
	if err != nil || !c.kept {
		return c, err
	}

	c.quit(ctx)
	c, err = p.dialer.dial(ctx)
	if err != nil {
		p.release()
	}
	return c, err
}

// await waits for what the pool has to give.
func (p *pool) await(ctx context.Context, w *waiter) (*connection, error) {
	if ctx.Err() != nil {
		return nil, notSent("waiting for a connection", ctx.Err())
	}
	p.enqueue(ctx, w)

	select {
	case <-w.ready:
	case <-ctx.Done():
		p.leave(w)
		<-w.ready
	}
	return w.c, w.err
}

// enqueue puts a waiter where it belongs by its arrival.
func (p *pool) enqueue(ctx context.Context, w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()

	w.ctx, w.ready, w.c, w.err, w.failed = ctx, make(chan struct{}), nil, nil, nil
	if p.closed {
		w.finish(nil, errClosed)
		return
	}

	at, _ := slices.BinarySearchFunc(p.queue, w.arrival,
		func(other *waiter, arrival int) int { return other.arrival - arrival })
	p.queue = slices.Insert(p.queue, at, w)
	p.serve()
}

var errClosed = unsent("the Sender is closed", nil)

// finish ends the wait.
func (w *waiter) finish(c *connection, err error) {
	w.c, w.err = c, err
	close(w.ready)
}

// leave ends the wait of a mail whose time is up, unless it has ended meanwhile.
func (p *pool) leave(w *waiter) {
	p.mu.Lock()
	at := slices.Index(p.queue, w)
	if at < 0 {
		p.mu.Unlock()
		return
	}
	p.queue = slices.Delete(p.queue, at, at+1)
	attempt, cause := w.attempt, w.ctx.Err()
	if w.failed != nil {
		cause = fmt.Errorf("%w: %w", cause, w.failed)
	}
	p.mu.Unlock()

	err := notSent("waiting for a connection", cause)
	if attempt != nil {
		if !errors.Is(cause, context.DeadlineExceeded) { // it has the same deadline
			attempt.stop()
		}
		<-attempt.done
		if w.failed != nil {
			err = w.failed // it says how far the attempt came
		}
	}
	w.finish(nil, err)
}

// serve gives kept connections to those who wait, and has others made for the rest. It is called
// after every change, with mu held.
func (p *pool) serve() {
	for len(p.queue) > 0 {
		c := p.pop()
		if c == nil {
			break
		}
		p.queue[0].finish(c, nil)
		p.queue = p.queue[1:]
	}

	for _, w := range p.queue {
		if p.open >= p.bound() {
			return
		}
		if w.attempt == nil {
			p.open++
			p.connect(w)
		}
	}
}

// bound returns how many connections there may be now.
func (p *pool) bound() int {
	if p.limit == 0 {
		return p.most
	}
	return min(p.most, p.limit+int(time.Since(p.limitedAt)/growthTime))
}

// connect begins to make a connection, for the mail that waits first when it is ready. It gives up
// when the mail that it is made for could wait no longer. It is called with mu held.
func (p *pool) connect(w *waiter) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.ctx))
	if deadline, ok := w.ctx.Deadline(); ok {
		ctx, cancel = context.WithDeadline(context.WithoutCancel(w.ctx), deadline)
	}
	attempt := &attempt{cancel, make(chan struct{})}
	w.attempt = attempt

	go func() {
		defer cancel()
		defer context.AfterFunc(p.ended, cancel)()
		defer close(attempt.done)

		c, err := p.dialer.dial(ctx)
		p.mu.Lock()
		w.attempt = nil
		if err != nil {
			p.fail(w, err, ctx.Err() == nil)
		}
		p.mu.Unlock()

		if err == nil && !p.keep(c) {
			c.quit(context.Background())
			p.release()
		}
	}()
}

// fail takes note that no connection could be made. If there are others, the server may have
// allowed no more, and the mail waits for one of them. It is called with mu held.
func (p *pool) fail(w *waiter, err error, byServer bool) {
	w.failed = err
	p.open--
	if byServer {
		p.learn()
	}

	if p.open == 0 {
		p.queue = slices.DeleteFunc(p.queue, func(w *waiter) bool {
			hopeless := w.failed != nil && w.attempt == nil
			if hopeless {
				w.finish(nil, w.failed)
			}
			return hopeless
		})
	}
	p.serve()
}

// learn takes the connections that are open now for all that the server allows.
func (p *pool) learn() { p.limit, p.limitedAt = p.open, time.Now() }

// crowded reports whether a mail whose new connection the server has refused can wait for others.
func (p *pool) crowded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.open <= 1 {
		return false
	}
	p.open--
	p.learn()
	p.open++ // put takes it off
	return true
}

// distrust has the extensions of the server be left alone for a while.
func (p *pool) distrust() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cautiousUntil = time.Now().Add(cautiousTime)
}

// pop returns the connection that was used last, or nil if none is kept. It is called with mu held.
func (p *pool) pop() *connection {
	for len(p.kept) > 0 {
		c := p.kept[len(p.kept)-1]
		p.kept = p.kept[:len(p.kept)-1]
		if c.expiry != nil {
			c.expiry.Stop()
		}

		// The timer is late where the process was frozen, as functions are.
		if time.Now().Before(c.keepUntil) {
			c.proven = p.proven
			c.cautious = time.Now().Before(p.cautiousUntil)
			return c
		}
		c.conn.Close()
		p.open--
	}
	return nil
}

// put takes a connection back, and keeps it if it is still good. Resetting it ends with ctx, that
// of the mail.
func (p *pool) put(ctx context.Context, c *connection) {
	if !c.lost && c.begun && !c.reset(ctx) {
		c.lost = true
	}

	c.kept = true
	switch {
	case c.lost:
		c.conn.Close()
		p.release()
	case c.refusals >= patience || !p.keep(c):
		c.quit(ctx)
		p.release()
	}
}

// release makes room for another connection in place of one that has ended.
func (p *pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.open--
	p.serve()
}

// keep reports whether the connection is kept, or carries the next mail: not in a pool that is
// closed.
func (p *pool) keep(c *connection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.closed {
		return false
	}

	c.idleSince = time.Now().Round(0)
	c.keepUntil = c.idleSince.Add(p.idleTimeout)
	c.expiry = nil
	p.proven = p.proven || c.proven
	p.kept = append(p.kept, c)
	p.serve()
	if slices.Contains(p.kept, c) {
		c.kept = true
		c.expiry = time.AfterFunc(p.idleTimeout, func() { p.expire(c) })
	}
	return true
}

// expire says goodbye to a connection that nobody has used for a while.
func (p *pool) expire(c *connection) {
	if p.remove(c) {
		c.quit(context.Background())
		p.release()
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

// close ends the connections that are kept, and no other is made.
func (p *pool) close() {
	p.mu.Lock()
	p.end()
	kept, queue := p.kept, p.queue
	p.kept, p.queue, p.closed = nil, nil, true
	for _, w := range queue {
		w.finish(nil, errClosed)
	}
	p.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), quitTime)
	defer cancel()
	for _, c := range kept {
		if c.expiry != nil {
			c.expiry.Stop()
		}
		c.quit(ctx)
	}
}
