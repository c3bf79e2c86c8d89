package otp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// First use: a code is sent, accepted once, and refused the second time.
func Example() {
	ctx := context.Background()
	var mail string // stands for the mailbox
	resets, err := otp.New(otp.Config{
		Purpose: "password-reset",
		Secret:  bytes.Repeat([]byte("change me "), 4), // in production, 32 random bytes from a secret store
		Store:   memstore.New(nil),
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			mail = m.Code.Reveal()
			return nil
		}),
	})
	if err != nil {
		log.Fatal(err)
	}

	status, err := resets.Send(ctx, otp.Request{To: "ada@example.com"})
	fmt.Println("sent:", err, "- wrong submissions left:", status.AttemptsLeft)

	submission := otp.Submission{To: "ada@example.com", Code: mail}
	fmt.Println("first:", resets.Verify(ctx, submission))
	fmt.Println("again:", resets.Verify(ctx, submission))
	// Output:
	// sent: <nil> - wrong submissions left: 5
	// first: <nil>
	// again: otp: code rejected: it was used before
}

// With a random Bind, kept in the session of the browser that asked, a code is of no use to anybody else, and nobody else
// can use up its attempts.
func ExampleRequest_bind() {
	ctx := context.Background()
	t := new(testing.T) // in a test, its argument
	resets, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{RequireBind: true}})

	session := "a value of rand.Text, kept in the session"
	if _, err := resets.Send(ctx, otp.Request{To: "ada@example.com", Bind: session}); err != nil {
		log.Fatal(err)
	}
	code := inbox.Code(t, "ada@example.com")

	err := resets.Verify(ctx, otp.Submission{To: "ada@example.com", Bind: "another session", Code: code})
	fmt.Println("a stranger with the code:", err)
	err = resets.Verify(ctx, otp.Submission{To: "ada@example.com", Bind: session, Code: code})
	fmt.Println("the one who asked:", err)
	// Output:
	// a stranger with the code: otp: code rejected: there is none to compare with
	// the one who asked: <nil>
}

// Where there is no account, ask for a decoy: nothing is sent, and all that can be observed is as if there were one.
func ExampleRequest_decoy() {
	ctx := context.Background()
	resets, inbox := otptest.New(new(testing.T), otp.Config{})
	accounts := map[string]bool{"ada@example.com": true}

	for _, typed := range []string{"ada@example.com", "nobody@example.com"} {
		for range 2 {
			status, err := resets.Send(ctx, otp.Request{To: typed, Decoy: !accounts[typed]})
			fmt.Println(status.Live, status.AttemptsLeft, err)
		}
	}
	fmt.Println("messages:", len(inbox.Messages()))
	// Output:
	// true 5 <nil>
	// true 5 otp: too many codes were asked for; Status.RetryAt says when to ask again
	// true 5 <nil>
	// true 5 otp: too many codes were asked for; Status.RetryAt says when to ask again
	// messages: 1
}

// Status is what a form needs: whether to show the field for the code, and from when on the button to ask again.
func ExampleService_Status() {
	ctx := context.Background()
	resets, _ := otptest.New(new(testing.T), otp.Config{})
	form := func() {
		s, err := resets.Status(ctx, "ada@example.com", "")
		if err != nil {
			log.Fatal(err)
		}
		if s.Live {
			fmt.Println("[ code ]  wrong submissions left:", s.AttemptsLeft)
		}
		if s.RetryAt.IsZero() {
			fmt.Println("[ send me a code ]")
		} else {
			fmt.Println("ask again in", time.Until(s.RetryAt).Round(time.Minute))
		}
	}

	form()
	if _, err := resets.Send(ctx, otp.Request{To: "ada@example.com"}); err != nil {
		log.Fatal(err)
	}
	form()
	// Output:
	// [ send me a code ]
	// [ code ]  wrong submissions left: 5
	// ask again in 1m0s
}

// A new key for codes reaches all instances before the first of them uses it. No code is lost on the way.
func ExampleConfig_codeKeys() {
	ctx := context.Background()
	t := new(testing.T) // in a test, its argument
	secret := bytes.Repeat([]byte("secret "), 6)
	store := memstore.New(nil)
	oldKey, newKey := bytes.Repeat([]byte("old key "), 4), bytes.Repeat([]byte("new key "), 4)

	deploy := func(keys otp.Keys) (*otp.Service, *otptest.Inbox) {
		return otptest.New(t, otp.Config{Secret: secret, CodeKeys: keys, Store: store})
	}
	before, inbox := deploy(otp.Keys{oldKey})
	// First, at the end: all verify with it, none issues.
	both, _ := deploy(otp.Keys{oldKey, newKey})
	// Then, in front; the old one goes once Policy.Lifetime has passed.
	after, _ := deploy(otp.Keys{newKey, oldKey})

	for i, service := range []*otp.Service{before, both, after} {
		to := fmt.Sprintf("ada%d@example.com", i)
		if _, err := before.Send(ctx, otp.Request{To: to}); err != nil {
			log.Fatal(err)
		}
		fmt.Println(service.Verify(ctx, otp.Submission{To: to, Code: inbox.Code(t, to)}))
	}
	// Output:
	// <nil>
	// <nil>
	// <nil>
}

// Events hold neither codes nor addresses: they can be logged as they are.
func ExampleConfig_observe() {
	ctx := context.Background()
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { // for the example: nothing that differs each time
			if a.Key == slog.TimeKey || a.Key == "took" || a.Key == "message" {
				return slog.Attr{}
			}
			return a
		},
	}))
	resets, _ := otptest.New(new(testing.T), otp.Config{
		Purpose: "password-reset",
		Secret:  bytes.Repeat([]byte("secret "), 6),
		Observe: func(ctx context.Context, e otp.Event) {
			level := slog.LevelInfo
			if e.Err != nil && !errors.Is(e.Err, otp.ErrRejected) && !errors.Is(e.Err, otp.ErrLimited) {
				level = slog.LevelError // the store or the sender failed, or the address is locked
			}
			logger.LogAttrs(ctx, level, "one-time code",
				slog.String("op", e.Op),
				slog.String("purpose", e.Purpose),
				slog.String("subject", e.Subject),
				slog.String("message", e.MessageID),
				slog.Duration("took", e.Took),
				slog.Any("err", e.Err),
			)
		},
	})

	resets.Send(ctx, otp.Request{To: "ada@example.com"})
	resets.Verify(ctx, otp.Submission{To: "ada@example.com", Code: "one two three"})
	fmt.Println("support looks for", resets.Subject("Ada@Example.com"))
	// Output:
	// level=INFO msg="one-time code" op=send purpose=password-reset subject=Eu6xhBzNYmatbxVw2IScog err=<nil>
	// level=INFO msg="one-time code" op=verify purpose=password-reset subject=Eu6xhBzNYmatbxVw2IScog err="otp: code rejected: malformed submission"
	// support looks for Eu6xhBzNYmatbxVw2IScog
}

// What the defaults leave to an attacker who asks for codes for one address and guesses without end, and what two more
// digits change.
func ExamplePolicy_Odds() {
	const year = 365 * 24 * time.Hour
	fmt.Printf("six digits:   %.2g a year\n", otp.Policy{}.Odds(year))
	fmt.Printf("eight digits: %.2g a year\n", otp.Policy{Length: 8}.Odds(year))
	// Output:
	// six digits:   0.018 a year
	// eight digits: 0.00018 a year
}

// Keys come as text from a secret store or the environment. However they are printed, they do not show.
func ExampleParseKeys() {
	keys, err := otp.ParseKeys("qH0oWUT1qqzNYWR7NqsZkH6Hkx8zZ6Bq0F6oE1n1nJ0=, 9b5J4m0v2M8b2y0Yq1Qe1rXkz3o6g5T7u8W9x0Y1Z2c=")
	fmt.Println(len(keys), keys, err)
	_, err = otp.ParseKeys("c2hvcnQ=")
	fmt.Println(err)
	// Output:
	// 2 [redacted] <nil>
	// otp: key 1 has 5 bytes; at least 32 are needed
}
