package background

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// work delivers messages until none can come any more.
func (s *Sender) work() {
	for {
		select {
		case j := <-s.ready:
			s.deliver(j)
		case <-s.done:
			return
		}
	}
}

// deliver makes one try, and leaves the message to another one or gives it up.
func (s *Sender) deliver(j *job) {
	err := s.try(j)
	if err == nil {
		s.release()
		return
	}

	retryAt := s.retryAt(j, err)
	s.options.OnError(j.ctx, Failure{
		MessageID: j.message.ID,
		Purpose:   j.message.Purpose,
		Err:       err,
		RetryAt:   retryAt,
	})

	if retryAt.IsZero() {
		s.release()
		return
	}
	s.pause(j)
}

// try has the Sender deliver a message. A panic of the Sender is an error.
func (s *Sender) try(j *job) (err error) {
	now := time.Now()
	switch {
	case s.tries.Err() != nil:
		return errEnded
	case !now.Before(j.message.ExpiresAt):
		return errExpired
	}

	deadline := now.Add(s.options.Timeout)
	if j.message.ExpiresAt.Before(deadline) {
		deadline = j.message.ExpiresAt
	}
	ctx, cancel := context.WithDeadline(j.ctx, deadline)
	defer cancel()
	stop := context.AfterFunc(s.tries, cancel)
	defer stop()

	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return s.sender.Send(ctx, j.message)
}

// retryAt returns when to try a message again, or zero to give it up: where the address is at
// fault, where the message may have been sent, and where the code would have expired by then.
func (s *Sender) retryAt(j *job, err error) time.Time {
	certain := errors.Is(err, otp.ErrNotSent) && !errors.Is(err, otp.ErrUndeliverable)
	at := time.Now().Add(j.pause)
	if !certain || s.tries.Err() != nil || !at.Before(j.message.ExpiresAt) {
		return time.Time{}
	}
	return at
}

// pause puts the message back into the queue after a while. It takes no worker's time.
func (s *Sender) pause(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()

	pause := j.pause
	if s.tries.Err() != nil {
		pause = 0 // a worker gives it up
	}
	j.pause = min(2*j.pause, maxPause)

	s.pausing[j] = struct{}{}
	j.timer = time.AfterFunc(pause, func() {
		s.mu.Lock()
		defer s.mu.Unlock()

		s.endPause(j)
	})
}

// endPauses puts all that wait for another try back into the queue.
func (s *Sender) endPauses() {
	for j := range s.pausing {
		s.endPause(j)
	}
}

// endPause puts a message back into the queue, unless it is there already.
func (s *Sender) endPause(j *job) {
	if _, waits := s.pausing[j]; !waits {
		return
	}

	delete(s.pausing, j)
	j.timer.Stop()
	s.ready <- j
}
