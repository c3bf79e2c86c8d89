package smtpmail_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

// However many mails there are at a time, and however many connections fail, the bound holds.
func TestMaxConnections(t *testing.T) {
	for name, f := range map[string]fault{
		"all is well":                  {},
		"each connection is used once": {step: "after", reply: cut},
		"nobody is let in":             {step: "AUTH", reply: "535 5.7.8 no"},
		"nothing is accepted":          {step: "dot", reply: "554 5.7.1 no"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startScripted(t, f)
			c := configFor(server.address, valid())
			c.MaxConnections = 3
			sender := newSender(t, c)

			var all sync.WaitGroup
			for range 60 {
				all.Go(func() {
					if err := sender.Send(t.Context(), message(ada)); err != nil && f.reply == "" {
						t.Error(err)
					}
				})
			}
			all.Wait()

			if f.step == "" {
				require.LessOrEqual(t, server.seen().connections, 3)
				require.Equal(t, 60, server.seen().mails)
			}
			require.LessOrEqual(t, server.seen().most, 3)
		})
	}
}

// A mail that waits for a connection gives up with its context.
func TestWaitingForAConnection(t *testing.T) {
	server := startScripted(t, fault{step: "dot", reply: stall})
	c := configFor(server.address, valid())
	c.MaxConnections = 1
	sender := newSender(t, c)

	long, cancelLong := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- sender.Send(long, message(ada)) }()
	server.await(t, func() bool { return server.seen().mails == 1 })

	short, cancelShort := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancelShort()
	err := sender.Send(short, message(ada))
	require.Equal(t, notSent, classOf(t, err))
	require.ErrorIs(t, err, context.DeadlineExceeded)

	cancelLong()
	require.Equal(t, open, classOf(t, <-done))
}

// A connection that nobody uses is ended with a goodbye.
func TestIdleTimeout(t *testing.T) {
	server := startScripted(t, fault{})
	c := configFor(server.address, valid())
	c.IdleTimeout = 50 * time.Millisecond
	sender := newSender(t, c)
	require.NoError(t, sender.Send(t.Context(), message(ada)))

	server.await(t, func() bool { return server.now() == 0 })
	require.True(t, slices.Contains(server.seen().commands, "QUIT"))

	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.Equal(t, 2, server.seen().connections)
}

// Close ends what is kept at once and what is in use after its mail, and lets nobody in afterwards.
func TestClose(t *testing.T) {
	server := startScripted(t, fault{})
	sender := newSender(t, configFor(server.address, valid()))
	require.NoError(t, sender.Send(t.Context(), message(ada)))

	require.NoError(t, sender.Close())
	require.NoError(t, sender.Close())
	server.await(t, func() bool { return server.now() == 0 })
	require.True(t, slices.Contains(server.seen().commands, "QUIT"))

	err := sender.Send(t.Context(), message(ada))
	require.ErrorIs(t, err, otp.ErrNotSent)
	require.EqualError(t, err, "smtpmail: not sent: the Sender is closed")
	require.Equal(t, 1, server.seen().connections)
}

// A connection that is in use when the Sender is closed ends after its mail.
func TestCloseWhileInUse(t *testing.T) {
	server := startScripted(t, fault{step: "dot", reply: slow})
	sender := newSender(t, configFor(server.address, valid()))
	done := make(chan error)
	go func() { done <- sender.Send(t.Context(), message(ada)) }()
	server.await(t, func() bool { return server.seen().mails == 1 })

	require.NoError(t, sender.Close())
	require.NoError(t, <-done)
	server.await(t, func() bool { return server.now() == 0 })
	require.Contains(t, server.seen().commands, "QUIT")
}

// A process that was frozen, as functions are, does not trust what it has kept.
func TestFrozen(t *testing.T) {
	server := startScripted(t, fault{})
	sender := newSender(t, configFor(server.address, valid()))
	require.NoError(t, sender.Send(t.Context(), message(ada)))

	sender.Age(time.Minute)
	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.Equal(t, 2, server.seen().connections)
	require.Equal(t, 2, server.seen().announced)
}

// A server that takes its time for a goodbye does not keep Close.
func TestCloseInTime(t *testing.T) {
	server := startScripted(t, fault{step: "QUIT", reply: stall})
	sender := newSender(t, configFor(server.address, valid()))
	require.NoError(t, sender.Send(t.Context(), message(ada)))

	start := time.Now()
	require.NoError(t, sender.Close())
	require.Less(t, time.Since(start), 5*time.Second)
}
