package smtpmail_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever byte a connection ends after, to the server or from it, no mail is taken twice, and the
// class of the error is what has become of it. The mail is the second one of its connection.
func TestCutAtEveryByte(t *testing.T) {
	for _, offers := range []string{inTurn, pipelining, chunking} {
		for _, direction := range []string{"to the server", "from the server"} {
			t.Run(offers+" "+direction, func(t *testing.T) {
				t.Parallel()
				for n := 0; cutAfter(t, offers, direction, n); n++ {
					if n > 80 && n < 380 {
						n += 6 // inside the text, one place is as good as another
					}
				}
			})
		}
	}
}

// cutAfter has a connection end after n bytes of its second mail. It reports whether it ended
// before the mail was through.
func cutAfter(t *testing.T, offers, direction string, n int) bool {
	server := startScripted(t, fault{}, offers)
	proxy := startProxy(t, server.address, 0)
	sender := newSender(t, plaintextConfig(proxy.address))
	require.NoError(t, sender.Send(t.Context(), message(ada)))

	if direction == "to the server" {
		proxy.up.Store(int64(n))
	} else {
		proxy.down.Store(int64(n))
	}
	err := sender.Send(t.Context(), message(ada))
	sender.Close()
	proxy.Close()
	server.await(t, func() bool { return server.seen().open == 0 })

	what := fmt.Sprintf("after %d bytes: %v", n, err)
	saw := server.seen()
	require.LessOrEqual(t, saw.mails, 2, what)
	switch class := classOf(t, err); class {
	case sent:
		require.Equal(t, 2, saw.taken, what)
	case open:
		require.LessOrEqual(t, saw.taken, 2, what)
	default:
		require.Equal(t, notSent, class, what)
		require.Equal(t, 1, saw.taken, what)
	}
	return proxy.cut.Load()
}
