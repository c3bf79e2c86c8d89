package otp

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// noStore and noSender are never called.
type noStore struct{ Store }

var noSender = SenderFunc(func(context.Context, Message) error { panic("called") })

func TestDefaults(t *testing.T) {
	s, err := New(Config{Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: noStore{}, Sender: noSender})
	if err != nil {
		t.Fatal(err)
	}
	p := s.policy
	if p.Alphabet != Digits || p.Length != 6 || p.Lifetime != 10*time.Minute || p.MaxAttempts != 5 || p.MaxFailures != 100 ||
		p.RememberFailures != 30*24*time.Hour || p.LiveCodes != 3 || p.MinSendTime != 500*time.Millisecond || p.RequireBind {
		t.Errorf("the defaults are %+v", p)
	}
	want := []Limit{{1, time.Minute}, {5, time.Hour}, {10, 24 * time.Hour}}
	if len(p.SendLimits) != 3 || p.SendLimits[0] != want[0] || p.SendLimits[1] != want[1] || p.SendLimits[2] != want[2] {
		t.Errorf("the default limits are %+v", p.SendLimits)
	}
}

// Bad configuration fails in New, with an error that names the field, the value and the bound.
func TestNewRefusesBadConfiguration(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		want   []string // all in the text
	}{
		{func(c *Config) { c.Purpose = "" }, []string{"Config.Purpose", `""`, "1 to 64"}},
		{func(c *Config) { c.Purpose = "pass word" }, []string{"Config.Purpose", `"pass word"`}},
		{func(c *Config) { c.Purpose = strings.Repeat("p", 65) }, []string{"Config.Purpose", "1 to 64"}},
		{func(c *Config) { c.Secret = nil }, []string{"Config.Secret", "0 bytes", "32"}},
		{func(c *Config) { c.Secret = bytes.Repeat([]byte{2}, 31) }, []string{"Config.Secret", "31 bytes", "32"}},
		{func(c *Config) { c.Store = nil }, []string{"Config.Store", "nil"}},
		{func(c *Config) { c.Sender = nil }, []string{"Config.Sender", "nil"}},
		{func(c *Config) { c.CodeKeys = Keys{bytes.Repeat([]byte{2}, 32), {1}} }, []string{"Config.CodeKeys", "1 bytes", "position 1", "32"}},
		{func(c *Config) { c.CodeKeys = Keys{c.Secret, c.Secret} }, []string{"Config.CodeKeys", "positions 0 and 1"}},
		{func(c *Config) { c.Policy.Alphabet = 2 }, []string{"Policy.Alphabet", "2"}},
		{func(c *Config) { c.Policy.Length = 4 }, []string{"Policy.Length", "4", "6 to 14"}},
		{func(c *Config) { c.Policy.Length = 15 }, []string{"Policy.Length", "15", "6 to 14"}},
		{func(c *Config) { c.Policy.Length = -6 }, []string{"Policy.Length", "-6"}},
		{func(c *Config) { c.Policy.Alphabet, c.Policy.Length = Letters, 12 }, []string{"Policy.Length", "12", "5 to 11"}},
		{func(c *Config) { c.Policy.Lifetime = 72 * time.Hour }, []string{"Policy.Lifetime", "72h", "24h"}},
		{func(c *Config) { c.Policy.Lifetime = time.Millisecond }, []string{"Policy.Lifetime", "1ms", "1s"}},
		{func(c *Config) { c.Policy.Lifetime = 1500 * time.Millisecond }, []string{"Policy.Lifetime", "1.5s", "whole"}},
		{func(c *Config) { c.Policy.MaxAttempts = 20 }, []string{"Policy.MaxAttempts", "20", "1 to 10"}},
		{func(c *Config) { c.Policy.MaxAttempts = -1 }, []string{"Policy.MaxAttempts", "-1"}},
		{func(c *Config) { c.Policy.MaxFailures = 101 }, []string{"Policy.MaxFailures", "101", "100"}},
		{func(c *Config) { c.Policy.MaxFailures = 4 }, []string{"Policy.MaxFailures", "4", "MaxAttempts (5)"}},
		{func(c *Config) { c.Policy.RememberFailures = time.Minute }, []string{"Policy.RememberFailures", "1m", "1h"}},
		{func(c *Config) { c.Policy.RememberFailures = 1 << 62 }, []string{"Policy.RememberFailures", "87600h"}},
		{func(c *Config) { c.Policy.LiveCodes = 4 }, []string{"Policy.LiveCodes", "4", "1 to 3"}},
		{func(c *Config) { c.Policy.MinSendTime = time.Minute }, []string{"Policy.MinSendTime", "1m", "10s"}},
		{func(c *Config) { c.Policy.SendLimits = []Limit{} }, []string{"Policy.SendLimits", "0 limits", "1 to 8"}},
		{func(c *Config) { c.Policy.SendLimits = make([]Limit, 9) }, []string{"Policy.SendLimits", "9 limits", "1 to 8"}},
		{func(c *Config) { c.Policy.SendLimits = []Limit{{0, time.Hour}} }, []string{"Policy.SendLimits", "Count of 0", "1 to 20"}},
		{func(c *Config) { c.Policy.SendLimits = []Limit{{21, time.Hour}} }, []string{"Policy.SendLimits", "Count of 21", "1 to 20"}},
		{func(c *Config) { c.Policy.SendLimits = []Limit{{1, time.Second / 2}} }, []string{"Policy.SendLimits", "500ms", "1s"}},
		{func(c *Config) { c.Policy.SendLimits = []Limit{{1, 31 * 24 * time.Hour}} }, []string{"Policy.SendLimits", "744h", "720h"}},
	} {
		config := Config{Purpose: "test", Secret: bytes.Repeat([]byte{1}, 32), Store: noStore{}, Sender: noSender}
		c.change(&config)
		_, err := New(config)
		if err == nil {
			t.Errorf("no error, want one with %q", c.want)
			continue
		}
		for _, want := range append(c.want, "otp: ") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want it to contain %q", err, want)
			}
		}
	}
}

// What a caller does to its Config after New changes nothing.
func TestNewKeepsNothingOfTheCaller(t *testing.T) {
	secret, limits := bytes.Repeat([]byte{1}, 32), []Limit{{5, time.Hour}, {1, time.Minute}}
	config := Config{Purpose: "test", Secret: secret, Store: noStore{}, Sender: noSender, Policy: Policy{SendLimits: limits}}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	if limits[0] != (Limit{5, time.Hour}) {
		t.Error("New has sorted the caller's limits")
	}
	before := s.Subject("ada@example.com")
	clear(secret)
	clear(limits)
	if s.Subject("ada@example.com") != before || s.policy.SendLimits[0] != (Limit{1, time.Minute}) {
		t.Error("a change of the caller's Config has changed the Service")
	}
}

// The figures that the documentation gives.
func TestOddsOfTheDefaults(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		policy Policy
		within time.Duration
		want   float64
	}{
		{Policy{}, -1, 0},
		{Policy{}, 0, 5e-6},
		{Policy{}, day - 1, 5e-5},
		{Policy{}, 30*day - 1, 0.0015},
		{Policy{}, 365*day - 1, 0.018},
		{Policy{Length: 8}, 365*day - 1, 0.00018},
		{Policy{MaxAttempts: 10, SendLimits: []Limit{{20, time.Second}}}, 365 * day, 1},
		{Policy{SendLimits: []Limit{{1, time.Hour}, {20, day}}}, 12*time.Hour - 1, 6e-5}, // the shorter one binds
	} {
		got := c.policy.Odds(c.within)
		if math.Abs(got-c.want) > 0.025*c.want {
			t.Errorf("%+v: the odds within %v are %v, want about %v", c.policy, c.within, got, c.want)
		}
	}
}

// mostSends is what somebody reaches who asks at each moment at which the limits allow it.
func TestMostSendsOfAGreedySender(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	exact := 0
	for range 300 {
		var limits []Limit
		for window := time.Duration(1); len(limits) < 1+r.IntN(3); {
			window *= time.Duration(2 + r.IntN(20))
			limits = append(limits, Limit{1 + r.IntN(20), window * time.Second})
		}
		within := time.Duration(r.IntN(4000)) * time.Second
		var sends []time.Duration
		for at := time.Duration(0); at <= within; at += time.Second {
			allowed := func() bool {
				for _, l := range limits {
					if n := len(sends); n >= l.Count && at < sends[n-l.Count]+l.Window {
						return false
					}
				}
				return true
			}
			for allowed() {
				sends = append(sends, at)
			}
		}
		most := mostSends(limits, within)
		if float64(len(sends)) > most {
			t.Fatalf("limits %v: %d sends within %v, mostSends says %v", limits, len(sends), within, most)
		}
		if float64(len(sends)) == most {
			exact++
		}
	}
	if exact < 200 {
		t.Errorf("mostSends is exact in %d of 300 cases; it should be but where windows overlap oddly", exact)
	}
}
