package otp_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

const (
	ada  = "ada@example.com"
	day  = 24 * time.Hour
	tick = time.Nanosecond
)

var testSecret = bytes.Repeat([]byte("secret"), 6)

// often allows so many sends that no test runs into the limit by accident.
var often = []otp.Limit{{Count: 20, Window: time.Second}}

// wrong returns a code of the same shape that differs from code; n varies it.
func wrong(code string, n int) string {
	b := []byte(code)
	b[0] = '0' + (b[0]-'0'+1+byte(n%9))%10
	return string(b)
}

// send fails the test unless a code was sent, and returns it with the Status.
func send(t testing.TB, s *otp.Service, in *otptest.Inbox, r otp.Request) (string, otp.Status) {
	t.Helper()
	status, err := s.Send(t.Context(), r)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	return in.Code(t, r.To), status
}

// submit submits for ada, without a Bind.
func submit(t testing.TB, s *otp.Service, code string) error {
	return s.Verify(t.Context(), otp.Submission{To: ada, Code: code})
}

// want fails the test unless err matches the error wanted, nil included.
func want(t testing.TB, what string, err, wanted error) {
	t.Helper()
	if wanted == nil && err != nil || wanted != nil && !errors.Is(err, wanted) {
		t.Fatalf("%s: got %v, want %v", what, err, wanted)
	}
}

// wantNotJudged fails the test unless err says that a submission could not be judged.
func wantNotJudged(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil || errors.Is(err, otp.ErrRejected) {
		t.Fatalf("%s: got %v, want an error that is no rejection", what, err)
	}
}

// rejection returns the Status of a rejection.
func rejection(t testing.TB, err error) otp.Status {
	t.Helper()
	rejected, ok := errors.AsType[*otp.RejectedError](err)
	if !ok {
		t.Fatalf("got %v, want a RejectedError", err)
	}
	return rejected.Status
}

// A table is a Store whose values a test can look at and change. It never drops one, as DynamoDB may not for days.
type table struct {
	mu     sync.Mutex
	values map[string][]byte
	calls  []string // "load" and "swap", with "+" where a value was found or the swap won
	onSwap func()   // runs before a swap, without the lock
}

func newTable() *table { return &table{values: map[string][]byte{}} }

func (s *table) Load(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value := s.values[key]
	s.calls = append(s.calls, "load"+found(value != nil))
	return value, nil
}

func (s *table) CompareAndSwap(_ context.Context, key string, old, new []byte, _ time.Time) (bool, error) {
	if s.onSwap != nil {
		s.onSwap()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	equal := bytes.Equal(s.values[key], old)
	if equal {
		s.values[key] = bytes.Clone(new)
	}
	s.calls = append(s.calls, "swap"+found(equal))
	return equal, nil
}

func found(yes bool) string {
	if yes {
		return "+"
	}
	return "-"
}

// took returns the calls since it was last called.
func (s *table) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// dump returns a copy of all values.
func (s *table) dump() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.values)
}
