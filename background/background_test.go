package background_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/otpmail"
)

// lifetime is how long the codes of the tests live.
const lifetime = 10 * time.Minute

func message(id string) otp.Message {
	return otp.Message{
		ID:        id,
		Purpose:   "sign-in",
		To:        "ada@example.com",
		Code:      otp.NewCode("123456"),
		ExpiresAt: time.Now().Add(lifetime),
	}
}

// A provider is a Sender that a test directs, and a record of what has happened.
type provider struct {
	send func(ctx context.Context, m otp.Message) error

	mu       sync.Mutex
	tries    []time.Duration // since start
	sent     []string        // ids
	failures []background.Failure
	start    time.Time
}

func (p *provider) Send(ctx context.Context, m otp.Message) error {
	p.mu.Lock()
	p.tries = append(p.tries, time.Since(p.start))
	p.mu.Unlock()

	if err := p.send(ctx, m); err != nil {
		return err
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m.ID)
	return nil
}

func (p *provider) onError(_ context.Context, f background.Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.failures = append(p.failures, f)
}

// givenUp returns the ids of the messages that are not tried again.
func (p *provider) givenUp() (ids []string) {
	for _, f := range p.failures {
		if f.RetryAt.IsZero() {
			ids = append(ids, f.MessageID)
		}
	}
	return ids
}

// newSender returns a Sender before a provider that sends as the function says.
func newSender(
	t *testing.T, opts background.Options, send func(context.Context, otp.Message) error,
) (*background.Sender, *provider) {
	t.Helper()

	p := &provider{send: send, start: time.Now()}
	opts.OnError = p.onError
	s, err := background.New(p, &opts)
	require.NoError(t, err)
	return s, p
}

func succeed(context.Context, otp.Message) error { return nil }

func takeTime(d time.Duration) func(context.Context, otp.Message) error {
	return func(ctx context.Context, _ otp.Message) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", otp.ErrNotSent, ctx.Err())
		}
	}
}

// pass lets time pass in a bubble, and what is due happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// Send does not wait for the delivery, and Shutdown does.
func TestSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newSender(t, background.Options{Workers: 2}, takeTime(time.Second))

		for i := range 10 {
			require.NoError(t, s.Send(t.Context(), message(fmt.Sprint(i))))
		}
		require.Zero(t, time.Since(p.start))
		require.Equal(t, 10, s.Len())

		require.NoError(t, s.Shutdown(t.Context()))
		require.Equal(t, 5*time.Second, time.Since(p.start), "two at a time")
		require.Len(t, p.sent, 10)
		require.Empty(t, p.failures)
		require.Zero(t, s.Len())
	})
}

// Only what has certainly failed is tried again, and only as long as the code lives.
func TestRetries(t *testing.T) {
	certain := fmt.Errorf("%w: no connection", otp.ErrNotSent)
	fails := func(err error, times int) func(context.Context, otp.Message) error {
		return func(context.Context, otp.Message) error {
			times--
			if times >= 0 {
				return err
			}
			return nil
		}
	}
	seconds := func(of ...int) (all []time.Duration) {
		for _, n := range of {
			all = append(all, time.Duration(n)*time.Second)
		}
		return all
	}

	for name, test := range map[string]struct {
		send     func(context.Context, otp.Message) error
		lifetime time.Duration
		tries    []time.Duration
		sent     int
	}{
		"delivered":           {succeed, lifetime, seconds(0), 1},
		"delivered later":     {fails(certain, 6), lifetime, seconds(0, 1, 3, 7, 15, 25, 35), 1},
		"the code dies":       {fails(certain, 99), 20 * time.Second, seconds(0, 1, 3, 7, 15), 0},
		"at its very end":     {fails(certain, 99), 15 * time.Second, seconds(0, 1, 3, 7), 0},
		"undeliverable":       {fails(otp.ErrUndeliverable, 99), lifetime, seconds(0), 0},
		"the outcome is open": {fails(errors.New("connection reset"), 99), lifetime, seconds(0), 0},
		"does not end by itself": {func(ctx context.Context, _ otp.Message) error {
			<-ctx.Done()
			return ctx.Err()
		}, lifetime, seconds(0), 0},
		"a panic": {func(context.Context, otp.Message) error { panic("123456") }, lifetime,
			seconds(0), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := newSender(t, background.Options{}, test.send)
				m := message("id")
				m.ExpiresAt = time.Now().Add(test.lifetime)
				require.NoError(t, s.Send(t.Context(), m))

				pass(lifetime)
				require.Equal(t, test.tries, p.tries)
				require.Len(t, p.sent, test.sent)
				require.Zero(t, s.Len())

				require.Len(t, p.failures, len(test.tries)-test.sent, "OnError is called for each")
				for i, f := range p.failures {
					assert.Equal(t, "id", f.MessageID)
					assert.Equal(t, "sign-in", f.Purpose)
					last := i == len(test.tries)-1
					assert.Equal(t, last, f.RetryAt.IsZero())
					if !last {
						assert.Equal(t, test.tries[i+1], f.RetryAt.Sub(p.start))
					}
				}
				require.NoError(t, s.Shutdown(t.Context()))
			})
		})
	}
}

// A message that waits for another try takes no worker from the others.
func TestPausesTakeNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := background.Options{Workers: 1}
		s, p := newSender(t, opts, func(_ context.Context, m otp.Message) error {
			if strings.HasPrefix(m.ID, "bad") {
				return otp.ErrNotSent
			}
			return nil
		})

		for i := range 50 {
			require.NoError(t, s.Send(t.Context(), message(fmt.Sprint("bad", i))))
		}
		require.NoError(t, s.Send(t.Context(), message("good")))
		synctest.Wait()

		require.Equal(t, []string{"good"}, p.sent)
		require.Zero(t, time.Since(p.start))
		require.Equal(t, 50, s.Len())

		pass(lifetime)
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

// A full queue refuses, loses nothing, and takes messages again once there is room. What waits for
// another try counts: the memory is bounded.
func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s, p := newSender(t, background.Options{Workers: 2, Capacity: 10},
			func(ctx context.Context, _ otp.Message) error {
				if time.Since(start) < 5*time.Second {
					return otp.ErrNotSent
				}
				return takeTime(time.Second)(ctx, otp.Message{})
			})

		var taken []string
		for i := range 25 {
			err := s.Send(t.Context(), message(fmt.Sprint(i)))
			if i < 10 {
				require.NoError(t, err)
				taken = append(taken, fmt.Sprint(i))
				continue
			}
			require.ErrorIs(t, err, otp.ErrNotSent)
			require.NotErrorIs(t, err, otp.ErrUndeliverable)
			require.ErrorContains(t, err, "the queue is full (Options.Capacity is 10)")
		}
		synctest.Wait()
		require.ErrorIs(t, s.Send(t.Context(), message("all are pausing")), otp.ErrNotSent)

		pass(8500 * time.Millisecond) // two were delivered a second after the try at 7 s
		require.Equal(t, 8, s.Len())
		require.NoError(t, s.Send(t.Context(), message("later")))

		require.NoError(t, s.Shutdown(t.Context()))
		require.ElementsMatch(t, append(taken, "later"), p.sent)
	})
}

// A panic of the Sender ends neither the process nor the worker, and its value shows nowhere.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := background.Options{Workers: 1}
		s, p := newSender(t, opts, func(_ context.Context, m otp.Message) error {
			if m.ID == "bad" {
				panic("no template for " + m.To + " " + m.Code.Reveal())
			}
			return nil
		})
		require.NoError(t, s.Send(t.Context(), message("bad")))
		require.NoError(t, s.Send(t.Context(), message("good")))
		require.NoError(t, s.Shutdown(t.Context()))

		require.Equal(t, []string{"good"}, p.sent)
		require.Len(t, p.failures, 1)
		err := p.failures[0].Err
		require.NotErrorIs(t, err, otp.ErrNotSent, "the message may have been sent")

		panicked, ok := errors.AsType[*background.PanicError](err)
		require.True(t, ok)
		assert.Contains(t, panicked.Value, "no template")
		assert.Contains(t, string(panicked.Stack), "TestPanic")
		for _, shown := range []string{err.Error(), fmt.Sprintf("%v %+v %#v", err, err, err)} {
			assert.NotContains(t, shown, "ada@")
			assert.NotContains(t, shown, "123456")
		}
	})
}

type key struct{}

// The delivery has the values of the caller's context, its own deadline, and does not end with it.
func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value any
		var left time.Duration
		s, p := newSender(t, background.Options{Timeout: 3 * time.Second},
			func(ctx context.Context, _ otp.Message) error {
				deadline, _ := ctx.Deadline()
				left, value = time.Until(deadline), ctx.Value(key{})
				return takeTime(time.Second)(ctx, otp.Message{})
			})

		traced := context.WithValue(t.Context(), key{}, "trace")
		caller, hangUp := context.WithTimeout(traced, time.Millisecond)
		require.NoError(t, s.Send(caller, message("id")))
		hangUp()
		pass(2 * time.Second)

		require.Equal(t, []string{"id"}, p.sent)
		require.Equal(t, "trace", value)
		require.Equal(t, 3*time.Second, left)

		short := message("short")
		short.ExpiresAt = time.Now().Add(2 * time.Second)
		require.NoError(t, s.Send(t.Context(), short))
		synctest.Wait()
		require.Equal(t, 2*time.Second, left, "not longer than the code lives")

		require.ErrorIs(t, s.Send(caller, message("late")), context.Canceled)
		require.ErrorIs(t, s.Send(caller, message("late")), otp.ErrNotSent)
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

// What has expired is not sent, neither on its way in nor after a long wait.
func TestExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newSender(t, background.Options{Workers: 1}, takeTime(9*time.Second))
		old := message("old")
		old.ExpiresAt = time.Now()
		require.ErrorIs(t, s.Send(t.Context(), old), otp.ErrNotSent)

		require.NoError(t, s.Send(t.Context(), message("first")))
		waiting := message("waiting")
		waiting.ExpiresAt = time.Now().Add(8 * time.Second)
		require.NoError(t, s.Send(t.Context(), waiting))
		require.NoError(t, s.Shutdown(t.Context()))

		require.Equal(t, []string{"first"}, p.sent)
		require.Len(t, p.failures, 1)
		require.Equal(t, "waiting", p.failures[0].MessageID)
		require.ErrorIs(t, p.failures[0].Err, otp.ErrNotSent)
		require.ErrorContains(t, p.failures[0].Err, "expired")
	})
}

// Shutdown tries at once what waits for another try, and goes on with the pauses after that.
func TestShutdownEndsPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newSender(t, background.Options{}, func(context.Context, otp.Message) error {
			return otp.ErrNotSent
		})
		require.NoError(t, s.Send(t.Context(), message("id")))
		pass(4 * time.Second) // tries at 0, 1 and 3 s

		p.send = succeed
		require.NoError(t, s.Shutdown(t.Context()))
		require.Equal(t, 4*time.Second, time.Since(p.start))
		require.Equal(t, []string{"id"}, p.sent)
		require.ErrorIs(t, s.Send(t.Context(), message("late")), otp.ErrNotSent)
		require.NoError(t, s.Shutdown(t.Context()), "again")
	})
}

// A Shutdown that runs out of time says how many messages were lost, and OnError has each of them.
func TestShutdownRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := background.Options{Workers: 2}
		s, p := newSender(t, opts, func(ctx context.Context, m otp.Message) error {
			if m.ID == "bad" {
				return otp.ErrNotSent
			}
			return takeTime(time.Second)(ctx, m)
		})
		for _, id := range strings.Fields("0 1 2 3 bad 4 5 6 7 8") { // bad waits for another try
			require.NoError(t, s.Send(t.Context(), message(id)))
		}

		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		err := s.Shutdown(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "background: shutdown: messages not delivered, "+
			"as far as is known: 6: context deadline exceeded")
		require.Equal(t, 2500*time.Millisecond, time.Since(p.start))

		synctest.Wait()
		require.Len(t, p.sent, 4)
		require.ElementsMatch(t, []string{"4", "5", "6", "7", "8", "bad"}, p.givenUp())
		for _, f := range p.failures {
			require.ErrorIs(t, f.Err, otp.ErrNotSent)
		}
		require.Zero(t, s.Len())
	})
}

// Many callers, many workers, a provider that fails at random: each message is delivered once or
// given up, and the race detector has nothing to say.
func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		s, p := newSender(t, background.Options{Workers: 16, Capacity: 500},
			func(ctx context.Context, _ otp.Message) error {
				switch calls.Add(1) % 7 {
				case 0:
					return otp.ErrUndeliverable
				case 1:
					return otp.ErrNotSent
				case 2:
					return errors.New("open")
				case 3:
					panic("bug")
				}
				return takeTime(50*time.Millisecond)(ctx, otp.Message{})
			})

		var mu sync.Mutex
		var taken []string
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				for j := range 40 {
					id := fmt.Sprint(i, "-", j)
					if s.Send(t.Context(), message(id)) == nil {
						mu.Lock()
						taken = append(taken, id)
						mu.Unlock()
					}
					time.Sleep(time.Duration(j) * time.Millisecond)
				}
			})
		}
		all.Wait()
		require.NoError(t, s.Shutdown(t.Context()))

		require.NotEmpty(t, taken)
		require.ElementsMatch(t, taken, append(p.givenUp(), p.sent...))
	})
}

func TestNewRefuses(t *testing.T) {
	for want, opts := range map[string]background.Options{
		"background: Options.Workers is -1: it must be 1 to 1000":          {Workers: -1},
		"background: Options.Workers is 1001: it must be 1 to 1000":        {Workers: 1001},
		"background: Options.Capacity is -1: it must be 1 to 1000000":      {Capacity: -1},
		"background: Options.Capacity is 1000001: it must be 1 to 1000000": {Capacity: 1_000_001},
		"background: Options.Timeout is 1ns: it must be 1ms to 5m0s":       {Timeout: 1},
		"background: Options.Timeout is 6m0s: it must be 1ms to 5m0s":      {Timeout: 360e9},
	} {
		s, err := background.New(otp.SenderFunc(succeed), &opts)
		require.EqualError(t, err, want)
		require.Nil(t, s)
	}

	for _, sender := range []otp.Sender{nil, otp.SenderFunc(nil), (*background.Sender)(nil)} {
		_, err := background.New(sender, nil)
		require.ErrorContains(t, err, "sender is nil")
	}
}

// logged returns what the Sender logs by default while a provider sends as the function says.
func logged(t *testing.T, run func(*testing.T, *background.Sender),
	send func(context.Context, otp.Message) error) string {
	t.Helper()

	defer slog.SetDefault(slog.Default())
	var log strings.Builder
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	synctest.Test(t, func(t *testing.T) {
		s, err := background.New(otp.SenderFunc(send), nil)
		require.NoError(t, err)
		run(t, s)
		pass(lifetime)
		require.NoError(t, s.Shutdown(t.Context()))
	})
	return log.String()
}

// The default log has the first failure of an outage and its end, with class, and nothing between.
func TestOutageIsLogged(t *testing.T) {
	var start time.Time
	var atFirst, atEnd int64
	log := logged(t, func(t *testing.T, s *background.Sender) {
		start = time.Now()
		for i := range 5 {
			require.NoError(t, s.Send(t.Context(), message(fmt.Sprint("id-", i))))
		}
		synctest.Wait()
		atFirst = s.Tries()[background.Try{Purpose: "sign-in", Class: background.NotSent}]
		pass(time.Minute)
		atEnd = s.Tries()[background.Try{Purpose: "sign-in", Class: background.Sent}]
	}, func(context.Context, otp.Message) error {
		if time.Since(start) < 20*time.Second {
			return fmt.Errorf("%w: ada@example.com 123456", otp.ErrNotSent)
		}
		return nil
	})
	require.EqualValues(t, 5, atFirst)
	require.EqualValues(t, 5, atEnd)

	lines := strings.Split(strings.TrimSpace(log), "\n")
	require.Len(t, lines, 2, log)
	require.Contains(t, lines[0], "level=ERROR")
	require.Contains(t, lines[0], `msg="background: deliveries fail"`)
	require.Contains(t, lines[0], "purpose=sign-in class=not_sent")
	require.Contains(t, lines[1], "level=WARN")
	require.Contains(t, lines[1], `msg="background: deliveries succeed again" failed_tries=25 `+
		"outage=25s")
	require.NotContains(t, log, "ada@")
	require.NotContains(t, log, "123456")
}

// An address that takes no messages is no outage, and what is given up is logged with its class.
func TestWhatIsGivenUpIsLogged(t *testing.T) {
	for _, test := range []struct {
		err   error
		class string
		lines int
	}{
		{fmt.Errorf("%w: ada@example.com 123456", otp.ErrUndeliverable), "undeliverable", 1},
		{fmt.Errorf("%w: ada@example.com 123456", otp.ErrNotSent), "not_sent", 2},
		{errors.New("ada@example.com 123456"), "delivery_unknown", 2},
	} {
		log := logged(t, func(t *testing.T, s *background.Sender) {
			require.NoError(t, s.Send(t.Context(), message("the-id")))
		}, func(context.Context, otp.Message) error { return test.err })

		assert.Equal(t, test.lines, strings.Count(log, "\n"), "not for each try: %s", log)
		assert.Contains(t, log, `"background: a message was given up" message_id=the-id `+
			"purpose=sign-in class="+test.class)
		assert.NotContains(t, log, "ada@")
		assert.NotContains(t, log, "123456")
	}
}

// A mailer is a provider that sends notices, too.
type mailer struct{ *provider }

func (m mailer) SendMail(ctx context.Context, to string, mail otpmail.Mail) error {
	return m.provider.Send(ctx, otp.Message{ID: to + " " + mail.Subject})
}

// Notices are queued, tried again for an hour, and delivered by Shutdown.
func TestNotices(t *testing.T) {
	notice := otpmail.Mail{Subject: "Your password was changed", Text: "x"}
	for name, test := range map[string]struct {
		outage time.Duration
		sent   int
		last   time.Duration // when the last try is made
	}{
		"at once":         {0, 1, 0},
		"after an outage": {10 * time.Minute, 1, 10*time.Minute + 3*time.Second},
		"after an hour":   {2 * time.Hour, 0, 59*time.Minute + 3*time.Second},
		"within an hour":  {59 * time.Minute, 1, 59*time.Minute + 3*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{start: time.Now()}
				p.send = func(context.Context, otp.Message) error {
					if time.Since(p.start) < test.outage {
						return otp.NotSent(nil)
					}
					return nil
				}
				s, err := background.New(mailer{p},
					&background.Options{OnError: p.onError})
				require.NoError(t, err)

				require.NoError(t, s.SendMail(t.Context(), "ada@example.com", notice))
				require.Zero(t, time.Since(p.start))
				pass(2 * time.Hour)
				require.Len(t, p.sent, test.sent)
				require.Equal(t, test.last, p.tries[len(p.tries)-1])
				for _, f := range p.failures {
					require.Equal(t, background.NoticePurpose, f.Purpose)
					require.Equal(t, background.NotSent, f.Class())
				}
				require.NoError(t, s.Shutdown(t.Context()))
				require.ErrorIs(t, s.SendMail(t.Context(), "a", notice), otp.ErrNotSent)
			})
		})
	}

	synctest.Test(t, func(t *testing.T) {
		p := &provider{send: takeTime(time.Second), start: time.Now()}
		s, err := background.New(mailer{p}, nil)
		require.NoError(t, err)
		require.NoError(t, s.SendMail(t.Context(), "ada@example.com", notice))
		require.NoError(t, s.Shutdown(t.Context()))
		require.Equal(t, []string{"ada@example.com Your password was changed"}, p.sent)

		s, err = background.New(otp.SenderFunc(succeed), nil)
		require.NoError(t, err)
		err = s.SendMail(t.Context(), "ada@example.com", notice)
		require.ErrorContains(t, err, "no SendMail")
		require.ErrorIs(t, err, otp.ErrNotSent)
		require.NoError(t, s.Shutdown(t.Context()))
	})
}
