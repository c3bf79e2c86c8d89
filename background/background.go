package background

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery"
	"github.com/seed-5978b5f1/otp/internal/isnil"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// packageName is what errors begin with.
const packageName = "background"

// Sender is an otp.Sender that delivers in the background, notices too. It is safe for concurrent
// use.
type Sender struct {
	sender  otp.Sender
	options Options
	onError func(context.Context, Failure)
	log     *outageLog // nil with Options.OnError

	ready chan *job     // its capacity is Options.Capacity, so that sending never blocks
	done  chan struct{} // closed when Shutdown was called and nothing is held

	// running ends when Shutdown has run out of time.
	running  context.Context
	endTries context.CancelFunc

	mu      sync.Mutex
	held    int               // messages
	pausing map[*job]struct{} // those that wait for another try
	closed  bool              // Shutdown was called
	tally   map[Try]int64
}

var _ otp.Sender = (*Sender)(nil)

// A job is a message that is held.
type job struct {
	ctx         context.Context // has the values of the caller's, not its end or deadline
	id, purpose string
	expires     time.Time // when it is given up
	deliver     func(context.Context) error

	pause    time.Duration // before the next try
	maxPause time.Duration
	timer    *time.Timer // ends the pause
}

// New returns a Sender that has another one deliver, and starts its workers. End them by Shutdown.
// Nil options mean the defaults. The error of a bad configuration names the field, the value and
// the bound.
func New(sender otp.Sender, opts *Options) (*Sender, error) {
	if isnil.Value(sender) {
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
		tally:   map[Try]int64{},
	}
	if s.onError = o.OnError; s.onError == nil {
		s.log = &outageLog{}
		s.onError = s.log.failed
	}

	s.running, s.endTries = context.WithCancel(context.Background())
	for range o.Workers {
		go s.work()
	}
	return s, nil
}

// Send puts the message into the queue and returns nil at once. Its error matches otp.ErrNotSent:
// the queue is full, Shutdown was called, the code has expired, or ctx is done. The delivery keeps
// the values of ctx (trace ids, for example), but neither its end nor its deadline.
func (s *Sender) Send(ctx context.Context, m otp.Message) error {
	return s.enqueue(ctx, &job{
		id: m.ID, purpose: m.Purpose, expires: m.ExpiresAt, maxPause: maxPause,
		deliver: func(ctx context.Context) error { return s.sender.Send(ctx, m) },
	})
}

// Mailer is implemented by senders that send mails without a code, as those of packages sesmail and
// smtpmail do.
type Mailer interface {
	SendMail(ctx context.Context, to string, mail otpmail.Mail) error
}

// SendMail puts a mail without a code into the queue, such as one by otpmail.Catalog.Notice, and
// returns nil at once. It is delivered as a message with a code is, and given up after an hour. The
// errors are those of Send. One more says that the Sender which delivers is no [Mailer].
func (s *Sender) SendMail(ctx context.Context, to string, mail otpmail.Mail) error {
	mailer, ok := s.sender.(Mailer)
	if !ok {
		return errNoMailer
	}
	return s.enqueue(ctx, &job{
		purpose: NoticePurpose, expires: time.Now().Add(noticeLifetime), maxPause: maxNoticePause,
		deliver: func(ctx context.Context) error { return mailer.SendMail(ctx, to, mail) },
	})
}

// enqueue holds a message and puts it into the queue.
func (s *Sender) enqueue(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return delivery.NotSent(packageName, "the context is done", err)
	}
	if !time.Now().Before(j.expires) {
		return errExpired
	}

	if err := s.hold(); err != nil {
		return err
	}
	j.ctx, j.pause = context.WithoutCancel(ctx), firstPause
	s.ready <- j
	return nil
}

var (
	errExpired  = delivery.NotSent(packageName, "the code has expired", nil)
	errNoMailer = delivery.NotSent(packageName, "the Sender that delivers has no SendMail", nil)
	errClosed   = delivery.NotSent(packageName, "Shutdown was called", nil)
	errEnded    = delivery.NotSent(packageName, "Shutdown had no time left for it", nil)
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
// those that will be tried again. A server that nears Options.Capacity has too few workers, or a
// provider that fails. Package otelotp makes a metric of it.
func (s *Sender) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// Try is what [Sender.Tries] counts by: the purpose of the message ([NoticePurpose] for notices),
// and the Class of the outcome.
type Try struct {
	Purpose string
	Class   Class
}

// Tries returns how many tries have ended in which way since New. A message that expires before its
// first try counts as one that was not sent. Package otelotp makes metrics of it.
func (s *Sender) Tries() map[Try]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.tally)
}

// count counts a try.
func (s *Sender) count(j *job, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally[Try{j.purpose, ClassOf(err)}]++
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
