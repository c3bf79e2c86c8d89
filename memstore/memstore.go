// Package memstore keeps the state of one-time codes in the memory of one process. It is for tests,
// for development, and for services that run as a single process.
//
//	service, err := otp.New(otp.Config{Store: memstore.New(nil), ...})
//
// Memory has limits that a database does not have:
//
//   - A restart forgets every code, count and limit. Whoever can make the process restart can start
//     to guess afresh.
//   - Processes share nothing. Behind a load balancer, or on AWS Lambda, only the instance that
//     issued a code knows it, and n instances allow n times as many sends and guesses as the Policy
//     says. Use a database there.
//   - [Options].MaxEntries bounds the memory. It does not stop a flood: a full store still verifies
//     every code that it holds, but takes no new address. Limit how much each client and each
//     network may ask for.
//
// The store has no goroutine that must be stopped, and no call pauses to clean up: each new value
// drops a few expired ones. Until it is dropped, an expired value is loaded and compared like any
// other. No code lives longer for that, since a Service judges codes by its own clock.
package memstore

import (
	"bytes"
	"container/heap"
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// ErrFull is the error of CompareAndSwap where the store holds Options.MaxEntries values already
// and none of them has expired. The store never drops a value before it expires, since that would
// give back attempts and sends.
var ErrFull error = fullError{}

// A fullError says that nothing was swapped, so that a Service does not try again.
type fullError struct{}

func (fullError) Error() string {
	return "memstore: full: it holds MaxEntries values and none has expired; " +
		"raise MaxEntries if the memory allows, " +
		"and limit how many addresses one client can ask codes for"
}

// NotSwapped reports that the swap has not happened and never will.
func (fullError) NotSwapped() bool { return true }

var (
	errKey   = fmt.Errorf("memstore: the key must have 1 to %d characters", maxKey)
	errValue = fmt.Errorf("memstore: the new value must have 1 to %d bytes", maxValue)
)

const (
	maxKey   = 43   // by the contract of otp.Store
	maxValue = 1024 // by the contract of otp.Store

	defaultMaxEntries = 1_000_000

	// never is when a value expires that is kept for good, in seconds since 1970.
	never = math.MaxInt64

	// maxDropped bounds how many expired values one call drops. It is more than one, so that
	// expired values go faster than new ones come.
	maxDropped = 4

	// maxMoved bounds how many values one call moves to a smaller map.
	maxMoved = 512
)

// Options are the settings of a [Store].
type Options struct {
	// MaxEntries is the largest number of values that the store holds. An address takes one value
	// of about 250 bytes for each purpose and Trust, for as long as its codes, sends and failures
	// must be remembered. Default 1,000,000.
	MaxEntries int
}

// Store is an [otp.Store] in memory. Make one with [New].
type Store struct {
	max    int64
	held   atomic.Int64 // values in all shards; in a full store, for a moment, more than max
	seed   maphash.Seed
	shards [256]shard
}

var _ otp.Store = (*Store)(nil)

// A shard holds the values of its share of the keys.
type shard struct {
	mu      sync.Mutex
	entries map[string]*entry
	queue   queue // of all entries
	peak    int   // the largest number of entries since the map was made
}

type entry struct {
	key     string
	value   []byte // replaced as a whole, since Load hands it out
	expires int64  // in whole seconds since 1970, rounded up
	index   int    // in the queue
}

// New returns an empty store. Nil opts are the zero Options. Like make, it panics if the size is
// negative.
func New(opts *Options) *Store {
	s := &Store{max: defaultMaxEntries, seed: maphash.MakeSeed()}
	if opts != nil && opts.MaxEntries != 0 {
		s.max = int64(opts.MaxEntries)
	}
	if s.max < 0 {
		panic("memstore: negative Options.MaxEntries")
	}

	for i := range s.shards {
		s.shards[i].entries = make(map[string]*entry)
	}
	return s
}

// Len returns the number of values in the store, including expired ones that are not yet dropped.
func (s *Store) Len() int { return int(min(s.held.Load(), s.max)) }

// Format writes the number of values for every verb, and no key or value.
func (s *Store) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "memstore.Store of %d values", s.Len())
}

// Load returns the value under key, or nil if there is none. The caller must not change the value.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}

	sh := s.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()

	if e := sh.entries[key]; e != nil {
		return e.value, nil
	}
	return nil, nil
}

// CompareAndSwap stores new under key until expires if the value there equals old, and reports
// whether it did. An empty old stands for no value. The error is [ErrFull] if there is no room for
// one more value.
func (s *Store) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (swapped bool, err error) {
	if err := check(ctx, key); err != nil {
		return false, err
	}
	if len(new) < 1 || len(new) > maxValue {
		return false, errValue
	}

	for {
		swapped, full := s.swap(key, old, new, seconds(expires))
		if !full {
			return swapped, nil
		}
		if !s.makeRoom() {
			return false, ErrFull
		}
	}
}

// swap does the work of CompareAndSwap in the shard of the key. It reports full if there is no room
// for one more value.
func (s *Store) swap(key string, old, new []byte, until int64) (swapped, full bool) {
	sh := s.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()

	e := sh.entries[key]
	switch {
	case e != nil && bytes.Equal(e.value, old):
		e.value = clone(new)
		if e.expires != until {
			e.expires = until
			heap.Fix(&sh.queue, e.index)
		}
		return true, false

	case e == nil && len(old) == 0:
		s.held.Add(-sh.dropExpired())
		if s.held.Add(1) > s.max {
			s.held.Add(-1)
			return false, true
		}
		sh.add(&entry{key: key, value: clone(new), expires: until})
		return true, false
	}
	return false, false
}

// makeRoom drops expired values of any shard until there is room for one more, and reports whether
// there is. The caller holds no lock.
func (s *Store) makeRoom() bool {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		s.held.Add(-sh.dropExpired())
		sh.mu.Unlock()

		if s.held.Load() < s.max {
			return true
		}
	}
	return false
}

func (s *Store) shard(key string) *shard {
	return &s.shards[maphash.String(s.seed, key)%uint64(len(s.shards))]
}

// add adds an entry under a new key. The caller holds the lock.
func (sh *shard) add(e *entry) {
	sh.entries[e.key] = e
	heap.Push(&sh.queue, e)
	sh.peak = max(sh.peak, len(sh.entries))
}

// dropExpired drops up to maxDropped expired values and returns their number. The caller holds the
// lock.
func (sh *shard) dropExpired() (dropped int64) {
	if len(sh.queue) == 0 {
		return 0
	}

	now := time.Now().Unix()
	for dropped < maxDropped && len(sh.queue) > 0 && sh.queue[0].expires <= now {
		e := heap.Pop(&sh.queue).(*entry)
		delete(sh.entries, e.key)
		dropped++
	}
	sh.shrink()
	return dropped
}

// shrink moves the entries to a smaller map and queue once most are gone. Neither gives memory back
// by itself.
func (sh *shard) shrink() {
	n := len(sh.entries)
	if n > sh.peak/8 || n > maxMoved {
		return
	}

	entries := make(map[string]*entry, n)
	maps.Copy(entries, sh.entries)
	sh.entries, sh.queue, sh.peak = entries, slices.Clone(sh.queue), n
}

// seconds returns when a value expires, in seconds since 1970 and not too early.
func seconds(expires time.Time) int64 {
	switch {
	case expires.IsZero():
		return never
	case expires.Nanosecond() > 0:
		return expires.Unix() + 1
	}
	return expires.Unix()
}

// clone returns a copy of b without room to append.
func clone(b []byte) []byte {
	c := make([]byte, len(b))
	copy(c, b)
	return c
}

// check refuses a call whose context has ended or whose key is outside of the contract.
func check(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(key) < 1 || len(key) > maxKey {
		return errKey
	}
	return nil
}

// A queue is a heap of entries, the next one to expire first.
type queue []*entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].expires < q[j].expires }

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push implements heap.Interface.
func (q *queue) Push(x any) {
	e := x.(*entry)
	e.index = len(*q)
	*q = append(*q, e)
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return e
}
