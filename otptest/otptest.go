// Package otptest helps to test code that uses package otp.
//
// [New] makes a Service whose messages end in an [Inbox], from which a test takes the code. [FaultyStore] loses replies,
// fails and delays as a database under stress does. [TestStore] tests an implementation of otp.Store.
//
// The first three work in a bubble of testing/synctest, where minutes pass in no time: that is the way to test expiry,
// limits and everything else that a clock decides.
package otptest

import (
	"crypto/rand"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

// New returns a Service and the Inbox that gets its messages. It fills in what cfg lacks:
//
//   - Purpose: "test"
//   - Secret: a random one
//   - Store: a new memstore.Store
//   - Sender: the Inbox. One that is given gets each message after the Inbox.
//   - Policy.MinSendTime: off, so that tests are fast
//
// All else in Policy has its usual defaults: a second Send within a minute is refused, say. A configuration that otp.New
// does not take ends the test.
func New(tb testing.TB, cfg otp.Config) (*otp.Service, *Inbox) {
	tb.Helper()
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
