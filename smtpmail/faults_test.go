package smtpmail_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

const ada = "ada@acme.example"

// class is how an error is sorted.
type class string

const (
	sent          class = "sent"
	undeliverable class = "undeliverable"
	notSent       class = "not sent"
	open          class = "open"
)

// classOf returns the class of an error, whose text must hold neither address nor code.
func classOf(t testing.TB, err error) class {
	t.Helper()

	for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v %#v", err, err)} {
		require.NotRegexp(t, `\S@\S`, text, "the text holds an address")
		require.NotContains(t, text, "123456", "the text holds the code")
	}

	switch {
	case err == nil:
		return sent
	case errors.Is(err, otp.ErrUndeliverable):
		return undeliverable
	case errors.Is(err, otp.ErrNotSent):
		return notSent
	}
	return open
}

// Whatever the server does at a step, the class of the error is right, its text says what the
// server did, and no mail goes twice.
func TestFaults(t *testing.T) {
	const echo = " <ada@acme.example> 123456"

	type test struct {
		step, reply string
		want        class
		mails       int
		text        string // of the error, or empty
	}
	tests := []test{
		{"greeting", cut, notSent, 0, "not sent: greeting: the connection was lost"},
		{"EHLO", "550 5.7.1 no", notSent, 0, "not sent: EHLO: the server answered 550 5.7.1"},
		{"STARTTLS", "454 not now", notSent, 0, "not sent: STARTTLS: the server answered 454"},
		{"handshake", cut, notSent, 0, "not sent: STARTTLS: the connection was lost"},
		{"AUTH", "334 d2hvPw==", notSent, 0, "not sent: AUTH PLAIN: the dialogue failed"},
		{"MAIL", "no reply of SMTP", notSent, 0,
			"not sent: MAIL: the server's answer is no reply of SMTP"},
		{"RCPT", stall, notSent, 0, "not sent: RCPT: the time was up"},
		{"RCPT", "550 5.1.1 who?", undeliverable, 0,
			"not sent: the address takes no mail: the server answered 550 5.1.1"},
		{"DATA", "451 4.3.0 not now", notSent, 0, "not sent: DATA: the server answered 451 4.3.0"},
		{"dot", "554 5.7.1 no", notSent, 1, "not sent: the mail: the server answered 554 5.7.1"},
		{"dot", cut, open, 1,
			"no answer to the mail: the connection was lost: may have been sent"},

		{"content", cut, open, 0, ""}, // the dot may have arrived, for all that the client can know
		{"dot", stall, open, 1, ""},
		{"after", cut, sent, 1, ""},
		{"DATA", "250 what?" + echo, notSent, 0, ""},
		{"dot", "250-taken\r\n250 really", sent, 1, ""},
		{"dot", "252 taken, kind of" + echo, sent, 1, ""},
		{"dot", "354 go on" + echo, open, 1, ""},
		{"dot", "no reply of SMTP" + echo, open, 1, ""},
		{"RCPT", "550-5.1.1 no such person" + echo + "\r\n550 5.1.1 really", undeliverable, 0, ""},
	}

	add := func(step string, want class, mails int, replies ...string) {
		for _, reply := range replies {
			tests = append(tests, test{step, reply + echo, want, mails, ""})
		}
	}
	add("dot", notSent, 1, "421 4.3.2 shutting down", "451 4.7.1 try later", "452 4.3.1 disk full",
		"550 5.1.1 no such person", "552 5.2.2 mailbox full", "554 5.7.1 looks like spam")
	add("RCPT", undeliverable, 0, "550 5.1.1 no such person", "550 5.1.0", "553 5.1.3 no address",
		"556 5.1.10 takes no mail", "550 no such person", "551 has moved", "553 no address",
		"550 5.0.0 no such person", "550 4.1.1 what is it?")
	add("RCPT", notSent, 0, "550 5.1.7 bad sender", "553 5.1.8 bad sender",
		"550 5.7.1 relaying denied", "550 5.2.1 mailbox disabled", "552 5.2.2 mailbox full",
		"552 mailbox full", "554 refused", "450 4.1.1 not verified yet", "450 4.7.1 greylisted",
		"450 greylisted", "354 what?")
	for _, step := range []string{
		"greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA",
	} {
		tests = append(tests, test{step, cut, notSent, 0, ""}, test{step, stall, notSent, 0, ""})
		add(step, notSent, 0, "no reply of SMTP", "421 4.3.2 shutting down", "451 4.3.0 not now",
			"535 5.7.8 not you", "554 5.7.1 not here")
	}

	for i, test := range tests {
		offers := [...]string{inTurn, pipelining, chunking}[i%3]
		t.Run(test.step+" "+test.reply, func(t *testing.T) {
			t.Parallel()
			server, sender := startSending(t, fault{step: test.step, reply: test.reply}, offers)

			ctx := server.untilStall(t, 0)
			start := time.Now()
			err := sender.Send(ctx, message(ada))

			require.Less(t, time.Since(start), 30*time.Second, "it has not ended with its context")
			assert.Equal(t, test.want, classOf(t, err), "%v", err)
			if test.text != "" {
				assert.EqualError(t, err, "smtpmail: "+test.text)
			}
			saw := server.seen()
			assert.Equal(t, test.mails, saw.mails, "mails with their dot")
			assert.LessOrEqual(t, saw.announced, 1)
			assert.Equal(t, 1, saw.connections)
			if test.reply == stall {
				require.ErrorIs(t, err, context.Canceled)
			}
		})
	}
}

// Where a kept connection fails, the mail goes over another one only if nothing of it was handed
// over. With CHUNKING, all of it is on its way before the first answer.
func TestFaultsOfKeptConnections(t *testing.T) {
	both := []string{inTurn, pipelining}
	every := []string{inTurn, pipelining, chunking}
	for _, test := range []struct {
		offers             []string
		step, reply        string
		want               class
		connections, mails int // with the first mail's
	}{
		{every, "MAIL", "421 4.4.2 you were idle", sent, 2, 2},
		{every, "MAIL", "432 4.3.2 too many connections", sent, 2, 2},
		{every, "MAIL", "450 4.7.1 too many mails", notSent, 1, 1},
		{every, "MAIL", "550 5.7.1 not from you", notSent, 1, 1},
		{every, "RCPT", "421 4.3.2 shutting down", notSent, 1, 1},
		{every, "RCPT", "451 4.7.1 greylisted", notSent, 1, 1},
		{every, "RCPT", "550 5.1.1 no such person", undeliverable, 1, 1},
		{every, "RCPT", "354 what?", notSent, 1, 1},
		{every, "content", cut, open, 1, 1},
		{every, "dot", cut, open, 1, 2},
		{every, "dot", stall, open, 1, 2},
		{every, "dot", "451 4.3.0 not now", notSent, 1, 2},

		{both, "MAIL", cut, sent, 2, 2},
		{both, "MAIL", "452 4.5.3 enough for this session", notSent, 1, 1},
		{both, "MAIL", "no reply of SMTP", sent, 2, 2},
		{both, "MAIL", stall, notSent, 1, 1},
		{both, "RCPT", cut, notSent, 1, 1},
		{both, "DATA", cut, notSent, 1, 1},
		{both, "DATA", "451 4.3.0 not now", notSent, 1, 1},
		{both, "dot", twice, sent, 1, 2},

		{[]string{pipelining}, "MAIL", "502 what?", sent, 2, 2},
		{[]string{pipelining}, "RCPT", "503 in turn, please", sent, 2, 2},
		{[]string{pipelining}, "RCPT", twice, notSent, 1, 1},
		{[]string{pipelining}, "DATA", "500 what?", sent, 2, 2},

		{[]string{chunking}, "MAIL", cut, open, 1, 1},
		{[]string{chunking}, "MAIL", "no reply of SMTP", open, 1, 1},
		{[]string{chunking}, "MAIL", stall, open, 1, 1},
		{[]string{chunking}, "RCPT", cut, open, 1, 1},
		{[]string{chunking}, "RCPT", stall, open, 1, 1},
		{[]string{chunking}, "BDAT", "500 what?", sent, 2, 2},
		{[]string{chunking}, "BDAT", "502 what?", sent, 2, 2},
		{[]string{chunking}, "dot", "554 5.7.1 looks like spam", notSent, 1, 2},
	} {
		for _, offers := range test.offers {
			t.Run(test.step+" "+test.reply+" "+offers, func(t *testing.T) {
				t.Parallel()
				server, sender := startSending(t, fault{}, offers)
				require.NoError(t, sender.Send(t.Context(), message(ada)))

				server.fail(fault{test.step, test.reply, 0, true})
				err := sender.Send(server.untilStall(t, 0), message(ada))

				assert.Equal(t, test.want, classOf(t, err), "%v", err)
				assert.Equal(t, test.connections, server.seen().connections)
				assert.Equal(t, test.mails, server.seen().mails)

				server.fail(fault{})
				require.NoError(t, sender.Send(t.Context(), message(ada)), "the mail after that")
				require.Equal(t, test.mails+1, server.seen().mails)
			})
		}
	}
}

// What a server may say to a whole mail, in one piece, and to the dot where it wants one. It closes
// the connection after that, and takes no mail.
func TestAnswersToPipelines(t *testing.T) {
	const refusedRCPT = "250 ok\r\n550 5.1.1 who?\r\n"
	type test struct {
		offers string
		said   []string
		want   class
		mails  int // with their dot, after the first one
	}
	tests := []test{
		{pipelining, []string{"250 ok\r\n250 ok\r\n354 go on\r\n", "250 taken\r\n"}, sent, 1},
		{pipelining, []string{"250\r\n250\r\n354\r\n", "250\r\n"}, sent, 1},
		{pipelining, []string{"250 ok\r\n250 ok\r\n354 go on\r\n", "554 no\r\n"}, notSent, 1},
		{pipelining, []string{"250 ok\r\n250 ok\r\n354 go on\r\n", ""}, open, 1},
		{pipelining, []string{"250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n"}, notSent, 0},
		{pipelining, []string{"250 ok\r\n250 ok\r\n354 go on\r\n250 ok\r\n"}, notSent, 0},
		{pipelining, []string{"250 ok\r\n250 ok\r\n"}, notSent, 0},
		{pipelining, []string{"500 what?\r\n250 ok\r\n250 ok\r\n354 go on\r\n"}, sent, 1},
		{pipelining, []string{""}, sent, 1},
		{pipelining, []string{"421 bye\r\n"}, sent, 1},
		{pipelining, []string{refusedRCPT + "354 go on\r\n"}, undeliverable, 0},
		{pipelining, []string{refusedRCPT + "554 no valid recipients\r\n"}, undeliverable, 0},
		{pipelining, []string{"550 no\r\n503 no\r\n354 go on\r\n"}, notSent, 0},
		{pipelining, []string{"250 ok\r\n452 4.5.3 no\r\n354 go on\r\n"}, notSent, 0},
	}
	chunked := func(want class, mails int, answers ...string) {
		for _, said := range answers {
			tests = append(tests, test{chunking, []string{said}, want, mails})
		}
	}
	chunked(sent, 0, "250 ok\r\n250 ok\r\n250 taken\r\n", "250\r\n250\r\n250\r\n",
		"250 ok\n250 ok\n250 taken\n", "250-ok\r\n250 ok\r\n251 ok\r\n252 taken\r\n",
		"250 ok\r\n250 ok\r\n250 taken\r\n421 bye\r\n")
	chunked(open, 0, "250 ok\r\n250 ok\r\n250 ok\r\n250 taken\r\n",
		"250 ok\r\n250 ok\r\n250 ok\r\n554 no\r\n", "", "2", "250 ok\r\n", "250 ok\r\n250 ok\r\n",
		"250 ok\r\n250 ok\r\n250-taken\r\n", "250 ok\r\n250 ok\r\n250-taken\r\n554 no\r\n",
		"250 ok\r\n250 ok\r\n354 go on\r\n", "250 ok\r\n354 go on\r\n250 taken\r\n",
		"250 ok\r\n250 ok\r\n99 what?\r\n", "250 ok\r\n250 ok\r\n250taken\r\n",
		"250 ok\r\n250 ok\r\n250 "+strings.Repeat("x", 5000), strings.Repeat("250-ok\r\n", 1000),
		refusedRCPT+"250 taken\r\n", refusedRCPT+"554 no\r\n250 taken\r\n")
	chunked(notSent, 0, "354 go on\r\n250 ok\r\n554 no\r\n",
		"250 ok\r\n250 ok\r\n452 4.3.1 disk full\r\n", "250 ok\r\n421 bye\r\n",
		"250 ok\r\n250 ok\r\n421 bye\r\n", "451 no\r\n503 no\r\n503 no\r\n")
	chunked(undeliverable, 0, refusedRCPT+"554 no valid recipients\r\n", refusedRCPT,
		refusedRCPT+"421 bye\r\n")
	chunked(sent, 1, "421 bye\r\n", "250 ok\r\n250 ok\r\n500 what?\r\n500 what?\r\n",
		"500 what?\r\n503 no\r\n503 no\r\n500 what?\r\n", "500 what?\r\n")
	// A reply too many shifts those after it: the last one may have taken the mail.
	chunked(open, 0, "500 what?\r\n250 ok\r\n250 ok\r\n250 taken\r\n",
		"250 ok\r\n500 what?\r\n250 ok\r\n250 taken\r\n",
		"250 ok\r\n250 ok\r\n500 what?\r\n250 taken\r\n", "500 what?\r\n250 ok\r\n250 ok\r\n",
		"500 what?\r\n250 ok\r\n", "503 no\r\n250 ok\r\n250 ok\r\n250 taken\r\n")

	for _, test := range tests {
		t.Run(fmt.Sprintf("%s %.60q", test.offers, test.said), func(t *testing.T) {
			t.Parallel()
			server, sender := startSending(t, fault{}, test.offers)
			require.NoError(t, sender.Send(t.Context(), message(ada)))

			server.say(test.said)
			err := sender.Send(t.Context(), message(ada))

			assert.Equal(t, test.want, classOf(t, err), "%v", err)
			assert.Equal(t, 1+test.mails, server.seen().mails)
			server.await(t, func() bool { return server.seen().closed == 1 })
			require.NoError(t, sender.Send(t.Context(), message(ada)), "the mail after that")
		})
	}
}

// After a refusal the connection is kept, and the next mail begins with a reset.
func TestRefusalsKeepTheConnection(t *testing.T) {
	for _, step := range []string{"MAIL", "RCPT", "DATA", "dot"} {
		t.Run(step, func(t *testing.T) {
			server, sender := startSending(t, fault{step, "554 5.7.1 no", 0, true})

			require.ErrorIs(t, sender.Send(t.Context(), message(ada)), otp.ErrNotSent)
			require.NoError(t, sender.Send(t.Context(), message(ada)))

			require.Equal(t, 1, server.seen().connections)
			require.Contains(t, server.seen().commands, "RSET")
		})
	}
}

// A reset that fails means another connection: the recipients of two mails must not mix.
func TestResetFails(t *testing.T) {
	server, sender := startSending(t, fault{})
	server.fail(fault{"RCPT", "550 5.1.1 no such person", 0, true},
		fault{"RSET", "554 5.5.1 what?", 0, true})
	require.ErrorIs(t, sender.Send(t.Context(), message(ada)), otp.ErrUndeliverable)

	require.NoError(t, sender.Send(t.Context(), message(ada)))
	require.Equal(t, 2, server.seen().connections)
	require.Equal(t, 1, server.seen().mails)
}
