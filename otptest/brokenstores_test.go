package otptest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// swapArgs are the arguments of CompareAndSwap.
type swapArgs struct {
	key      string
	old, new []byte
	expires  time.Time
}

// A row is a value and when it expires.
type row struct {
	value   []byte
	expires time.Time
}

func (r row) expired() bool { return !r.expires.IsZero() && !time.Now().Before(r.expires) }

// table is a sound store. It keeps expired values until they are replaced, or drops them at once.
type table struct {
	drops bool
	mu    sync.Mutex
	rows  map[string]row
}

func newTable() *table { return &table{rows: make(map[string]row)} }

// value returns the value under key. The caller holds the lock.
func (s *table) value(key string) []byte {
	if r := s.rows[key]; !s.drops || !r.expired() {
		return r.value
	}
	return nil
}

func (s *table) Load(ctx context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.value(key), nil
}

func (s *table) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	return s.swap(ctx, swapArgs{key, old, new, expires})
}

func (s *table) swap(ctx context.Context, a swapArgs) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if ctx.Err() != nil || !bytes.Equal(s.value(a.key), a.old) {
		return false, ctx.Err()
	}
	s.rows[a.key] = row{bytes.Clone(a.new), a.expires}
	return true, nil
}

// change calls f with the row under key, and keeps what f leaves.
func (s *table) change(key string, f func(r *row)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[key]
	f(&r)
	s.rows[key] = r
}

// put stores a value whatever is there.
func (s *table) put(a swapArgs) (bool, error) {
	s.change(a.key, func(r *row) { *r = row{bytes.Clone(a.new), a.expires} })
	return true, nil
}

// expired reports whether there is a value under key that has expired.
func (s *table) expired(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[key].expired()
}

// Faulty methods, which are given the sound store that they spoil.
type (
	loadFunc func(ctx context.Context, s *table, key string) ([]byte, error)
	swapFunc func(ctx context.Context, s *table, a swapArgs) (bool, error)
)

// brokenStore is a sound store, of which one method or both are replaced.
type brokenStore struct {
	*table
	load loadFunc
	swap swapFunc
}

func (s *brokenStore) Load(ctx context.Context, key string) ([]byte, error) {
	if s.load == nil {
		return s.table.Load(ctx, key)
	}
	return s.load(ctx, s.table, key)
}

func (s *brokenStore) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, expires time.Time,
) (bool, error) {
	if s.swap == nil {
		return s.table.CompareAndSwap(ctx, key, old, new, expires)
	}
	return s.swap(ctx, s.table, swapArgs{key, old, new, expires})
}

// spoiling opens a store with faulty methods, the same by both handles.
func spoiling(load loadFunc, swap swapFunc) func() handles {
	return func() handles {
		s := &brokenStore{newTable(), load, swap}
		return handles{s, s}
	}
}

func loading(f loadFunc) func() handles  { return spoiling(f, nil) }
func swapping(f swapFunc) func() handles { return spoiling(nil, f) }

// eachSwapping opens two handles on a table, each with a faulty CompareAndSwap of its own.
func eachSwapping(newSwap func() swapFunc) func() handles {
	return func() handles {
		s := newTable()
		return handles{&brokenStore{s, nil, newSwap()}, &brokenStore{s, nil, newSwap()}}
	}
}

// answering opens a store that gives an answer of its own to some swaps.
func answering(
	swapped bool, err error, some func(ctx context.Context, s *table, a swapArgs) bool,
) func() handles {
	return swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		if some(ctx, s, a) {
			return swapped, err
		}
		return s.swap(ctx, a)
	})
}

// loadingNothing opens a store whose Load returns an error of its own where ctx has ended.
func loadingNothing(err error) func() handles {
	return loading(func(ctx context.Context, s *table, key string) ([]byte, error) {
		if ctx.Err() != nil {
			return nil, err
		}
		return s.Load(ctx, key)
	})
}

func hasEnded(ctx context.Context, _ *table, _ swapArgs) bool { return ctx.Err() != nil }

// mangling opens a store whose old and new values go through f, and its loaded ones through back.
func mangling(f, back func([]byte) []byte) func() handles {
	return spoiling(func(ctx context.Context, s *table, key string) ([]byte, error) {
		value, err := s.Load(ctx, key)
		if value != nil {
			value = back(value)
		}
		return value, err
	}, func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		a.old, a.new = f(a.old), f(a.new)
		return s.swap(ctx, a)
	})
}

// cutting opens a store whose values go through cut on every way.
func cutting(cut func([]byte) []byte) func() handles { return mangling(cut, cut) }

// mappingKeys opens a store whose keys go through f.
func mappingKeys(f func(string) string) func() handles {
	return spoiling(func(ctx context.Context, s *table, key string) ([]byte, error) {
		return s.Load(ctx, f(key))
	}, func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		a.key = f(a.key)
		return s.swap(ctx, a)
	})
}

// comparing opens a store to which values are equal if same says so.
func comparing(same func(a, b []byte) bool) func() handles {
	return swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		value, err := s.Load(ctx, a.key)
		if err != nil {
			return false, err
		}
		if len(value) > 0 && len(a.old) > 0 && same(value, a.old) {
			a.old = value
		}
		return s.swap(ctx, a)
	})
}

// redating opens a store that drops expired values, to which a value expires when f says. It is
// told the expiry that the last swap under the key was given.
func redating(f func(a swapArgs, last time.Time) time.Time) func() handles {
	return func() handles {
		var last sync.Map
		s := newTable()
		s.drops = true
		b := &brokenStore{s, nil, func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			before, _ := last.LoadOrStore(a.key, a.expires)
			a.expires = f(a, before.(time.Time))
			last.Store(a.key, a.expires)
			return s.swap(ctx, a)
		}}
		return handles{b, b}
	}
}

// checkThenPut swaps in two steps, between which others come in. A database takes a pause between
// them, memory does not.
func checkThenPut(ctx context.Context, s *table, a swapArgs, pause time.Duration) (bool, error) {
	value, err := s.Load(ctx, a.key)
	if err != nil || !bytes.Equal(value, a.old) {
		return false, err
	}

	if pause > 0 {
		time.Sleep(pause)
	}
	return s.put(a)
}

var errBroken = errors.New("broken")

// brokenStores have one fault each, and a case of the suite that is made for it. Other cases may
// fail, too.
var brokenStores = []struct {
	fault    string
	caughtBy string
	open     func() handles
}{
	{"the empty value for none", "absent",
		loading(func(ctx context.Context, s *table, key string) ([]byte, error) {
			value, err := s.Load(ctx, key)
			return append([]byte{}, value...), err
		})},
	{"an error for none", "absent",
		loading(func(ctx context.Context, s *table, key string) ([]byte, error) {
			value, err := s.Load(ctx, key)
			if value == nil && err == nil {
				err = errBroken
			}
			return value, err
		})},
	{"an empty old is not the same as nil", "create",
		answering(false, nil, func(_ context.Context, _ *table, a swapArgs) bool {
			return a.old != nil && len(a.old) == 0
		})},
	{"an empty old stands for any value", "create refused",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			if len(a.old) == 0 {
				return s.put(a)
			}
			return s.swap(ctx, a)
		})},
	{"old is not looked at", "mismatch",
		swapping(func(_ context.Context, s *table, a swapArgs) (bool, error) { return s.put(a) })},
	{"a lost race is an error", "mismatch",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			swapped, err := s.swap(ctx, a)
			if !swapped && err == nil {
				err = errBroken
			}
			return swapped, err
		})},
	{"a refused swap stores all the same", "mismatch",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			swapped, err := s.swap(ctx, a)
			if !swapped && err == nil && len(a.old) > 0 {
				s.put(a)
			}
			return swapped, err
		})},
	{"a swap to an equal value is refused", "equal value",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			swapped, err := s.swap(ctx, a)
			return swapped && !bytes.Equal(a.old, a.new), err
		})},
	{"only the length is compared", "exact match",
		comparing(func(a, b []byte) bool { return len(a) == len(b) })},
	{"only length and sum are compared", "exact match",
		comparing(func(a, b []byte) bool { return len(a) == len(b) && sum(a) == sum(b) })},
	{"only the first kilobyte but one is compared", "exact match",
		comparing(func(a, b []byte) bool {
			return bytes.Equal(a[:min(len(a), 1023)], b[:min(len(b), 1023)])
		})},
	{"only a prefix is compared", "exact match", comparing(bytes.HasPrefix)},
	{"trailing white space is not compared", "exact match",
		comparing(func(a, b []byte) bool {
			return bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b))
		})},
	{"letter case is not compared", "exact match", comparing(bytes.EqualFold)},
	{"only length, 64 bytes at the front and 64 at the end are compared", "every byte",
		comparing(func(a, b []byte) bool {
			n := min(len(a), 64)
			return len(a) == len(b) && bytes.Equal(a[:n], b[:n]) &&
				bytes.Equal(a[len(a)-n:], b[len(b)-n:])
		})},
	{"a byte in the middle is not compared", "every byte",
		comparing(func(a, b []byte) bool {
			const at = 517
			return len(a) == len(b) && len(a) > at && bytes.Equal(a[:at], b[:at]) &&
				bytes.Equal(a[at+1:], b[at+1:])
		})},
	{"Load is cached", "replace", cachedLoads(func(value []byte) bool { return value != nil })},
	{"absence is cached", "replace", cachedLoads(func(value []byte) bool { return value == nil })},
	{"one handle has a write-through cache", "replace", func() handles {
		s := newTable()
		return handles{s, writeThroughCache(s)}
	}},
	{"the other handle has a write-through cache", "replace", func() handles {
		s := newTable()
		return handles{writeThroughCache(s), s}
	}},
	{"each handle has a write-through cache", "replace", func() handles {
		s := newTable()
		return handles{writeThroughCache(s), writeThroughCache(s)}
	}},
	{"trailing NULs are cut", "any bytes",
		cutting(func(v []byte) []byte { return bytes.TrimRight(v, "\x00") })},
	{"trailing spaces are cut", "any bytes",
		cutting(func(v []byte) []byte { return bytes.TrimRight(v, " ") })},
	{"values become UTF-8", "any bytes",
		cutting(func(v []byte) []byte { return bytes.ToValidUTF8(v, []byte("\uFFFD")) })},
	{"values are cut to 255 bytes", "sizes",
		cutting(func(v []byte) []byte { return v[:min(len(v), 255)] })},
	{"values of more than 512 bytes are refused", "sizes",
		answering(false, errBroken, func(_ context.Context, _ *table, a swapArgs) bool {
			return len(a.new) > 512
		})},
	{"values are hexadecimal in 1024 characters", "sizes",
		mangling(func(v []byte) []byte {
			v = hex.AppendEncode(nil, v)
			return v[:min(len(v), 1024)]
		}, func(v []byte) []byte {
			v, _ = hex.AppendDecode(nil, v)
			return v
		})},
	{"keys are folded to one case", "letter case of keys", mappingKeys(strings.ToLower)},
	{"- and _ in keys are the same", "keys",
		mappingKeys(func(key string) string { return strings.ReplaceAll(key, "-", "_") })},
	{"keys are cut to 42 characters", "keys",
		mappingKeys(func(key string) string { return key[:min(len(key), 42)] })},
	{"keys of one character are refused", "keys",
		answering(false, errBroken, func(_ context.Context, _ *table, a swapArgs) bool {
			return len(a.key) == 1
		})},
	{"all keys share one value", "keys", mappingKeys(oneKey)},
	{"keys of 22 characters are folded to one case", "letter case of keys",
		mappingKeys(func(key string) string {
			if len(key) == 22 {
				return strings.ToUpper(key)
			}
			return key
		})},
	{"the new slice is kept", "slices not kept",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			swapped, err := s.swap(ctx, a)
			if swapped {
				s.change(a.key, func(r *row) { r.value = a.new })
			}
			return swapped, err
		})},
	{"new is wiped", "slices not changed",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			defer clear(a.new)
			return s.swap(ctx, a)
		})},
	{"something is appended to old", "slices not changed",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			_ = append(a.old, 0)
			return s.swap(ctx, a)
		})},
	{"values are replaced in place", "loaded value not changed", swapping(replaceInPlace)},
	{"the next Load overwrites the slice", "loaded value not changed", oneBuffer},
	{"slices come from a pool and are back in it at once", "loaded value not changed",
		pooledBuffers},
	{"a value is created in two steps", "race to create",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			if len(a.old) == 0 {
				return checkThenPut(ctx, s, a, time.Microsecond)
			}
			return s.swap(ctx, a)
		})},
	{"a lock of the process only, over a database", "race to create",
		eachSwapping(func() swapFunc { return processLock(time.Microsecond) })},
	{"a value is replaced in two steps", "race to swap",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			if len(a.old) > 0 {
				return checkThenPut(ctx, s, a, 0)
			}
			return s.swap(ctx, a)
		})},
	{"a lock of the process only, over memory", "race to swap",
		eachSwapping(func() swapFunc { return processLock(0) })},
	{"more than 64 swaps at a time succeed", "race to swap", beyond64((*table).put)},
	{"more than 64 swaps at a time are refused", "parallel keys",
		beyond64(func(*table, swapArgs) (bool, error) { return false, nil })},
	{"swaps at the same time are all refused", "counter", refusedTogether},
	{"a Load during a swap returns the value before the last", "monotonic reads", staleLoads},
	{"swaps of other keys at the same time are a conflict", "parallel keys", oneVersion},
	{"the oldest of more than a thousand values is dropped", "many values",
		swapping(dropOldest(1000))},
	{"the oldest of more than 5,000 values is dropped", "many values",
		swapping(dropOldest(5000))},
	{"each handle drops the oldest of its more than 5,000 values", "many values",
		eachSwapping(func() swapFunc { return dropOldest(5000) })},
	{"one swap in 10,000 is not stored", "many values", swapping(lossy(10_000))},
	{"each handle loses one swap in 5,000", "many values",
		eachSwapping(func() swapFunc { return lossy(5000) })},
	{"a swap under an ended context is a lost race", "ended context",
		answering(false, nil, hasEnded)},
	{"a swap under an ended context is said to have happened", "ended context",
		answering(true, nil, hasEnded)},
	{"a swap ignores its context", "ended context",
		swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
			return s.swap(context.WithoutCancel(ctx), a)
		})},
	{"a Load ignores its context", "ended context",
		loading(func(ctx context.Context, s *table, key string) ([]byte, error) {
			return s.Load(context.WithoutCancel(ctx), key)
		})},
	{"a Load under an ended context shows nothing", "ended context", loadingNothing(nil)},
	{"the error of the context is lost", "ended context", loadingNothing(errBroken)},
	{"a deadline is reported as canceled", "ended context", loadingNothing(context.Canceled)},
	{"the zero time is long past", "kept for good",
		redating(func(a swapArgs, _ time.Time) time.Time {
			if a.expires.IsZero() {
				return time.Unix(0, 0)
			}
			return a.expires
		})},
	{"expiry is seconds of 32 bits", "late expiry",
		redating(func(a swapArgs, _ time.Time) time.Time {
			return time.Unix(int64(int32(a.expires.Unix())), 0)
		})},
	{"an expiry beyond January 2038 is an error", "late expiry",
		answering(false, errBroken, func(_ context.Context, _ *table, a swapArgs) bool {
			return a.expires.Unix() > math.MaxInt32
		})},
	{"a refused swap sets the expiry", "refusal keeps expiry", refusalSetsExpiry},
	{"only Load takes expired values for absent", "expired at once",
		loading(func(ctx context.Context, s *table, key string) ([]byte, error) {
			if s.expired(key) {
				return nil, ctx.Err()
			}
			return s.Load(ctx, key)
		})},
	{"expiry is cut to whole seconds", "kept until expires",
		redating(func(a swapArgs, _ time.Time) time.Time {
			return a.expires.Truncate(time.Second)
		})},
	{"expiry is rounded to the next second", "kept until expires",
		redating(func(a swapArgs, _ time.Time) time.Time { return a.expires.Round(time.Second) })},
	{"values expire 250 ms early", "kept until expires",
		redating(func(a swapArgs, _ time.Time) time.Time {
			return a.expires.Add(-250 * time.Millisecond)
		})},
	{"the first expiry counts", "expiry replaced",
		redating(func(_ swapArgs, last time.Time) time.Time { return last })},
	{"a swap for good leaves the earlier expiry", "expiry replaced",
		redating(func(a swapArgs, last time.Time) time.Time {
			if a.expires.IsZero() {
				return last
			}
			return a.expires
		})},
	{"a swap to an equal value leaves the earlier expiry", "expiry replaced",
		redating(func(a swapArgs, last time.Time) time.Time {
			if bytes.Equal(a.old, a.new) {
				return last
			}
			return a.expires
		})},
	{"only CompareAndSwap takes expired values for absent", "expires meanwhile",
		answering(false, nil, func(ctx context.Context, s *table, a swapArgs) bool {
			return s.expired(a.key) && len(a.old) > 0
		})},
}

func oneKey(string) string { return "one" }

// sum returns the sum of the bytes.
func sum(value []byte) (n int) {
	for _, b := range value {
		n += int(b)
	}
	return n
}

// cachedLoads opens a store that remembers what it has loaded first, if it is to be cached.
func cachedLoads(cached func(value []byte) bool) func() handles {
	var cache sync.Map
	return loading(func(ctx context.Context, s *table, key string) ([]byte, error) {
		if value, ok := cache.Load(key); ok {
			return value.([]byte), nil
		}

		value, err := s.Load(ctx, key)
		if err == nil && cached(value) {
			cache.Store(key, value)
		}
		return value, err
	})
}

// writeThroughCache returns a handle on s that loads what it has stored from a cache of its own. It
// is right for one process.
func writeThroughCache(s *table) *brokenStore {
	var cache sync.Map
	load := func(ctx context.Context, s *table, key string) ([]byte, error) {
		if value, ok := cache.Load(key); ok {
			return value.([]byte), ctx.Err()
		}
		return s.Load(ctx, key)
	}
	swap := func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		swapped, err := s.swap(ctx, a)
		if swapped {
			cache.Store(a.key, bytes.Clone(a.new))
		} else {
			cache.Delete(a.key)
		}
		return swapped, err
	}
	return &brokenStore{s, load, swap}
}

// replaceInPlace copies a new value over the old one.
func replaceInPlace(ctx context.Context, s *table, a swapArgs) (inPlace bool, err error) {
	s.change(a.key, func(r *row) {
		inPlace = len(r.value) > 0 && len(r.value) == len(a.new) && bytes.Equal(r.value, a.old)
		if inPlace {
			copy(r.value, a.new)
		}
	})
	if inPlace {
		return true, nil
	}
	return s.swap(ctx, a)
}

// oneBuffer loads each value into the same buffer, as sql.RawBytes does.
func oneBuffer() handles {
	var mu sync.Mutex
	var buffer [1024]byte
	return loading(func(ctx context.Context, s *table, key string) ([]byte, error) {
		value, err := s.Load(ctx, key)
		if value == nil {
			return nil, err
		}

		mu.Lock()
		defer mu.Unlock()
		return buffer[:copy(buffer[:], value)], err
	})()
}

// pooledBuffers hands out a buffer that it puts back into a pool.
func pooledBuffers() handles {
	pool := sync.Pool{New: func() any { return new([1024]byte) }}
	return loading(func(ctx context.Context, s *table, key string) ([]byte, error) {
		value, err := s.Load(ctx, key)
		if value == nil {
			return nil, err
		}

		buffer := pool.Get().(*[1024]byte)
		defer pool.Put(buffer)
		return buffer[:copy(buffer[:], value)], err
	})()
}

// processLock compares and stores under a lock of its handle.
func processLock(pause time.Duration) swapFunc {
	var mu sync.Mutex
	return func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		return checkThenPut(ctx, s, a, pause)
	}
}

// beyond64 opens a store that does something else with each swap while more than 64 are under way.
// A swap takes a while.
func beyond64(other func(s *table, a swapArgs) (bool, error)) func() handles {
	var busy atomic.Int64
	return swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		defer busy.Add(-1)
		n := busy.Add(1)
		time.Sleep(time.Millisecond)

		if n > 64 {
			return other(s, a)
		}
		return s.swap(ctx, a)
	})
}

// refusedTogether refuses every swap of a key of which another one is under way.
func refusedTogether() handles {
	var mu sync.Mutex
	busy := make(map[string]int)
	count := func(key string, n int) int {
		mu.Lock()
		defer mu.Unlock()
		busy[key] += n
		return busy[key]
	}
	return answering(false, nil, func(_ context.Context, _ *table, a swapArgs) bool {
		count(a.key, 1)
		time.Sleep(time.Microsecond)
		alone := count(a.key, 0) == 1
		time.Sleep(time.Microsecond)
		count(a.key, -1)
		return !alone
	})()
}

// staleLoads returns the value before the last in every other Load during a swap, which waits for
// some.
func staleLoads() handles {
	const enough = 40
	var mu sync.Mutex
	var loads int
	before := make(map[string][]byte)
	return spoiling(func(ctx context.Context, s *table, key string) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		if loads++; loads%2 == 0 && before[key] != nil {
			return before[key], nil
		}
		return s.Load(ctx, key)
	}, func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		swapped, err := s.swap(ctx, a)
		if swapped {
			before[a.key] = a.old
		}

		until := loads + enough
		for begin := time.Now(); loads < until && time.Since(begin) < time.Millisecond; {
			mu.Unlock()
			runtime.Gosched()
			mu.Lock()
		}
		delete(before, a.key)
		return swapped, err
	})()
}

// oneVersion refuses a swap if another one, of any key, has succeeded since it began.
func oneVersion() handles {
	var mu sync.Mutex
	version := 0
	return swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		mu.Lock()
		seen := version
		mu.Unlock()

		time.Sleep(time.Microsecond)
		mu.Lock()
		defer mu.Unlock()
		if version != seen {
			return false, nil
		}

		swapped, err := s.swap(ctx, a)
		if swapped {
			version++
		}
		return swapped, err
	})()
}

// dropOldest drops the oldest of the values that it has created, once they are more than most.
func dropOldest(most int) swapFunc {
	var keys []string
	return func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		swapped, err := s.swap(ctx, a)
		if !swapped || len(a.old) > 0 {
			return swapped, err
		}

		s.mu.Lock()
		defer s.mu.Unlock()
		if keys = append(keys, a.key); len(keys) > most {
			delete(s.rows, keys[0])
			keys = slices.Delete(keys, 0, 1)
		}
		return swapped, err
	}
}

// lossy does not store one swap in so many, and says that it did.
func lossy(one int64) swapFunc {
	var swaps atomic.Int64
	return func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		value, err := s.Load(ctx, a.key)
		if err == nil && bytes.Equal(value, a.old) && swaps.Add(1)%one == 0 {
			return true, nil
		}
		return s.swap(ctx, a)
	}
}

// refusalSetsExpiry gives a value the expiry of a swap that it refuses.
func refusalSetsExpiry() handles {
	db := swapping(func(ctx context.Context, s *table, a swapArgs) (bool, error) {
		swapped, err := s.swap(ctx, a)
		if !swapped && err == nil {
			s.change(a.key, func(r *row) { r.expires = a.expires })
		}
		return swapped, err
	})()
	db[0].(*brokenStore).drops = true
	return db
}
