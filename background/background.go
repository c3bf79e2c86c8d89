package background

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery"
)

// packageName is what errors begin with.
const packageName = "background"

// Sender is an otp.Sender that delivers in the background. It is safe for concurrent use.
type Sender struct {
	sender  otp.Sender
	options Options

	ready chan *job     // its capacity is Options.Capacity, so that sending never blocks
	done  chan struct{} // closed when Shutdown was called and nothing is held

	// tries ends when Shutdown has run out of time.
	tries    context.Context
	endTries context.CancelFunc

	mu      sync.Mutex
	held    int               // messages
	pausing map[*job]struct{} // those that wait for another try
	closed  bool              // Shutdown was called
}

var _ otp.Sender = (*Sender)(nil)

// A job is a message that is held.
type job struct {
	ctx     context.Context // has the values of the caller's, but neither its end nor its deadline
	message otp.Message
	pause   time.Duration // before the next try
	timer   *time.Timer   // ends the pause
}

// New returns a Sender that has another one deliver, and starts its workers. End them by Shutdown.
// Nil options mean the defaults. The error of a bad configuration names the field, the value and
// the bound.
func New(sender otp.Sender, opts *Options) (*Sender, error) {
	if sender == nil {
		return nil, errors.New("background: sender is nil: it is required " +
			"(sesmail, smtpmail or an otp.SenderFunc)")
	}

	if opts == nil {
		opts = &Options{}
	}
	o := opts.withDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("background: %w", err)
	}

	s := &Sender{
		sender:  sender,
		options: o,
		ready:   make(chan *job, o.Capacity),
		done:    make(chan struct{}),
		pausing: map[*job]struct{}{},
	}
	s.tries, s.endTries = context.WithCancel(context.Background())
	for range o.Workers {
		go s.work()
	}
	return s, nil
}

// Send puts the message into the queue and returns nil at once. Its error matches otp.ErrNotSent:
// the queue is full, Shutdown was called, the code has expired, or ctx is done. The delivery keeps
// the values of ctx (trace ids, for example), but neither its end nor its deadline.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	if err := ctx.Err(); err != nil {
		return delivery.NotSent(packageName, "the context is done", err)
	}
	if !time.Now().Before(m.ExpiresAt) {
		return errExpired
	}

	if err := s.hold(); err != nil {
		return err
	}
	s.ready <- &job{ctx: context.WithoutCancel(ctx), message: m, pause: firstPause}
	return nil
}

var (
	errExpired = delivery.NotSent(packageName, "the code has expired", nil)
	errClosed  = delivery.NotSent(packageName, "Shutdown was called", nil)
	errEnded   = delivery.NotSent(packageName, "Shutdown had no time left for it", nil)
)

// hold makes room for a message.
func (s *Sender) hold() error {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.closed {
		return errClosed
	}
	if s.held == s.options.Capacity {
		return delivery.NotSent(packageName,
			fmt.Sprintf("the queue is full (Options.Capacity is %d)", s.options.Capacity), nil)
	}
	s.held++
	return nil
}

// release ends the life of a message.
func (s *Sender) release() {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.held--
	s.endIfEmpty()
}

// endIfEmpty ends the workers after the last message.
func (s *Sender) endIfEmpty() {
	if s.closed && s.held == 0 {
		close(s.done)
	}
}

// Len returns how many messages are held: those that wait, those that are being delivered, and
// those that will be tried again. It is for metrics: a server that nears Options.Capacity has too few
// workers, or a provider that fails.
func (s *Sender) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// Shutdown refuses further messages and returns when all that are held have been delivered or
// given up. Those that wait for another try get one at once. Call it when nothing calls Send any
// more, after http.Server.Shutdown for example.
//
// If ctx ends before, Shutdown ends the tries that are under way, and returns an error that says
// how many messages were not delivered, as far as is known. OnError is called for each of them.
func (s *Sender) Shutdown(ctx context.Context) error {
	s.close()

	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}

	lost := s.abandon()
	if lost == 0 {
		return nil
	}
	return fmt.Errorf("background: shutdown: messages not delivered, as far as is known: %d: %w",
		lost, ctx.Err())
}

// close refuses further messages. It may be called again.
func (s *Sender) close() {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.closed {
		return
	}

	s.closed = true
	s.endPauses()
	s.endIfEmpty()
}

// abandon ends the tries, and leaves it to the workers to give up what is held. It returns how many
// messages that are.
func (s *Sender) abandon() int {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.endTries()
	s.endPauses()
	return s.held
}
