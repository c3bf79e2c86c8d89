package smtpmail_test

import (
	"context"
	"errors"
	"slices"
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
		"nobody is greeted":            {step: "greeting", reply: "421 4.3.2 not now"},
		"nothing is accepted":          {step: "dot", reply: "554 5.7.1 no"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startScripted(t, f)
			c := configFor(server.address)
			c.MaxConnections = 3
			sender := newSender(t, c)

			errs := sendAtOnce(t, sender, 60)
			if f.step == "" {
				require.NoError(t, errors.Join(errs...))
				require.LessOrEqual(t, server.seen().connections, 3)
				require.Equal(t, 60, server.seen().mails)
			}
			require.LessOrEqual(t, server.seen().most, 3)
			if f.step == "greeting" {
				require.LessOrEqual(t, server.seen().connections, 60, "one for each mail")
			}
		})
	}
}

// A mail that waits for a connection gives up with its context.
func TestWaitingForAConnection(t *testing.T) {
	server := startScripted(t, fault{step: "dot", reply: stall})
	c := configFor(server.address)
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
	c := configFor(server.address)
	c.IdleTimeout = 50 * time.Millisecond
	sender := newSender(t, c)
	require.NoError(t, sender.Send(t.Context(), message(ada)))

	server.await(t, func() bool { return server.seen().open == 0 })
	require.True(t, slices.Contains(server.seen().commands, "QUIT"))

	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.Equal(t, 2, server.seen().connections)
}

// Close ends what is kept at once, even if the server takes its time for a goodbye, and what is in
// use after its mail, and lets nobody in afterwards.
func TestClose(t *testing.T) {
	server, sender := startSending(t, fault{step: "dot", reply: slow})
	done := make(chan error)
	go func() { done <- sender.Send(t.Context(), message(ada)) }()
	server.await(t, func() bool { return server.seen().mails == 1 })

	require.NoError(t, sender.Close())
	require.NoError(t, sender.Close())
	require.NoError(t, <-done)
	server.await(t, func() bool { return server.seen().open == 0 })
	require.Contains(t, server.seen().commands, "QUIT")

	err := sender.Send(t.Context(), message(ada))
	require.ErrorIs(t, err, otp.ErrNotSent)
	require.EqualError(t, err, "smtpmail: not sent: the Sender is closed")
	require.Equal(t, 1, server.seen().connections)

	_, sender = startSending(t, fault{step: "QUIT", reply: stall})
	require.NoError(t, sender.Send(t.Context(), message(ada)))
	start := time.Now()
	require.NoError(t, sender.Close())
	require.Less(t, time.Since(start), 30*time.Second)
}

// A process that was frozen, as functions are, does not trust what it has kept.
func TestFrozen(t *testing.T) {
	server, sender := startSending(t, fault{})
	require.NoError(t, sender.Send(t.Context(), message(ada)))

	sender.Age(time.Minute)
	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.Equal(t, 2, server.seen().connections)
	require.Equal(t, 2, server.seen().announced)
}

// Neither a reset nor a goodbye that the server does not answer outlasts the context of the mail:
// otherwise, each would take a second.
func TestContextEndsWhatIsSaidAfterwards(t *testing.T) {
	for step, faults := range map[string][]fault{
		"QUIT": {{step: "AUTH", reply: "535 5.7.8 no"}, {step: "QUIT", reply: stall}},
		"RSET": {{step: "MAIL", reply: "550 5.7.1 no"}, {step: "RSET", reply: stall}},
	} {
		t.Run(step, func(t *testing.T) {
			server, sender := startSending(t, fault{})
			server.fail(faults...)

			late := time.Hour
			for tries := 0; late > time.Second/2 && tries < 10; tries++ { // the machine may be slow
				ctx := server.untilStall(t, 0)
				ended := make(chan time.Time, 1)
				context.AfterFunc(ctx, func() { ended <- time.Now() })
				require.Equal(t, notSent, classOf(t, sender.Send(ctx, message(ada))))
				late = min(late, time.Since(<-ended))
			}
			require.Less(t, late, time.Second/2)
		})
	}
}

// A burst beyond the server's limit waits for the connections that it has, however the server says
// that there are too many.
func TestServerLimit(t *testing.T) {
	for _, beyond := range []string{
		"421 4.7.0 too many connections", "432 4.3.2 too many", "554 5.7.0 go away", cut, stall,
	} {
		t.Run(beyond, func(t *testing.T) {
			t.Parallel()
			server := &scripted{tls: serverTLS(), limit: 3, beyond: beyond,
				offers: []string{"PIPELINING"}}
			server.start(t)
			sender := newSender(t, configFor(server.address))

			require.NoError(t, errors.Join(sendAtOnce(t, sender, 50)...))
			require.Equal(t, 50, server.seen().taken)

			if beyond == stall {
				return // what hangs may yet be let in
			}
			made := server.seen().connections
			require.LessOrEqual(t, made, 8)
			sendAtOnce(t, sender, 50)
			require.Equal(t, made, server.seen().connections, "the limit is known")

			sender.Forget()
			sendAtOnce(t, sender, 50)
			require.Greater(t, server.seen().connections, made, "and forgotten again")
			require.Equal(t, 150, server.seen().taken)
		})
	}
}

// Ten refusals do not go over one connection, since servers punish that.
func TestRefusalsEndAConnection(t *testing.T) {
	server, sender := startSending(t, fault{step: "RCPT", reply: "550 5.1.1 who?"}, pipelining)
	for range 10 {
		require.ErrorIs(t, sender.Send(t.Context(), message(ada)), otp.ErrUndeliverable)
	}
	require.Equal(t, 4, server.seen().connections)
}

// A server that closes idle connections takes every mail, once.
func TestClosedWhileIdle(t *testing.T) {
	for _, offers := range []string{inTurn, pipelining, chunking} {
		for _, last := range []string{cut, "421 4.4.2 you were idle"} {
			t.Run(offers+" "+last, func(t *testing.T) {
				server, sender := startSending(t, fault{step: "after", reply: last}, offers)
				for i := range 5 {
					require.NoError(t, sender.Send(t.Context(), message(ada)))
					require.Equal(t, i+1, server.seen().taken)
					server.await(t, func() bool { return server.seen().closed == i+1 })
				}
			})
		}
	}
}

// A connection that was idle for long is asked whether it works, and given up if it does not say.
func TestNOOP(t *testing.T) {
	server, sender := startSending(t, fault{}, chunking)
	for range 2 {
		require.NoError(t, sender.Send(t.Context(), message(ada)))
	}
	require.NotContains(t, server.seen().commands, "NOOP")

	sender.Age(6 * time.Second)
	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.Contains(t, server.seen().commands, "NOOP")

	for _, reply := range []string{cut, "421 4.4.2 you were idle", stall} {
		server.fail(fault{"NOOP", reply, 0, true})
		made := server.seen().connections
		sender.Age(6 * time.Second)
		require.NoError(t, sender.Send(t.Context(), message(ada)))
		require.Equal(t, made+1, server.seen().connections)
	}
	require.Equal(t, 6, server.seen().taken)
}

// A server that does not keep what its extensions promise is asked in turn from then on.
func TestDistrust(t *testing.T) {
	server, sender := startSending(t, fault{"BDAT", "500 what?", 0, false}, chunking)
	for range 3 {
		require.NoError(t, sender.Send(t.Context(), message(ada)))
	}
	require.Equal(t, 3, server.seen().taken)
	require.Equal(t, 2, server.seen().connections)
	require.True(t, sender.Cautious())

	// It takes what came first, and loses the rest. The client may need a while to read the answer.
	server, sender = startSending(t, fault{}, pipelining)
	for patience := time.Millisecond; !sender.Cautious(); patience *= 4 {
		require.Less(t, patience, 10*time.Second)
		server.fail(fault{"RCPT", stall, 0, true})
		err := sender.Send(server.untilStall(t, patience), message(ada))
		require.ErrorIs(t, err, otp.ErrNotSent)
	}
	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.Equal(t, "DATA", server.seen().commands[len(server.seen().commands)-1])
}

// What a server says to one recipient, in whatever order it is asked, is no reason to distrust it.
func TestRecipientsAreNoReasonForDistrust(t *testing.T) {
	for _, code := range []string{"500", "502", "503", "504"} {
		for _, offers := range []string{pipelining, chunking} {
			server, sender := startSending(t, fault{}, offers)
			require.NoError(t, sender.Send(t.Context(), message(ada)))

			server.fail(fault{step: "RCPT", reply: code + " 5.5.2 need fully-qualified address"})
			err := sender.Send(t.Context(), message(ada))
			require.Equal(t, notSent, classOf(t, err))
			require.ErrorContains(t, err, code)
			require.False(t, sender.Cautious(), "%s with %s", code, offers)

			server.fail(fault{})
			require.NoError(t, sender.Send(t.Context(), message(ada)))
			require.Equal(t, 2, server.seen().taken)
		}
	}
}
