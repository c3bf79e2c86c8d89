// Package bench holds package otp to its bounds, beside what people would use instead or the floor
// below it: `make bench`. What is compared takes turns in one run, and medians are compared, so
// that a busy machine weighs on both. Without -bounds the same tests run briefly and measure
// without judging.
package bench

import (
	"context"
	"encoding/base32"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

var bounds = flag.Bool("bounds", false, "measure at length and hold the figures to their bounds")

// rounds returns how often to measure: long with -bounds, short without.
func rounds(long, short int) int {
	if *bounds {
		return long
	}
	return short
}

// atMost holds a figure to its bound, with -bounds only, and always reports it.
func atMost(t *testing.T, what string, figure, bound float64) {
	t.Helper()

	t.Logf("%s: %.2f (bound %.2f)", what, figure, bound)
	if *bounds {
		require.LessOrEqual(t, figure, bound, what)
	}
}

func median(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)/2])
}

// A client asks a Service for codes and gets them back.
type client struct {
	*otp.Service
	code string // of the last message
	made int    // addresses
}

// newClient returns a client of a Service with the default policy, but for MinSendTime, which is
// off.
func newClient(tb testing.TB, store otp.Store) *client {
	tb.Helper()

	c := &client{}
	var err error
	c.Service, err = otp.New(otp.Config{
		Purpose: "bench", Secret: []byte("a secret of 32 bytes for benches"), Store: store,
		Policy: otp.Policy{MinSendTime: -1},
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			c.code = m.Code.Reveal()
			return nil
		}),
	})
	require.NoError(tb, err)
	return c
}

// address returns one that no other call returns, all of one length.
func (c *client) address() string {
	c.made++
	return fmt.Sprintf("ada.lovelace.%08d@example.com", c.made)
}

// pair is the life of one code: it is sent to an address and accepted.
func (c *client) pair(tb testing.TB, to string) {
	ctx := context.Background()
	if _, err := c.Send(ctx, otp.Request{To: to}); err != nil {
		tb.Fatal(err)
	}
	if err := c.Verify(ctx, otp.Submission{To: to, Code: c.code}); err != nil {
		tb.Fatal(err)
	}
}

// newStore returns an empty store that does not get full.
func newStore() *memstore.Store { return memstore.New(&memstore.Options{MaxEntries: 100_000_000}) }

// A pair of Send and Verify in memory, among ten thousand live codes, beside generating and
// validating a code with a library that stores nothing, so that its codes work again and again
// while they last.
func TestPair(t *testing.T) {
	const portion = 1000
	var c *client
	key := base32.StdEncoding.EncodeToString([]byte("a secret of 20 bytes"))

	var ours, theirs []time.Duration
	for round := range rounds(2000, 20) {
		if round%10 == 0 {
			c = newClient(t, newStore())
			fill(t, c.Service, 10_000)
		}
		addresses := make([]string, portion)
		for i := range addresses {
			addresses[i] = c.address()
		}

		begin := time.Now()
		for _, to := range addresses {
			c.pair(t, to)
		}
		ours = append(ours, time.Since(begin)/portion)

		begin = time.Now()
		for range portion {
			code, err := totp.GenerateCode(key, time.Now())
			if err != nil || !totp.Validate(code, key) { // no testify in what is timed
				t.Fatal("the code is not generated, or not valid: ", err)
			}
		}
		theirs = append(theirs, time.Since(begin)/portion)
	}

	t.Logf("a pair: %.0f ns; of pquerna/otp: %.0f ns", median(ours), median(theirs))
	atMost(t, "pair / pquerna", median(ours)/median(theirs), 2.5)
}

func TestAllocations(t *testing.T) {
	c := newClient(t, newStore())
	fill(t, c.Service, 10_000) // so that few pairs make the store grow
	addresses := make([]string, 1001)
	for i := range addresses {
		addresses[i] = c.address()
	}

	next := 0
	allocations := testing.AllocsPerRun(len(addresses)-1, func() {
		c.pair(t, addresses[next])
		next++
	})
	atMost(t, "allocations of a pair", allocations, 10)
}

// What a live code takes of memory.
func TestBytesOfALiveCode(t *testing.T) {
	for _, n := range []int{rounds(1_000_000, 10_000), rounds(5_000_000, 10_000)} {
		empty := heap()
		store := newStore()
		fill(t, newClient(t, store).Service, n)
		used := float64(heap()-empty) / float64(n)
		require.Equal(t, n, store.Len())

		atMost(t, fmt.Sprintf("bytes of each of %d live codes", n), used, 300)
	}
}

// fill sends n codes that stay live.
func fill(tb testing.TB, s *otp.Service, n int) {
	tb.Helper()

	var wg sync.WaitGroup
	for g := range 2 {
		wg.Go(func() {
			for i := range n / 2 {
				to := fmt.Sprintf("grace.hopper.%d.%08d@example.com", g, i)
				if _, err := s.Send(tb.Context(), otp.Request{To: to, Decoy: true}); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// heap returns how many bytes are held, after collecting garbage.
func heap() uint64 {
	runtime.GC() // twice, since pools give up what they hold in two steps
	runtime.GC()

	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
