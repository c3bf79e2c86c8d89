package background

import (
	"context"
	"runtime/debug"
	"time"
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
	s.count(j, err)
	if err == nil {
		s.log.succeeded(j.ctx)
		s.release()
		return
	}

	retryAt := s.retryAt(j, err)
	s.onError(j.ctx, Failure{
		MessageID: j.id,
		Purpose:   j.purpose,
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
	case s.running.Err() != nil:
		return errEnded
	case !now.Before(j.expires):
		return errExpired
	}

	deadline := now.Add(s.options.Timeout)
	if j.expires.Before(deadline) {
		deadline = j.expires
	}
	ctx, cancel := context.WithDeadline(j.ctx, deadline)
	defer cancel()
	stop := context.AfterFunc(s.running, cancel)
	defer stop()

	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return j.deliver(ctx)
}

// retryAt returns when to try a message again, or zero to give it up: where the address is at
// fault, where the message may have been sent, and where it would have expired by then.
func (s *Sender) retryAt(j *job, err error) time.Time {
	at := time.Now().Add(j.pause)
	if ClassOf(err) != NotSent || s.running.Err() != nil || !at.Before(j.expires) {
		return time.Time{}
	}
	return at
}

// pause puts the message back into the queue after a while. It takes no worker's time.
func (s *Sender) pause(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()

	pause := j.pause
	if s.running.Err() != nil {
		pause = 0 // a worker gives it up
	}
	j.pause = min(2*j.pause, j.maxPause)

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
