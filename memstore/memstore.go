// Package memstore keeps the state of one-time codes in the memory of one process. It is for tests, for development, and
// for services that run as a single process.
//
//	service, err := otp.New(otp.Config{Store: memstore.New(nil), ...})
//
// It leaves to the caller what memory cannot do:
//
//   - A restart forgets every code, counter and limit: whoever can bring the process down can start to guess afresh.
//   - Processes share nothing. Behind a load balancer, or on AWS Lambda, a code is known only to the instance that
//     issued it, and n instances allow n times as many sends and guesses as the Policy says. Use a database there.
//   - [Options].MaxEntries bounds the memory, not the flood. A full store still verifies every code that it holds, but
//     takes no new address; how much each client and network may ask for is the caller's to limit.
//
// An expired value is dropped as others come, a few with each, and until then it is read and compared like any other:
// no call pauses to clean up, no goroutine has to be stopped, and no code lives longer, since a Service judges codes by
// its own clock.
package memstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"sync/atomic"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// ErrFull is what CompareAndSwap returns instead of storing one value more than Options.MaxEntries. Nothing that has
// not expired is ever dropped to make room, since that would give back attempts and sends.
var ErrFull = errors.New("memstore: full: it holds MaxEntries values and none has expired; " +
	"raise MaxEntries if the memory allows, and limit how many addresses one client can ask codes for")

var (
	errKey   = fmt.Errorf("memstore: the key must have 1 to %d characters", maxKey)
	errValue = fmt.Errorf("memstore: the new value must have 1 to %d bytes", maxValue)
)

// The bounds of the contract of otp.Store.
const (
	maxKey   = 43
	maxValue = 1024
)

// Options are the settings of a [Store].
type Options struct {
	// MaxEntries is how many values the store holds at most. An address takes one value for each purpose, about 300
	// bytes, and keeps it for as long as the Policy has to remember its codes, sends and failures. 0 means 1,000,000.
	MaxEntries int
}

const defaultMaxEntries = 1_000_000

// Store is an [otp.Store] in memory. Make one with [New].
type Store struct {
	max    int64
	seed   maphash.Seed
	shards [256]shard   // end in room that keeps held apart from what does not change
	held   atomic.Int64 // values in all shards; for moments, in a full store, more than max
}

var _ otp.Store = (*Store)(nil)

// New returns an empty store. It panics if MaxEntries is negative.
func New(opts *Options) *Store {
	s := &Store{max: defaultMaxEntries, seed: maphash.MakeSeed()}
	if opts != nil && opts.MaxEntries != 0 {
		s.max = int64(opts.MaxEntries)
	}
	if s.max < 0 {
		panic("memstore: negative Options.MaxEntries")
	}
	for i := range s.shards {
		s.shards[i].entries = make(map[uint64]*entry)
	}
	return s
}

// Len returns how many values the store holds, among them expired ones whose memory was not given back yet.
func (s *Store) Len() int { return int(min(s.held.Load(), s.max)) }

// Format writes how many values the store holds, and none of its keys and values.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "memstore.Store of %d values", s.Len()) }

// Load returns the value under key, or nil if there is none. The value must not be changed.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}
	sh, hash := s.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if e := sh.find(hash, key); e != nil {
		return e.value, nil
	}
	return nil, nil
}

// CompareAndSwap stores new under key until expires if the value there equals old, and reports whether it did. An empty
// old stands for no value. It returns [ErrFull] if there is no room for one more value.
func (s *Store) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (swapped bool, err error) {
	if err := check(ctx, key); err != nil {
		return false, err
	}
	if len(new) < 1 || len(new) > maxValue {
		return false, errValue
	}
	until := int64(never)
	if !expires.IsZero() {
		until = unixNano(expires)
	}
	for {
		swapped, full := s.swap(key, old, new, until)
		if !full {
			return swapped, nil
		}
		if !s.makeRoom() {
			return false, ErrFull
		}
	}
}

// swap does the work of CompareAndSwap within the key's shard. If it needs more room than there is, it reports full.
func (s *Store) swap(key string, old, new []byte, until int64) (swapped, full bool) {
	sh, hash := s.shard(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.find(hash, key)
	switch {
	case e != nil && bytes.Equal(e.value, old):
		sh.update(e, clone(new), until)
		return true, false
	case e == nil && len(old) == 0:
		s.removeExpired(sh, unixNano(time.Now()))
		if !s.reserve() {
			return false, true
		}
		sh.insert(&entry{hash: hash, key: key, value: clone(new)}, until)
		return true, false
	}
	return false, false
}

// clone returns a copy of b without room to append.
func clone(b []byte) []byte {
	c := make([]byte, len(b))
	copy(c, b)
	return c
}

// reserve counts one more value, unless that would be one too many. It is one access to held, which all processors
// share, where there is room.
func (s *Store) reserve() bool {
	if s.held.Add(1) <= s.max {
		return true
	}
	s.held.Add(-1)
	return false
}

// makeRoom looks for expired values in all shards until there is room for a value, and reports whether there is.
// The caller holds no lock.
func (s *Store) makeRoom() bool {
	now := unixNano(time.Now())
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		s.removeExpired(sh, now)
		sh.mu.Unlock()
		if s.held.Load() < s.max {
			return true
		}
	}
	return false
}

// removeExpired gives back a few expired values of a shard, whose lock the caller holds.
func (s *Store) removeExpired(sh *shard, now int64) {
	if n := sh.removeExpired(now); n > 0 {
		s.held.Add(-int64(n))
	}
}

// shard returns the shard of the key, and the hash by which it finds it.
func (s *Store) shard(key string) (sh *shard, hash uint64) {
	hash = maphash.String(s.seed, key)
	return &s.shards[hash%uint64(len(s.shards))], hash
}

// check refuses a call whose context has ended or whose key is outside the contract.
func check(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(key) < 1 || len(key) > maxKey {
		return errKey
	}
	return nil
}

// never is later than any time that unixNano returns for a clock.
const never = math.MaxInt64

// unixNano is t.UnixNano, kept within its range: what is before 1970 is long past, what is after 2262 never comes.
func unixNano(t time.Time) int64 {
	switch sec := t.Unix(); {
	case sec < 0:
		return 0
	case sec >= never/int64(time.Second):
		return never
	}
	return t.UnixNano()
}
