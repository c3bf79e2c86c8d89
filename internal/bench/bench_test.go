// Package bench measures package otp against the floor and against what people would use instead: `make -C bench bench`.
//
// Benchmarks that are compared have one name up to its last part. Command report finds them by their names.
package bench

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

const purpose = "password-reset"

var secret = []byte("a secret of 32 bytes for benches")

// A client asks a Service for codes and gets them back.
type client struct {
	*otp.Service
	code string // of the last message
}

// newClient returns a client of a new Service with the default policy, but for MinSendTime, which is off.
func newClient(tb testing.TB, store otp.Store) *client {
	service, err := otp.New(otp.Config{
		Purpose: purpose, Secret: secret, Store: store, Sender: otp.SenderFunc(deliver), Policy: otp.Policy{MinSendTime: -1},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &client{Service: service}
}

// deliver hands the code to the client, which is in Data, and does nothing else.
func deliver(_ context.Context, m otp.Message) error {
	m.Data.(*client).code = m.Code.Reveal()
	return nil
}

func (c *client) send(tb testing.TB, to string) {
	if _, err := c.Send(context.Background(), otp.Request{To: to, Data: c}); err != nil {
		tb.Error(err)
	}
}

// verify submits the code of the last message.
func (c *client) verify(tb testing.TB, to string) {
	if err := c.Verify(context.Background(), otp.Submission{To: to, Code: c.code}); err != nil {
		tb.Error(err)
	}
}

// pair is the life of one code: it is sent to an address and accepted.
func (c *client) pair(tb testing.TB, to string) {
	c.send(tb, to)
	c.verify(tb, to)
}

// addresses returns n addresses that no other call returns, all of one length.
func addresses(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("ada.lovelace.%08d@example.com", made+i)
	}
	made += n
	return all
}

var made int

// newStore returns an empty store that does not get full.
func newStore() *memstore.Store { return memstore.New(&memstore.Options{MaxEntries: 100_000_000}) }

// fill returns a store with n live codes and how many bytes of memory they take.
func fill(tb testing.TB, n int) (store *memstore.Store, bytes uint64) {
	empty := heap()
	store = newStore()
	var wg sync.WaitGroup
	for g := range 2 {
		wg.Go(func() {
			c := newClient(tb, store)
			for i := range n / 2 {
				c.send(tb, fmt.Sprintf("grace.hopper.%d.%08d@example.com", g, i))
			}
		})
	}
	wg.Wait()
	return store, heap() - empty
}

// heap returns how many bytes are held, after collecting garbage.
func heap() uint64 {
	runtime.GC() // twice, since pools give up what they hold in two steps
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A population is a store of so many live codes, and more to come.
type population struct {
	live  int
	store *memstore.Store
	bytes uint64 // that the live codes took
}

// run has the goroutines run b.N pairs together, in a store that holds between live and 2 * live records. Only the
// pairs are timed.
func (p *population) run(b *testing.B, goroutines int) {
	portion := min(p.live, 100_000)
	b.ReportAllocs()
	b.ResetTimer()
	for left := b.N; left > 0; left -= portion {
		b.StopTimer()
		if p.store == nil || p.store.Len()+portion > 2*p.live {
			p.store = nil // for the garbage collector
			p.store, p.bytes = fill(b, p.live)
		}
		to := addresses(min(left, portion))
		c := newClient(b, p.store)
		b.StartTimer()
		if goroutines == 1 {
			for _, to := range to {
				c.pair(b, to)
			}
			continue
		}
		var next atomic.Int64
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				const some = 50 // at a time, so that handing them out costs nothing, and all goroutines end together
				c := &client{Service: c.Service}
				for i := int(next.Add(some)) - some; i < len(to); i = int(next.Add(some)) - some {
					for _, to := range to[i:min(i+some, len(to))] {
						c.pair(b, to)
					}
				}
			})
		}
		wg.Wait()
	}
}
