// Package bench measures package otp against the floor and against what people would use instead: `make -C bench bench`.
//
// Benchmarks that are compared have one name up to its last part. Command report finds them by their names.
package bench

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

const purpose = "password-reset"

var secret = []byte("a secret of 32 bytes for benches")

// A mailbox is a Sender that does nothing but keep the code of the last message.
type mailbox struct{ code string }

func (m *mailbox) Send(_ context.Context, message otp.Message) error {
	m.code = message.Code.Reveal()
	return nil
}

// A client is a Service with the default policy, but for MinSendTime, which is off, and its mailbox.
type client struct {
	*otp.Service
	mailbox mailbox
}

func newClient(tb testing.TB, store otp.Store) *client {
	c := new(client)
	var err error
	c.Service, err = otp.New(otp.Config{
		Purpose: purpose, Secret: secret, Store: store, Sender: &c.mailbox, Policy: otp.Policy{MinSendTime: -1},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func (c *client) send(tb testing.TB, to string) {
	if _, err := c.Send(context.Background(), otp.Request{To: to}); err != nil {
		tb.Error(err)
	}
}

// pair is the life of one code: it is sent to an address and accepted.
func (c *client) pair(tb testing.TB, to string) {
	c.send(tb, to)
	c.verify(tb, to)
}

// verify submits the code of the last message.
func (c *client) verify(tb testing.TB, to string) {
	if err := c.Verify(context.Background(), otp.Submission{To: to, Code: c.mailbox.code}); err != nil {
		tb.Error(err)
	}
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
		clients := make([]*client, goroutines)
		for g := range clients {
			clients[g] = newClient(b, p.store)
		}
		b.StartTimer()
		if goroutines == 1 {
			for _, to := range to {
				clients[0].pair(b, to)
			}
			continue
		}
		var wg sync.WaitGroup
		for g, c := range clients {
			wg.Go(func() {
				for i := g; i < len(to); i += goroutines {
					c.pair(b, to[i])
				}
			})
		}
		wg.Wait()
	}
}
