package harness

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

// A Bare makes by hand the calls that Send and Verify of one code make on the store: it swaps
// nothing for sent, loads sent, and swaps it for used.
type Bare func(ctx context.Context, key string, sent, used []byte) error

// Latency compares Send and Verify of one code with the same calls made by hand.
func Latency(b *testing.B, store otp.Store, bound float64, bare Bare) {
	pair := pairs(b, store)
	ours := func() error { return pair(b.Context()) }
	sent, used := bytes.Repeat([]byte("sent"), 34), bytes.Repeat([]byte("used"), 34)
	const size = 133 // of a record of one code
	byHand := func() error {
		ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second) // as a Service does
		defer cancel()
		return bare(ctx, benchKey(), sent[:size], used[:size])
	}
	Compare(b, bound, ours, byHand)
}

// Compare measures ours beside theirs. They take turns, ten of each, so that both see the same
// noise. One operation is one turn of both. Compare reports the medians, and fails the benchmark if
// ours takes more than bound times what theirs takes.
func Compare(b *testing.B, bound float64, ours, theirs func() error) {
	b.Helper()
	const turn = 10
	var latency [2][]time.Duration
	measure := func(who int) {
		runtime.GC()
		for range turn {
			start := time.Now()
			if err := []func() error{ours, theirs}[who](); err != nil {
				b.Fatal(err)
			}
			latency[who] = append(latency[who], time.Since(start))
		}
	}

	measure(0) // once for connections and caches
	measure(1)
	latency = [2][]time.Duration{}
	for i := 0; b.Loop(); i++ {
		measure(i % 2) // who goes first does not matter in the mean
		measure(1 - i%2)
	}

	var medians [2]float64
	for who := range latency {
		slices.Sort(latency[who])
		medians[who] = float64(latency[who][len(latency[who])/2])
	}
	overhead := medians[0] / medians[1]
	b.ReportMetric(medians[0], "otp-ns")
	b.ReportMetric(medians[1], "bare-ns")
	b.ReportMetric(overhead, "overhead")
	b.ReportMetric(0, "ns/op")

	if enough := 100; len(latency[0]) >= enough && overhead > bound {
		b.Errorf("Send and Verify take %.2f times what is compared, want at most %.2f",
			overhead, bound)
	}
}

// ByHand keeps a code under a key, and takes it back.
type ByHand func(ctx context.Context, key string) error

// Throughput compares the codes a second that are sent and verified over so many connections at
// once with those of the two commands that people write by hand. Both take turns, and the ratio is
// the median of those of five turns. One operation is one code of each.
func Throughput(
	b *testing.B, open func(b *testing.B, connections int) (store otp.Store, byHand ByHand),
) {
	const turns = 5
	for _, connections := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("%d-connections", connections), func(b *testing.B) {
			store, byHand := open(b, connections)
			clients := make(chan func(context.Context) error, connections)
			for range connections {
				clients <- pairs(b, store)
			}
			ours := func() error {
				pair := <-clients
				defer func() { clients <- pair }()
				return pair(b.Context())
			}
			theirs := func() error { return byHand(b.Context(), benchKey()) }

			var rates, ratios []float64
			for turn := range 1 + turns {
				n := max(b.N/turns, connections)
				rate := perSecond(b, connections, n, ours)
				ratio := rate / perSecond(b, connections, n, theirs)
				if turn > 0 { // the first is for connections and caches
					rates, ratios = append(rates, rate), append(ratios, ratio)
				}
			}
			slices.Sort(rates)
			slices.Sort(ratios)
			b.ReportMetric(rates[turns/2], "codes/s")
			b.ReportMetric(ratios[turns/2], "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// perSecond returns how many of n calls of f end in a second, so many at once.
func perSecond(b *testing.B, atOnce, n int, f func() error) float64 {
	b.Helper()
	var begun atomic.Int64
	var done sync.WaitGroup
	start := time.Now()
	for range atOnce {
		done.Go(func() {
			for begun.Add(1) <= int64(n) {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
	return float64(n) / time.Since(start).Seconds()
}

// pairs returns a function that lives the life of a code: it is sent to a new address and accepted.
func pairs(b *testing.B, store otp.Store) func(ctx context.Context) error {
	b.Helper()
	var code string
	service, err := newService(store, otp.SenderFunc(func(_ context.Context, m otp.Message) error {
		code = m.Code.Reveal()
		return nil
	}))
	require.NoError(b, err)
	return func(ctx context.Context) error {
		to := newAddress()
		if _, err := service.Send(ctx, otp.Request{To: to}); err != nil {
			return err
		}
		return service.Verify(ctx, otp.Submission{To: to, Code: code})
	}
}

// benchKey returns a key of the length of all keys of a Service.
func benchKey() string { return rand.Text()[:22] }

// HashedCode returns the hash of a new code, for codes by hand.
func HashedCode() string {
	hash := sha256.Sum256([]byte(rand.Text()[:8]))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}
