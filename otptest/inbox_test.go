package otptest_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestInboxCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{Lifetime: time.Minute}})
		send(t, service, ada)
		send(t, service, bob)
		time.Sleep(2 * time.Minute) // then another code is sent
		send(t, service, ada)

		messages := inbox.Messages()
		require.Len(t, messages, 3)
		assert.NotEqual(t, messages[0].Code.Reveal(), messages[2].Code.Reveal())
		assert.Equal(t, messages[2].Code.Reveal(), inbox.Code(t, ada), "the latest of two")
		assert.Equal(t, messages[1].Code.Reveal(), inbox.Code(t, bob), "not the latest of all")
	})
}

// Services that share an Inbox: the code of one is none of the other. Where there is none, the test
// ends, and nothing of the messages is told.
func TestInboxCodeFor(t *testing.T) {
	var inbox otptest.Inbox
	for _, purpose := range []string{"sign-in", "reset"} {
		service, _ := otptest.New(t, otp.Config{Purpose: purpose, Sender: &inbox})
		send(t, service, ada)
	}
	messages := inbox.Messages()
	assert.Equal(t, messages[0].Code.Reveal(), inbox.CodeFor(t, "sign-in", ada))
	assert.Equal(t, messages[1].Code.Reveal(), inbox.CodeFor(t, "reset", ada))

	var tb fakeTB
	require.Empty(t, inbox.CodeFor(&tb, "sign-in", bob))
	require.Empty(t, inbox.CodeFor(&tb, "transfer", ada))
	assert.Contains(t, tb.fatal, "none of the 2 messages in the inbox is of this purpose")
	require.Empty(t, inbox.Code(&tb, "Ada@example.com"), "another spelling")
	assert.Contains(t, tb.fatal, "none of the 2 messages")
	assert.NotContains(t, tb.fatal, inbox.Code(t, ada))
	assert.NotContains(t, strings.ToLower(tb.fatal), ada)
}

// While the Inbox fails, it keeps nothing and passes nothing on to the Sender behind it.
func TestInboxFail(t *testing.T) {
	var behind otptest.Inbox
	service, inbox := otptest.New(t, otp.Config{Sender: &behind})
	down := errors.New("down")

	inbox.Fail(down)
	_, err := service.Send(t.Context(), otp.Request{To: ada})
	require.ErrorIs(t, err, otp.ErrDelivery)
	require.ErrorIs(t, err, down)
	require.Empty(t, inbox.Messages())
	require.Empty(t, behind.Messages())

	inbox.Fail(nil)
	send(t, service, bob)
	require.Len(t, inbox.Messages(), 1)
	require.Len(t, behind.Messages(), 1)
}

// It is safe for concurrent use, hands out copies, and prints no message.
func TestInboxMessages(t *testing.T) {
	const senders = 16
	var inbox otptest.Inbox
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			assert.NoError(t, inbox.Send(t.Context(), otp.Message{To: ada}))
			inbox.Messages()
			inbox.Fail(nil)
		})
	}
	wg.Wait()
	require.Len(t, inbox.Messages(), senders)

	inbox.Messages()[0].To = bob
	require.Equal(t, ada, inbox.Messages()[0].To)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.Equal(t, "otptest.Inbox of 16 messages", fmt.Sprintf(verb, &inbox), verb)
	}
}
