package otp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// New takes each value at its bound, and refuses the next one.
func TestBoundsOfTheConfiguration(t *testing.T) {
	const tenYears = 3650 * 24 * time.Hour
	for i, c := range []struct {
		change func(*Config)
		ok     bool
	}{
		{func(c *Config) { c.Purpose = "p" }, true},
		{func(c *Config) { c.Purpose = strings.Repeat("p", 64) }, true},
		{func(c *Config) { c.Purpose = "azAZ09._-" }, true},
		{func(c *Config) { c.Purpose = "a`" }, false}, // beside a, z, A, Z, 0 and 9 in ASCII
		{func(c *Config) { c.Purpose = "a{" }, false},
		{func(c *Config) { c.Purpose = "a@" }, false},
		{func(c *Config) { c.Purpose = "a[" }, false},
		{func(c *Config) { c.Purpose = "a/" }, false},
		{func(c *Config) { c.Purpose = "a:" }, false},
		{func(c *Config) { c.Secret = make([]byte, 32) }, true},
		{func(c *Config) { c.CodeKeys = Keys{make([]byte, 32)} }, true},
		{func(c *Config) { c.CodeKeys = Keys{make([]byte, 31)} }, false},
		{func(c *Config) { c.Policy.Length = 6 }, true},
		{func(c *Config) { c.Policy.Length = 5 }, false},
		{func(c *Config) { c.Policy.Length = 14 }, true},
		{func(c *Config) { c.Policy.Alphabet, c.Policy.Length = Letters, 4 }, false},
		{func(c *Config) { c.Policy.Alphabet, c.Policy.Length = Letters, 5 }, true},
		{func(c *Config) { c.Policy.Alphabet, c.Policy.Length = Letters, 11 }, true},
		{func(c *Config) { c.Policy.Alphabet = -1 }, false},
		{func(c *Config) { c.Policy.Lifetime = time.Second }, true},
		{func(c *Config) { c.Policy.Lifetime = 24 * time.Hour }, true},
		{func(c *Config) { c.Policy.Lifetime = 24*time.Hour + time.Second }, false},
		{func(c *Config) { c.Policy.MaxAttempts = 1 }, true},
		{func(c *Config) { c.Policy.MaxAttempts = 10 }, true},
		{func(c *Config) { c.Policy.MaxAttempts = 11 }, false},
		{func(c *Config) { c.Policy.MaxFailures = 5 }, true},
		{func(c *Config) { c.Policy.MaxFailures = 100 }, true},
		{func(c *Config) { c.Policy.RememberFailures = time.Hour }, true},
		{func(c *Config) { c.Policy.RememberFailures = time.Hour - 1 }, false},
		{func(c *Config) { c.Policy.RememberFailures = tenYears }, true},
		{func(c *Config) { c.Policy.RememberFailures = tenYears + 1 }, false},
		{func(c *Config) { c.Policy.LiveCodes = 1 }, true},
		{func(c *Config) { c.Policy.LiveCodes = -1 }, false},
		{func(c *Config) { c.Policy.LiveCodes = 3 }, true},
		{func(c *Config) { c.Policy.MinSendTime = 10 * time.Second }, true},
		{func(c *Config) { c.Policy.MinSendTime = 10*time.Second + 1 }, false},
		{func(c *Config) { c.Policy.SendLimits = make([]Limit, 1) }, false},
		{func(c *Config) { c.Policy.SendLimits = limits(8) }, true},
		{func(c *Config) { c.Policy.SendLimits = limits(9) }, false},
		{func(c *Config) { c.Policy.SendLimits = []Limit{{1, time.Second}} }, true},
		{func(c *Config) { c.Policy.SendLimits = []Limit{{20, 30 * 24 * time.Hour}} }, true},
		{func(c *Config) { c.Policy.SendLimits = []Limit{{20, 30*24*time.Hour + time.Second}} }, false},
		{func(c *Config) { c.Policy.SendLimits = []Limit{{1, 1500 * time.Millisecond}} }, false},
	} {
		config := Config{Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: &oneValue{}, Sender: noSender}
		c.change(&config)
		if _, err := New(config); (err == nil) != c.ok {
			t.Errorf("case %d: %v, want it to be taken: %v", i, err, c.ok)
		}
	}
}

// limits returns n limits that differ.
func limits(n int) (l []Limit) {
	for i := range n {
		l = append(l, Limit{1, time.Duration(i+1) * time.Second})
	}
	return l
}

// The longest address and Bind are taken.
func TestLongestAddressing(t *testing.T) {
	deaf := SenderFunc(func(context.Context, Message) error { return nil })
	s, err := New(Config{Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: &oneValue{}, Sender: deaf, Policy: Policy{MinSendTime: -1}})
	if err != nil {
		t.Fatal(err)
	}
	to, bind := strings.Repeat("a", 1024), strings.Repeat("b", 1024)
	if _, err := s.Send(t.Context(), Request{To: to, Bind: bind}); err != nil {
		t.Errorf("Send: %v", err)
	}
	if err := s.Verify(t.Context(), Submission{To: to, Bind: bind, Code: "00000000"}); !errors.Is(err, ErrRejected) {
		t.Errorf("Verify: %v", err)
	}
	if status, err := s.Status(t.Context(), to, bind); err != nil || !status.Live {
		t.Errorf("Status: %+v, %v", status, err)
	}
}

// A code that lives as long as it may can be read again.
func TestLongestLifetime(t *testing.T) {
	deaf := SenderFunc(func(context.Context, Message) error { return nil })
	s, err := New(Config{Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: &oneValue{}, Sender: deaf, Policy: Policy{MinSendTime: -1, Lifetime: 24 * time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), Request{To: "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	if status, err := s.Status(t.Context(), "ada@example.com", ""); err != nil || !status.Live {
		t.Errorf("Status: %+v, %v", status, err)
	}
}

// After each swap without an answer an operation waits twice as long, and after six it gives up.
func TestPausesBetweenFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &unanswered{}
		s, err := New(Config{Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: store, Sender: noSender, Policy: Policy{MinSendTime: -1}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := s.Send(t.Context(), Request{To: "ada@example.com"}); !errors.Is(err, errUnanswered) {
			t.Errorf("Send: %v", err)
		}
		want := []string{"0s", "10ms", "30ms", "70ms", "150ms", "310ms"}
		var got []string
		for _, at := range store.swaps {
			got = append(got, at.Sub(start).String())
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("swaps after %v, want %v", got, want)
		}
	})
}

// An operation that loses every race gives up after 64 rounds.
func TestRoundsOfALosingOperation(t *testing.T) {
	store := &contended{}
	s, err := New(Config{Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: store, Sender: noSender, Policy: Policy{MinSendTime: -1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), Request{To: "ada@example.com"}); !errors.Is(err, errContended) || store.swaps != 64 {
		t.Errorf("Send: %v after %d swaps, want errContended after 64", err, store.swaps)
	}
}

// A contended store refuses every swap.
type contended struct {
	oneValue
	swaps int
}

func (s *contended) CompareAndSwap(context.Context, string, []byte, []byte, time.Time) (bool, error) {
	s.swaps++
	return false, nil
}

var errUnanswered = errors.New("no answer")

// An unanswered store notes when it was asked to swap and does not answer.
type unanswered struct {
	oneValue
	swaps []time.Time
}

func (s *unanswered) CompareAndSwap(context.Context, string, []byte, []byte, time.Time) (bool, error) {
	s.swaps = append(s.swaps, time.Now())
	return false, errUnanswered
}
