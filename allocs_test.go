//go:build !race

package otp_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

// The most allocations that an operation on a memstore may take. The race detector adds its own, so make test runs this
// once without it.
func TestAllocsPerOperation(t *testing.T) {
	ctx := t.Context()
	var code string
	sender := otp.SenderFunc(func(_ context.Context, m otp.Message) error {
		code = m.Code.Reveal()
		return nil
	})
	s, err := otp.New(otp.Config{
		Purpose: "test", Secret: testSecret, Store: memstore.New(nil), Sender: sender,
		Policy: otp.Policy{MinSendTime: -1},
	})
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	address := func() string {
		made++
		return fmt.Sprintf("person%d@example.com", made)
	}
	mustSend := func(to string) {
		if _, err := s.Send(ctx, otp.Request{To: to}); err != nil {
			t.Fatal(err)
		}
	}
	mustVerify := func(to string, accepted bool) {
		if err := s.Verify(ctx, otp.Submission{To: to, Code: code}); (err == nil) != accepted {
			t.Fatal(err)
		}
	}
	for range 20_000 { // so that few of the runs make the store grow
		mustSend(address())
	}
	const runs = 1000
	for _, test := range []struct {
		name  string
		most  float64
		ready func(to string) // what happens to the address before
		run   func(to string)
	}{
		{"Send and Verify", 8, func(string) {}, func(to string) { mustSend(to); mustVerify(to, true) }},
		{"Send", 6, func(string) {}, mustSend},
		{"Verify without a code", 2, func(string) {}, func(to string) { mustVerify(to, false) }},
		{"wrong Verify", 3, func(to string) { mustSend(to); code = wrong(code, 0) }, func(to string) { mustVerify(to, false) }},
		{"used Verify", 2, func(to string) { mustSend(to); mustVerify(to, true) }, func(to string) { mustVerify(to, false) }},
		{"Send that is limited", 1, mustSend, func(to string) {
			if _, err := s.Send(ctx, otp.Request{To: to}); err == nil {
				t.Fatal("not limited")
			}
		}},
		{"Status", 1, mustSend, func(to string) {
			if _, err := s.Status(ctx, to, ""); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		to := make([]string, runs+1) // one more for the run that AllocsPerRun does not count
		codes := make([]string, len(to))
		for i := range to {
			to[i] = address()
			test.ready(to[i])
			codes[i] = code
		}
		i := 0
		got := testing.AllocsPerRun(runs, func() {
			code = codes[i]
			test.run(to[i])
			i++
		})
		if got > test.most {
			t.Errorf("%s: %v allocations, want at most %v", test.name, got, test.most)
		}
		t.Logf("%s: %v of %v", test.name, got, test.most)
	}
}
