package otptest_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestInboxCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{Lifetime: time.Minute}})
		for _, to := range []string{ada, "bob@example.com"} {
			if _, err := service.Send(t.Context(), otp.Request{To: to}); err != nil {
				t.Fatal(err)
			}
		}
		first := inbox.Code(t, ada)
		time.Sleep(2 * time.Minute) // a new code, not the same one
		if _, err := service.Send(t.Context(), otp.Request{To: ada}); err != nil {
			t.Fatal(err)
		}
		messages := inbox.Messages()
		if len(messages) != 3 {
			t.Fatalf("got %d messages, want 3", len(messages))
		}
		if got, want := inbox.Code(t, ada), messages[2].Code.Reveal(); got != want || got == first {
			t.Error("Code is not that of the latest message")
		}
		if got, want := inbox.Code(t, "bob@example.com"), messages[1].Code.Reveal(); got != want {
			t.Error("Code is not that of the only message to the address")
		}

		tb := new(fakeTB)
		inbox.Code(tb, "Ada@example.com")
		if !strings.Contains(tb.fatal, "none of the 3 messages") {
			t.Errorf("for an address without a message, the test ends with %q, want one that names the count", tb.fatal)
		}
		for _, m := range messages {
			if strings.Contains(tb.fatal, m.Code.Reveal()) || strings.Contains(strings.ToLower(tb.fatal), m.To) {
				t.Errorf("the text shows a code or an address: %q", tb.fatal)
			}
		}
	})
}

func TestInboxFail(t *testing.T) {
	var inbox otptest.Inbox
	down := errors.New("down")
	inbox.Fail(down)
	if err := inbox.Send(t.Context(), otp.Message{To: ada}); err != down {
		t.Errorf("got error %v, want %v", err, down)
	}
	if n := len(inbox.Messages()); n != 0 {
		t.Errorf("got %d messages, want none while Send fails", n)
	}
	inbox.Fail(nil)
	if err := inbox.Send(t.Context(), otp.Message{To: ada}); err != nil {
		t.Error(err)
	}
	if n := len(inbox.Messages()); n != 1 {
		t.Errorf("got %d messages, want 1", n)
	}
}

// While the Inbox fails, the Sender behind it gets nothing either.
func TestInboxFailPassesNothingOn(t *testing.T) {
	var behind otptest.Inbox
	service, inbox := otptest.New(t, otp.Config{Sender: &behind})
	inbox.Fail(errors.New("down"))
	if _, err := service.Send(t.Context(), otp.Request{To: ada}); !errors.Is(err, otp.ErrDelivery) {
		t.Errorf("got error %v, want one that matches ErrDelivery", err)
	}
	if n := len(behind.Messages()); n != 0 {
		t.Errorf("got %d messages, want none", n)
	}
}

func TestInboxMessagesIsACopy(t *testing.T) {
	var inbox otptest.Inbox
	inbox.Send(t.Context(), otp.Message{To: ada})
	inbox.Messages()[0].To = "bob@example.com"
	if got := inbox.Messages()[0].To; got != ada {
		t.Error("a change of the returned slice changes the inbox")
	}
}

func TestInboxIsSafeForConcurrentUse(t *testing.T) {
	var inbox otptest.Inbox
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			inbox.Send(t.Context(), otp.Message{To: ada})
			inbox.Messages()
			inbox.Fail(nil)
		})
	}
	wg.Wait()
	if n := len(inbox.Messages()); n != 16 {
		t.Errorf("got %d messages, want 16", n)
	}
}

func TestInboxPrintsNoMessages(t *testing.T) {
	service, inbox := otptest.New(t, otp.Config{})
	if _, err := service.Send(t.Context(), otp.Request{To: "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, inbox); got != "otptest.Inbox of 1 messages" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}
