package otp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
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
		Secret:  bytes.Repeat([]byte("change me "), 4), // in production, from otp.ParseKey
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

// With a random Binding, kept in the session of the browser that asked, a code is of no use to
// anybody else, and nobody else can use up its attempts.
func ExampleRequest_binding() {
	ctx := context.Background()
	t := log.Default() // in a test, its *testing.T
	resets, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{RequireBinding: true}})

	session := "a value of rand.Text, kept in the session"
	request := otp.Request{To: "ada@example.com", Binding: session}
	if _, err := resets.Send(ctx, request); err != nil {
		log.Fatal(err)
	}

	submission := otp.Submission{To: "ada@example.com", Code: inbox.Code(t, "ada@example.com")}
	submission.Binding = "another session"
	fmt.Println("a stranger with the code:", resets.Verify(ctx, submission))
	submission.Binding = session
	fmt.Println("the one who asked:", resets.Verify(ctx, submission))

	// Output:
	// a stranger with the code: otp: code rejected: there is none to compare with
	// the one who asked: <nil>
}

// Where there is no account, ask for a decoy: nothing is sent, and all that can be observed is as
// if there were one.
func ExampleRequest_decoy() {
	ctx := context.Background()
	resets, inbox := otptest.New(log.Default(), otp.Config{})
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

// A stranger can spend the limits of an address for strangers, not those of a device that has
// signed in to the account before. Request and Submission carry the same Trust.
func ExampleTrust() {
	ctx := context.Background()
	t := log.Default() // in a test, its *testing.T
	logins, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{
		SendLimits: []otp.Limit{{Count: 1, Window: time.Hour}},
	}})
	ask := func(trust otp.Trust, session string) error {
		request := otp.Request{To: "ada@example.com", Binding: session, Trust: trust}
		_, err := logins.Send(ctx, request)
		return err
	}

	fmt.Println("a stranger:", ask(otp.Stranger, "session 1"))
	fmt.Println("a new device:", errors.Is(ask(otp.Stranger, "session 2"), otp.ErrLimited))
	fmt.Println("after a challenge:", ask(otp.Challenged, "session 2"))
	fmt.Println("a known device:", ask(otp.Known, "session 3"))

	fmt.Println("its code:", logins.Verify(ctx, otp.Submission{
		To: "ada@example.com", Binding: "session 3", Trust: otp.Known,
		Code: inbox.Code(t, "ada@example.com"),
	}))

	// Output:
	// a stranger: <nil>
	// a new device: true
	// after a challenge: <nil>
	// a known device: <nil>
	// its code: <nil>
}

// A double click sends the same form twice. The key that was made with the form tells the second
// click from a second use of the code.
func ExampleSubmission_idempotencyKey() {
	ctx := context.Background()
	t := log.Default() // in a test, its *testing.T
	payments, inbox := otptest.New(t, otp.Config{})
	if _, err := payments.Send(ctx, otp.Request{To: "ada@example.com"}); err != nil {
		log.Fatal(err)
	}

	click := otp.Submission{
		To: "ada@example.com", Code: inbox.Code(t, "ada@example.com"),
		IdempotencyKey: "a value of rand.Text in a hidden field",
	}
	for range 2 {
		switch err := payments.Verify(ctx, click); {
		case err == nil:
			fmt.Println("paid")
		case errors.Is(err, otp.ErrRepeated):
			fmt.Println("was paid already")
		}
	}

	// Output:
	// paid
	// was paid already
}

// Status is what a form needs: whether to show the field for the code and how long the code is, and
// when to show the button to ask again.
func ExampleService_Status() {
	ctx := context.Background()
	resets, _ := otptest.New(log.Default(), otp.Config{})
	request := otp.Request{To: "ada@example.com"}

	form := func() {
		s, err := resets.Status(ctx, request)
		if err != nil {
			log.Fatal(err)
		}
		if s.Live {
			field := strings.Repeat("_ ", s.CodeLength)
			fmt.Println("[", field, "]  wrong submissions left:", s.AttemptsLeft)
		}
		if s.RetryAt.IsZero() {
			fmt.Println("[ send me a code ]")
		} else {
			fmt.Println("ask again in", time.Until(s.RetryAt).Round(time.Minute))
		}
	}

	form()
	if _, err := resets.Send(ctx, request); err != nil {
		log.Fatal(err)
	}
	form()

	// Output:
	// [ send me a code ]
	// [ _ _ _ _ _ _  ]  wrong submissions left: 5
	// ask again in 1m0s
}

// Each transfer has a Binding of its own: its code confirms nothing else, and canceling it voids
// its code alone.
func ExampleService_Revoke() {
	ctx := context.Background()
	t := log.Default() // in a test, its *testing.T
	transfers, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{
		SendLimits: []otp.Limit{{Count: 5, Window: time.Minute}, {Count: 20, Window: time.Hour}},
	}})
	const ada, session = "ada@example.com", "a value of rand.Text, kept in the session"

	codes := map[string]string{}
	for _, transfer := range []string{"250 EUR to Grace", "90 EUR to Alan"} {
		request := otp.Request{To: ada, Binding: session + "/" + transfer, Data: transfer}
		if _, err := transfers.Send(ctx, request); err != nil {
			log.Fatal(err)
		}
		codes[transfer] = inbox.Code(t, ada)
	}

	if err := transfers.Revoke(ctx, ada, session+"/250 EUR to Grace"); err != nil {
		log.Fatal(err)
	}
	for _, transfer := range []string{"250 EUR to Grace", "90 EUR to Alan"} {
		fmt.Println(transfer+":", transfers.Verify(ctx, otp.Submission{
			To: ada, Binding: session + "/" + transfer, Code: codes[transfer]}))
	}

	// Output:
	// 250 EUR to Grace: otp: code rejected: there is none to compare with
	// 90 EUR to Alan: <nil>
}

// New refuses what cannot work, and names the field, the value and the bound.
func ExampleNew() {
	_, err := otp.New(otp.Config{
		Purpose: "sign-in",
		Secret:  []byte("too short"),
		Store:   memstore.New(nil),
		Sender:  new(otptest.Inbox),
	})
	fmt.Println(err)

	// Output: otp: Config.Secret has 9 bytes: it must have at least 32, random ones
}

// What Send returns tells the form what to show, and when to ask again.
func ExampleService_Send() {
	ctx := context.Background()
	logins, _ := otptest.New(log.Default(), otp.Config{})

	for range 2 {
		status, err := logins.Send(ctx, otp.Request{To: "ada@example.com"})
		switch {
		case errors.Is(err, otp.ErrLimited):
			fmt.Println("too soon: ask again in", time.Until(status.RetryAt).Round(time.Minute))
		case err == nil, errors.Is(err, otp.ErrDelivery): // must not tell who has an account
			fmt.Println("a code of", status.CodeLength, "digits is on its way")
		}
	}

	// Output:
	// a code of 6 digits is on its way
	// too soon: ask again in 1m0s
}

// Wrong is not the same as not judged. Strangers are told no more than ErrRejected.
func ExampleService_Verify() {
	ctx := context.Background()
	logins, _ := otptest.New(log.Default(), otp.Config{})

	err := logins.Verify(ctx, otp.Submission{To: "ada@example.com", Code: "492013"})
	switch {
	case err == nil:
		fmt.Println("signed in")
	case errors.Is(err, otp.ErrRepeated):
		fmt.Println("was signed in by this form already")
	case errors.Is(err, otp.ErrRejected):
		fmt.Println("wrong or expired code")
	case errors.Is(err, otp.ErrInvalid):
		fmt.Println("enter your email address")
	default: // the store failed
		fmt.Println("please try again")
	}

	// Output: wrong or expired code
}

// A password was reset, so codes that are on their way no longer work. A double click on the form
// of the reset is still told apart.
func ExampleService_RevokeAll() {
	ctx := context.Background()
	logins, inbox := otptest.New(log.Default(), otp.Config{Policy: otp.Policy{
		SendLimits: []otp.Limit{{Count: 5, Window: time.Minute}},
	}})
	submissions := map[string]otp.Submission{}
	for _, session := range []string{"this session", "another session"} {
		_, err := logins.Send(ctx, otp.Request{To: "ada@example.com", Binding: session})
		if err != nil {
			log.Fatal(err)
		}
		submissions[session] = otp.Submission{
			To: "ada@example.com", Binding: session, IdempotencyKey: "form",
			Code: inbox.Code(log.Default(), "ada@example.com"),
		}
	}

	if err := logins.Verify(ctx, submissions["this session"]); err != nil {
		log.Fatal(err)
	}
	if err := logins.RevokeAll(ctx, "ada@example.com", "this session"); err != nil {
		log.Fatal(err)
	}
	for _, session := range []string{"another session", "this session"} {
		fmt.Println(session+":", logins.Verify(ctx, submissions[session]))
	}

	// Output:
	// another session: otp: code rejected: there is none to compare with
	// this session: otp: this submission was accepted before
}

// Support finds the events of a person, whichever way the address is spelled.
func ExampleService_Pseudonym() {
	logins, _ := otptest.New(log.Default(), otp.Config{
		Secret: bytes.Repeat([]byte("secret "), 6),
	})
	fmt.Println(logins.Pseudonym("ada@example.com"))
	fmt.Println(logins.Pseudonym(" Ada@example.com"))

	// Output:
	// C0pV5A6tz5PadGoy9KN2JA
	// C0pV5A6tz5PadGoy9KN2JA
}

// A page says how long a code works, by the policy with its defaults filled in.
func ExampleService_Policy() {
	logins, _ := otptest.New(log.Default(), otp.Config{})
	fmt.Println("The code works for", logins.Policy().Lifetime)

	// Output: The code works for 10m0s
}

// Support has identified the person on the telephone, and lets them ask for a code again.
func ExampleService_Unlock() {
	ctx := context.Background()
	logins, _ := otptest.New(log.Default(), otp.Config{})
	ask := func() error {
		_, err := logins.Send(ctx, otp.Request{To: "ada@example.com"})
		return err
	}

	fmt.Println(ask())
	fmt.Println(ask())
	fmt.Println(logins.Unlock(ctx, "Ada@example.com"))
	fmt.Println(ask())

	// Output:
	// <nil>
	// otp: too many codes were asked for; Status.RetryAt says when to ask again
	// <nil>
	// <nil>
}

// A new key for codes reaches all instances before the first of them uses it. No code is lost on
// the way.
func ExampleConfig_codeKeys() {
	ctx := context.Background()
	t := log.Default() // in a test, its *testing.T
	secret := bytes.Repeat([]byte("secret "), 6)
	oldKey, newKey := bytes.Repeat([]byte("old key "), 4), bytes.Repeat([]byte("new key "), 4)

	store := memstore.New(nil)
	deploy := func(keys otp.Keys) (*otp.Service, *otptest.Inbox) {
		return otptest.New(t, otp.Config{Secret: secret, CodeKeys: keys, Store: store})
	}
	before, inbox := deploy(otp.Keys{oldKey})
	// First at the end: all instances verify with the new key, and none issues codes with it.
	both, _ := deploy(otp.Keys{oldKey, newKey})
	// Then at the front, and alone after Policy.Lifetime.
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
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "duration" || a.Key == "message" {
				return slog.Attr{} // differs each time
			}
			return a
		},
	}))

	resets, _ := otptest.New(log.Default(), otp.Config{
		Purpose: "password-reset",
		Secret:  bytes.Repeat([]byte("secret "), 6),
		Observe: func(ctx context.Context, e otp.Event) {
			level := slog.LevelInfo
			switch {
			case e.Err == nil, errors.Is(e.Err, otp.ErrRejected), errors.Is(e.Err, otp.ErrRepeated),
				errors.Is(e.Err, otp.ErrLimited), errors.Is(e.Err, otp.ErrInvalid):
			default:
				level = slog.LevelError // the store or the Sender failed
			}
			logger.LogAttrs(ctx, level, "one-time code",
				slog.String("op", string(e.Op)),
				slog.String("purpose", e.Purpose),
				slog.String("pseudonym", e.Pseudonym),
				slog.String("message", e.MessageID),
				slog.Duration("duration", e.Duration),
				slog.Any("err", e.Err),
			)
		},
	})

	resets.Send(ctx, otp.Request{To: "ada@example.com"})
	resets.Verify(ctx, otp.Submission{To: "ada@example.com", Code: "one two three"})
	fmt.Println("support looks for", resets.Pseudonym("Ada@Example.com"))

	// Output:
	// level=INFO msg="one-time code" op=send purpose=password-reset pseudonym=S0ZpSZJ5mpRPNLqlzFHQ8w err=<nil>
	// level=INFO msg="one-time code" op=verify purpose=password-reset pseudonym=S0ZpSZJ5mpRPNLqlzFHQ8w err="otp: code rejected: malformed submission"
	// support looks for S0ZpSZJ5mpRPNLqlzFHQ8w
}

// What the defaults leave to an attacker who asks for codes for one address and guesses without
// end, and what two more digits change.
func ExamplePolicy_GuessProbability() {
	const year = 365 * 24 * time.Hour
	fmt.Printf("six digits:   %.2g a year\n", otp.Policy{}.GuessProbability(year))
	fmt.Printf("eight digits: %.2g a year\n", otp.Policy{Length: 8}.GuessProbability(year))

	// Output:
	// six digits:   0.00065 a year
	// eight digits: 6.5e-06 a year
}

// Keys come as text from a secret store or the environment. They never show when printed.
func ExampleParseKeys() {
	keys, err := otp.ParseKeys("qH0oWUT1qqzNYWR7NqsZkH6Hkx8zZ6Bq0F6oE1n1nJ0=, " +
		"9b5J4m0v2M8b2y0Yq1Qe1rXkz3o6g5T7u8W9x0Y1Z2c=")
	fmt.Println(len(keys), keys, err)

	_, err = otp.ParseKeys("c2hvcnQ=")
	fmt.Println(err)

	// Output:
	// 2 [redacted] <nil>
	// otp: key 1 has 5 bytes; at least 32 are needed
}

// Config.Secret comes from one variable of the environment, made by "openssl rand -base64 32".
func ExampleParseKey() {
	secret, err := otp.ParseKey("qH0oWUT1qqzNYWR7NqsZkH6Hkx8zZ6Bq0F6oE1n1nJ0=")
	fmt.Println(len(secret), err)

	// Output: 32 <nil>
}

// Accounts are looked up by the form of the address that codes and limits go by.
func ExampleNormalizeAddress() {
	address, err := otp.NormalizeAddress(" Ada@Example.com")
	fmt.Printf("%q %v\n", address, err)

	_, err = otp.NormalizeAddress("ada@example.com\r\nBcc: everybody@example.com")
	fmt.Println(errors.Is(err, otp.ErrInvalid), err)

	// Output:
	// "ada@example.com" <nil>
	// true otp: invalid request: the address (To) has control characters
}

// Authors of Senders make a Message with a Code for their tests.
func ExampleNewCode() {
	m := otp.Message{To: "ada@example.com", Code: otp.NewCode("492013")}
	fmt.Println(m.Code.Reveal(), m.Code)

	// Output: 492013 [redacted]
}
