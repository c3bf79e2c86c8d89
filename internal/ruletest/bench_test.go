package ruletest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

// BenchmarkSendVerify is the life of one code in memory: sent to a new address, and accepted.
func BenchmarkSendVerify(b *testing.B) {
	pair := sendVerify(b)
	b.ReportAllocs()

	for b.Loop() {
		pair()
	}
}

// A pair of Send and Verify takes at most 24 allocations. "make test" runs this test without the
// race detector, too, which adds its own.
func TestAllocsOfAPair(t *testing.T) {
	pair := sendVerify(t)
	for range 5000 { // so that few pairs make the store grow
		pair()
	}

	require.LessOrEqual(t, testing.AllocsPerRun(1000, pair), float64(slower*24))
}

// sendVerify returns a function that sends a code to a new address and verifies it.
func sendVerify(tb testing.TB) func() {
	addresses := make([]string, 100_000)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("person%d@example.com", i)
	}

	var s *otp.Service
	var code string
	ctx, next := tb.Context(), 0
	return func() {
		if next%len(addresses) == 0 {
			s = newMemoryService(tb, &code)
		}
		to := addresses[next%len(addresses)]
		next++

		if _, err := s.Send(ctx, otp.Request{To: to}); err != nil {
			tb.Fatal(err)
		}
		if err := s.Verify(ctx, otp.Submission{To: to, Code: code}); err != nil {
			tb.Fatal(err)
		}
	}
}

// newMemoryService returns a Service in memory that puts the code of each message into code.
func newMemoryService(tb testing.TB, code *string) *otp.Service {
	tb.Helper()

	s, err := otp.New(otp.Config{
		Purpose: "test", Secret: testSecret, Store: memstore.New(nil),
		Policy: otp.Policy{MinSendTime: -1},
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			*code = m.Code.Reveal()
			return nil
		}),
	})
	require.NoError(tb, err)
	return s
}
