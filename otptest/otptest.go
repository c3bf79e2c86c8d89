// Package otptest helps to test code that uses package otp.
//
//	func TestReset(t *testing.T) {
//		resets, inbox := otptest.New(t, otp.Config{})
//		app := newApp(resets)                    // the code under test
//		app.forgot("ada@example.com")            // sends a code
//		code := inbox.Code(t, "ada@example.com") // which is now in the inbox
//		app.reset("ada@example.com", code, "a new password")
//	}
//
// [New] makes a Service whose messages end in an [Inbox], from which a test takes the code.
// [FaultyStore] loses replies, fails and delays as a database under stress does. [TestStore] tests
// an implementation of otp.Store.
//
// # Time
//
// New, Inbox and FaultyStore work in a bubble of testing/synctest, where minutes pass in no time.
// That is the way to test expiry, limits and everything else that a clock decides.
//
// The clock of a bubble stands still while one of its goroutines waits for a network. So a Sender
// or a Store that talks to a server works in a bubble only if its connections have no goroutine
// that reads while they are idle. Those of pgx have none; those of net/http have one, so that a
// test with an HTTP client or with httptest.NewServer in a bubble hangs. Give such a client an
// http.RoundTripper that answers without a network.
package otptest

import (
	"crypto/rand"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

// TB is what this package needs of a test. *testing.T, *testing.B and *testing.F are TBs. In an
// example or a program, log.Default() is one.
type TB interface {
	// Fatalf ends the test with a message.
	Fatalf(format string, args ...any)
}

// helper is what a TB may have, too, so that a failure names the line of the test.
type helper interface{ Helper() }

// New returns a Service and the Inbox that gets its messages. It fills in what cfg lacks:
//
//   - Purpose: "test"
//   - Secret: a random one
//   - Store: a new memstore.Store
//   - Sender: the Inbox. A Sender in cfg gets each message after the Inbox.
//   - Policy.MinSendTime: none, so that tests are fast
//
// All else in Policy has its usual defaults: a second Send within a minute is refused, for example.
// A configuration that otp.New refuses ends the test.
func New(tb TB, cfg otp.Config) (*otp.Service, *Inbox) {
	if h, ok := tb.(helper); ok {
		h.Helper()
	}

	inbox := &Inbox{next: cfg.Sender}
	cfg.Sender = inbox
	if cfg.Purpose == "" {
		cfg.Purpose = "test"
	}
	if cfg.Secret == nil {
		cfg.Secret = make([]byte, 32)
		rand.Read(cfg.Secret)
	}
	if cfg.Store == nil {
		cfg.Store = memstore.New(nil)
	}
	if cfg.Policy.MinSendTime == 0 {
		cfg.Policy.MinSendTime = -1
	}

	service, err := otp.New(cfg)
	if err != nil {
		tb.Fatalf("otptest: %v", err)
	}
	return service, inbox
}
