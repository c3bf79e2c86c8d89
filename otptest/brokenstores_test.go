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

	"github.com/seed-5978b5f1/otp"
)

// swapArgs are the arguments of CompareAndSwap.
type swapArgs struct {
	key      string
	old, new []byte
	expires  time.Time
}

// on calls CompareAndSwap of the store.
func (a swapArgs) on(ctx context.Context, s otp.Store) (bool, error) {
	return s.CompareAndSwap(ctx, a.key, a.old, a.new, a.expires)
}

// Faulty methods, which are given the sound store that they spoil.
type (
	loadFunc func(ctx context.Context, s otp.Store, key string) ([]byte, error)
	swapFunc func(ctx context.Context, s otp.Store, a swapArgs) (bool, error)
)

// brokenStore is a sound store, of which one method or both are replaced.
type brokenStore struct {
	otp.Store
	load loadFunc
	swap swapFunc
}

func (s *brokenStore) Load(ctx context.Context, key string) ([]byte, error) {
	if s.load == nil {
		return s.Store.Load(ctx, key)
	}
	return s.load(ctx, s.Store, key)
}

func (s *brokenStore) CompareAndSwap(ctx context.Context, key string, old, new []byte,
	expires time.Time) (bool, error) {

	a := swapArgs{key: key, old: old, new: new, expires: expires}
	if s.swap == nil {
		return a.on(ctx, s.Store)
	}
	return s.swap(ctx, s.Store, a)
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

func newTable() *table         { return &table{rows: make(map[string]row)} }
func newDroppingTable() *table { return &table{rows: make(map[string]row), drops: true} }

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

func (s *table) CompareAndSwap(ctx context.Context, key string, old, new []byte,
	expires time.Time) (bool, error) {

	s.mu.Lock()
	defer s.mu.Unlock()

	if ctx.Err() != nil || !bytes.Equal(s.value(key), old) {
		return false, ctx.Err()
	}
	s.rows[key] = row{bytes.Clone(new), expires}
	return true, nil
}

// put stores a value whatever is there.
func (s *table) put(a swapArgs) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.rows[a.key] = row{bytes.Clone(a.new), a.expires}
}

// shared returns two handles that are the same store.
func shared(s otp.Store) handles { return handles{s, s} }

// loading returns a store with a faulty Load.
func loading(f loadFunc) handles { return shared(&brokenStore{Store: newTable(), load: f}) }

// swapping returns a store with a faulty CompareAndSwap.
func swapping(f swapFunc) handles { return shared(&brokenStore{Store: newTable(), swap: f}) }

// mangling returns a store whose old and new values go through f, and its loaded ones through back.
func mangling(f, back func([]byte) []byte) handles {
	return shared(&brokenStore{
		Store: newTable(),
		load: func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			value, err := s.Load(ctx, key)
			if value != nil {
				value = back(value)
			}
			return value, err
		},
		swap: func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			a.old, a.new = f(a.old), f(a.new)
			return a.on(ctx, s)
		},
	})
}

// cutting returns a store whose values go through cut on every way.
func cutting(cut func([]byte) []byte) handles { return mangling(cut, cut) }

// mappingKeys returns a store whose keys go through f.
func mappingKeys(f func(string) string) handles {
	return shared(&brokenStore{
		Store: newTable(),
		load: func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			return s.Load(ctx, f(key))
		},
		swap: func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			a.key = f(a.key)
			return a.on(ctx, s)
		},
	})
}

// comparing returns a store to which values are equal if same says so.
func comparing(same func(a, b []byte) bool) handles {
	return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
		value, err := s.Load(ctx, a.key)
		if err != nil {
			return false, err
		}
		if len(value) > 0 && len(a.old) > 0 && same(value, a.old) {
			a.old = value
		}
		return a.on(ctx, s)
	})
}

// redating returns a store that drops expired values, to which a value expires when f says.
func redating(f func(a swapArgs) time.Time) handles {
	return shared(&brokenStore{
		Store: newDroppingTable(),
		swap: func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			a.expires = f(a)
			return a.on(ctx, s)
		},
	})
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
	s.put(a)
	return true, nil
}

// brokenStores have one fault each, and a case of the suite that is made for it. Other cases may
// fail, too.
var brokenStores = []struct {
	fault    string
	caughtBy string
	open     func() handles
}{
	{"the empty value for none", "absent", func() handles {
		return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			value, err := s.Load(ctx, key)
			return append([]byte{}, value...), err
		})
	}},
	{"an error for none", "absent", func() handles {
		return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			value, err := s.Load(ctx, key)
			if value == nil && err == nil {
				err = errors.New("not found")
			}
			return value, err
		})
	}},
	{"an empty old is not the same as nil", "create", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if a.old != nil && len(a.old) == 0 {
				return false, nil
			}
			return a.on(ctx, s)
		})
	}},
	{"an empty old stands for any value", "create refused", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if len(a.old) == 0 {
				s.(*table).put(a)
				return true, nil
			}
			return a.on(ctx, s)
		})
	}},
	{"old is not looked at", "mismatch", func() handles {
		return swapping(func(_ context.Context, s otp.Store, a swapArgs) (bool, error) {
			s.(*table).put(a)
			return true, nil
		})
	}},
	{"a lost race is an error", "mismatch", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			swapped, err := a.on(ctx, s)
			if !swapped && err == nil {
				err = errors.New("the condition failed")
			}
			return swapped, err
		})
	}},
	{"a refused swap stores all the same", "mismatch", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			swapped, err := a.on(ctx, s)
			if !swapped && err == nil && len(a.old) > 0 {
				s.(*table).put(a)
			}
			return swapped, err
		})
	}},
	{"a swap to an equal value is refused", "equal value", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			swapped, err := a.on(ctx, s)
			return swapped && !bytes.Equal(a.old, a.new), err
		})
	}},
	{"only the length is compared", "exact match", func() handles {
		return comparing(func(a, b []byte) bool { return len(a) == len(b) })
	}},
	{"only length and sum are compared", "exact match", func() handles {
		return comparing(func(a, b []byte) bool { return len(a) == len(b) && sum(a) == sum(b) })
	}},
	{"only the first kilobyte but one is compared", "exact match", func() handles {
		return comparing(func(a, b []byte) bool {
			return bytes.Equal(a[:min(len(a), 1023)], b[:min(len(b), 1023)])
		})
	}},
	{"only a prefix is compared", "exact match", func() handles {
		return comparing(bytes.HasPrefix)
	}},
	{"trailing white space is not compared", "exact match", func() handles {
		return comparing(func(a, b []byte) bool {
			return bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b))
		})
	}},
	{"letter case is not compared", "exact match", func() handles {
		return comparing(bytes.EqualFold)
	}},
	{"only length, 64 bytes at the front and 64 at the end are compared", "every byte",
		func() handles {
			return comparing(func(a, b []byte) bool {
				n := min(len(a), 64)
				return len(a) == len(b) && bytes.Equal(a[:n], b[:n]) &&
					bytes.Equal(a[len(a)-n:], b[len(b)-n:])
			})
		}},
	{"a byte in the middle is not compared", "every byte", func() handles {
		return comparing(func(a, b []byte) bool {
			const at = 517
			return len(a) == len(b) && len(a) > at && bytes.Equal(a[:at], b[:at]) &&
				bytes.Equal(a[at+1:], b[at+1:])
		})
	}},
	{"Load is cached", "replace", cachedLoads},
	{"absence is cached", "replace", cachedAbsence},
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
	{"trailing NULs are cut", "any bytes", func() handles {
		return cutting(func(v []byte) []byte { return bytes.TrimRight(v, "\x00") })
	}},
	{"trailing spaces are cut", "any bytes", func() handles {
		return cutting(func(v []byte) []byte { return bytes.TrimRight(v, " ") })
	}},
	{"values become UTF-8", "any bytes", func() handles {
		return cutting(func(v []byte) []byte { return bytes.ToValidUTF8(v, []byte("\uFFFD")) })
	}},
	{"values are cut to 255 bytes", "sizes", func() handles {
		return cutting(func(v []byte) []byte { return v[:min(len(v), 255)] })
	}},
	{"values of more than 512 bytes are refused", "sizes", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if len(a.new) > 512 {
				return false, errors.New("the value is too long")
			}
			return a.on(ctx, s)
		})
	}},
	{"values are hexadecimal in 1024 characters", "sizes", func() handles {
		encode := func(v []byte) []byte {
			v = hex.AppendEncode(nil, v)
			return v[:min(len(v), 1024)]
		}
		decode := func(v []byte) []byte {
			v, _ = hex.AppendDecode(nil, v)
			return v
		}
		return mangling(encode, decode)
	}},
	{"keys are folded to one case", "letter case of keys", func() handles {
		return mappingKeys(strings.ToLower)
	}},
	{"- and _ in keys are the same", "keys", func() handles {
		return mappingKeys(func(key string) string { return strings.ReplaceAll(key, "-", "_") })
	}},
	{"keys are cut to 42 characters", "keys", func() handles {
		return mappingKeys(func(key string) string { return key[:min(len(key), 42)] })
	}},
	{"keys of one character are refused", "keys", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if len(a.key) == 1 {
				return false, errors.New("the key is too short")
			}
			return a.on(ctx, s)
		})
	}},
	{"all keys share one value", "keys", func() handles {
		return mappingKeys(func(string) string { return "one" })
	}},
	{"keys of 22 characters are folded to one case", "letter case of keys", func() handles {
		return mappingKeys(func(key string) string {
			if len(key) == 22 {
				return strings.ToUpper(key)
			}
			return key
		})
	}},
	{"the new slice is kept", "slices not kept", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			swapped, err := a.on(ctx, s)
			if swapped {
				t := s.(*table)
				t.mu.Lock()
				defer t.mu.Unlock()
				t.rows[a.key] = row{a.new, a.expires}
			}
			return swapped, err
		})
	}},
	{"new is wiped", "slices not changed", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			defer clear(a.new)
			return a.on(ctx, s)
		})
	}},
	{"something is appended to old", "slices not changed", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			_ = append(a.old, 0)
			return a.on(ctx, s)
		})
	}},
	{"values are replaced in place", "loaded value not changed", replacedInPlace},
	{"the next Load overwrites the slice", "loaded value not changed", oneBuffer},
	{"slices come from a pool and are back in it at once", "loaded value not changed",
		pooledBuffers},
	{"a value is created in two steps", "race to create", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if len(a.old) == 0 {
				return checkThenPut(ctx, s.(*table), a, time.Microsecond)
			}
			return a.on(ctx, s)
		})
	}},
	{"a lock of the process only, over a database", "race to create", func() handles {
		return processLocks(time.Microsecond)
	}},
	{"a value is replaced in two steps", "race to swap", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if len(a.old) > 0 {
				return checkThenPut(ctx, s.(*table), a, 0)
			}
			return a.on(ctx, s)
		})
	}},
	{"a lock of the process only, over memory", "race to swap", func() handles {
		return processLocks(0)
	}},
	{"more than 64 swaps at a time succeed", "race to swap", func() handles {
		return beyond(64, func(s *table, a swapArgs) (bool, error) {
			s.put(a)
			return true, nil
		})
	}},
	{"more than 64 swaps at a time are refused", "parallel keys", func() handles {
		return beyond(64, func(*table, swapArgs) (bool, error) { return false, nil })
	}},
	{"swaps at the same time are all refused", "counter", refusedTogether},
	{"a Load during a swap returns the value before the last", "monotonic reads", staleLoads},
	{"swaps of other keys at the same time are a conflict", "parallel keys", oneVersion},
	{"the oldest of more than a thousand values is dropped", "many values", func() handles {
		return shared(dropOldest(newTable(), 1000))
	}},
	{"the oldest of more than 5,000 values is dropped", "many values", func() handles {
		return shared(dropOldest(newTable(), 5000))
	}},
	{"each handle drops the oldest of its more than 5,000 values", "many values", func() handles {
		s := newTable()
		return handles{dropOldest(s, 5000), dropOldest(s, 5000)}
	}},
	{"one swap in 10,000 is not stored", "many values", func() handles {
		return shared(lossy(newTable(), 10_000))
	}},
	{"each handle loses one swap in 5,000", "many values", func() handles {
		s := newTable()
		return handles{lossy(s, 5000), lossy(s, 5000)}
	}},
	{"a swap under an ended context is a lost race", "ended context", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if ctx.Err() != nil {
				return false, nil
			}
			return a.on(ctx, s)
		})
	}},
	{"a swap under an ended context is said to have happened", "ended context", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if ctx.Err() != nil {
				return true, nil
			}
			return a.on(ctx, s)
		})
	}},
	{"a swap ignores its context", "ended context", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			return a.on(context.WithoutCancel(ctx), s)
		})
	}},
	{"a Load ignores its context", "ended context", func() handles {
		return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			return s.Load(context.WithoutCancel(ctx), key)
		})
	}},
	{"a Load under an ended context shows nothing", "ended context", func() handles {
		return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			if ctx.Err() != nil {
				return nil, nil
			}
			return s.Load(ctx, key)
		})
	}},
	{"the error of the context is lost", "ended context", func() handles {
		return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			if ctx.Err() != nil {
				return nil, errors.New("connection closed")
			}
			return s.Load(ctx, key)
		})
	}},
	{"a deadline is reported as canceled", "ended context", func() handles {
		return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			if ctx.Err() != nil {
				return nil, context.Canceled
			}
			return s.Load(ctx, key)
		})
	}},
	{"the zero time is long past", "kept for good", func() handles {
		return redating(func(a swapArgs) time.Time {
			if a.expires.IsZero() {
				return time.Unix(0, 0)
			}
			return a.expires
		})
	}},
	{"expiry is seconds of 32 bits", "late expiry", func() handles {
		return redating(func(a swapArgs) time.Time {
			return time.Unix(int64(int32(a.expires.Unix())), 0)
		})
	}},
	{"an expiry beyond January 2038 is an error", "late expiry", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if a.expires.Unix() > math.MaxInt32 {
				return false, errors.New("the time is out of range")
			}
			return a.on(ctx, s)
		})
	}},
	{"a refused swap sets the expiry", "refusal keeps expiry", refusalSetsExpiry},
	{"only Load takes expired values for absent", "expired at once", func() handles {
		return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			if s.(*table).expired(key) {
				return nil, ctx.Err()
			}
			return s.Load(ctx, key)
		})
	}},
	{"expiry is cut to whole seconds", "kept until expires", func() handles {
		return redating(func(a swapArgs) time.Time { return a.expires.Truncate(time.Second) })
	}},
	{"expiry is rounded to the next second", "kept until expires", func() handles {
		return redating(func(a swapArgs) time.Time { return a.expires.Round(time.Second) })
	}},
	{"values expire 250 ms early", "kept until expires", func() handles {
		return redating(func(a swapArgs) time.Time {
			return a.expires.Add(-250 * time.Millisecond)
		})
	}},
	{"the first expiry counts", "expiry replaced", func() handles {
		var first sync.Map
		return redating(func(a swapArgs) time.Time {
			at, _ := first.LoadOrStore(a.key, a.expires)
			return at.(time.Time)
		})
	}},
	{"a swap for good leaves the earlier expiry", "expiry replaced", func() handles {
		var last sync.Map
		return redating(func(a swapArgs) time.Time {
			if at, ok := last.Load(a.key); ok && a.expires.IsZero() {
				return at.(time.Time)
			}
			last.Store(a.key, a.expires)
			return a.expires
		})
	}},
	{"a swap to an equal value leaves the earlier expiry", "expiry replaced", func() handles {
		var last sync.Map
		return redating(func(a swapArgs) time.Time {
			if at, ok := last.Load(a.key); ok && bytes.Equal(a.old, a.new) {
				return at.(time.Time)
			}
			last.Store(a.key, a.expires)
			return a.expires
		})
	}},
	{"only CompareAndSwap takes expired values for absent", "expires meanwhile", func() handles {
		return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			if s.(*table).expired(a.key) && len(a.old) > 0 {
				return false, ctx.Err()
			}
			return a.on(ctx, s)
		})
	}},
}

// expired reports whether there is a value under key that has expired.
func (s *table) expired(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows[key].expired()
}

// sum returns the sum of the bytes.
func sum(value []byte) (n int) {
	for _, b := range value {
		n += int(b)
	}
	return n
}

// cachedLoads remembers the first value that it has loaded.
func cachedLoads() handles {
	var cache sync.Map
	return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
		if value, ok := cache.Load(key); ok {
			return value.([]byte), nil
		}

		value, err := s.Load(ctx, key)
		if value != nil {
			cache.Store(key, value)
		}
		return value, err
	})
}

// cachedAbsence remembers that it has found no value.
func cachedAbsence() handles {
	var cache sync.Map
	return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
		if _, ok := cache.Load(key); ok {
			return nil, nil
		}

		value, err := s.Load(ctx, key)
		if value == nil && err == nil {
			cache.Store(key, true)
		}
		return value, err
	})
}

// writeThroughCache returns a handle on s that loads what it has stored from a cache of its own. It
// is right for one process.
func writeThroughCache(s otp.Store) otp.Store {
	var cache sync.Map
	return &brokenStore{
		Store: s,
		load: func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			if value, ok := cache.Load(key); ok {
				return value.([]byte), ctx.Err()
			}
			return s.Load(ctx, key)
		},
		swap: func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			swapped, err := a.on(ctx, s)
			if swapped {
				cache.Store(a.key, bytes.Clone(a.new))
			} else {
				cache.Delete(a.key)
			}
			return swapped, err
		},
	}
}

// replacedInPlace copies a new value over the old one.
func replacedInPlace() handles {
	return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
		t := s.(*table)
		t.mu.Lock()
		value := t.rows[a.key].value
		inPlace := len(value) > 0 && len(value) == len(a.new) && bytes.Equal(value, a.old)
		if inPlace {
			copy(value, a.new)
		}
		t.mu.Unlock()

		if inPlace {
			return true, nil
		}
		return a.on(ctx, s)
	})
}

// oneBuffer loads each value into the same buffer, as sql.RawBytes does.
func oneBuffer() handles {
	var mu sync.Mutex
	var buffer [1024]byte
	return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
		value, err := s.Load(ctx, key)
		if value == nil {
			return nil, err
		}

		mu.Lock()
		defer mu.Unlock()
		return buffer[:copy(buffer[:], value)], err
	})
}

// pooledBuffers hands out a buffer that it puts back into a pool.
func pooledBuffers() handles {
	pool := sync.Pool{New: func() any { return new([1024]byte) }}
	return loading(func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
		value, err := s.Load(ctx, key)
		if value == nil {
			return nil, err
		}

		buffer := pool.Get().(*[1024]byte)
		defer pool.Put(buffer)
		return buffer[:copy(buffer[:], value)], err
	})
}

// processLocks are two handles with a lock each, under which they compare and store.
func processLocks(pause time.Duration) handles {
	s := newTable()
	handle := func() otp.Store {
		var mu sync.Mutex
		return &brokenStore{
			Store: s,
			swap: func(ctx context.Context, _ otp.Store, a swapArgs) (bool, error) {
				mu.Lock()
				defer mu.Unlock()
				return checkThenPut(ctx, s, a, pause)
			},
		}
	}
	return handles{handle(), handle()}
}

// beyond returns a store that does something else with each swap while more than most are under
// way. A swap takes a while.
func beyond(most int64, other func(s *table, a swapArgs) (bool, error)) handles {
	var busy atomic.Int64
	return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
		defer busy.Add(-1)
		n := busy.Add(1)
		time.Sleep(time.Millisecond)

		if n > most {
			return other(s.(*table), a)
		}
		return a.on(ctx, s)
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
	return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
		count(a.key, 1)
		time.Sleep(time.Microsecond)
		alone := count(a.key, 0) == 1
		time.Sleep(time.Microsecond)
		count(a.key, -1)

		if !alone {
			return false, nil
		}
		return a.on(ctx, s)
	})
}

// staleLoads returns the value before the last in every other Load during a swap, which waits for
// some.
func staleLoads() handles {
	const enough = 40
	var mu sync.Mutex
	var loads int
	before := make(map[string][]byte)
	return shared(&brokenStore{
		Store: newTable(),
		load: func(ctx context.Context, s otp.Store, key string) ([]byte, error) {
			mu.Lock()
			defer mu.Unlock()
			if loads++; loads%2 == 0 && before[key] != nil {
				return before[key], nil
			}
			return s.Load(ctx, key)
		},
		swap: func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			swapped, err := a.on(ctx, s)
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
		},
	})
}

// oneVersion refuses a swap if another one, of any key, has succeeded since it began.
func oneVersion() handles {
	var mu sync.Mutex
	version := 0
	return swapping(func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
		mu.Lock()
		seen := version
		mu.Unlock()

		time.Sleep(time.Microsecond)
		mu.Lock()
		defer mu.Unlock()
		if version != seen {
			return false, nil
		}

		swapped, err := a.on(ctx, s)
		if swapped {
			version++
		}
		return swapped, err
	})
}

// dropOldest returns a handle on s that drops the oldest of the values that it has created, once
// they are more than most.
func dropOldest(s *table, most int) otp.Store {
	var keys []string
	return &brokenStore{
		Store: s,
		swap: func(ctx context.Context, _ otp.Store, a swapArgs) (bool, error) {
			swapped, err := a.on(ctx, s)
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
		},
	}
}

// lossy returns a handle on s that does not store one swap in so many, and says that it did.
func lossy(s *table, one int64) otp.Store {
	var swaps atomic.Int64
	return &brokenStore{
		Store: s,
		swap: func(ctx context.Context, _ otp.Store, a swapArgs) (bool, error) {
			value, err := s.Load(ctx, a.key)
			if err == nil && bytes.Equal(value, a.old) && swaps.Add(1)%one == 0 {
				return true, nil
			}
			return a.on(ctx, s)
		},
	}
}

// refusalSetsExpiry gives a value the expiry of a swap that it refuses.
func refusalSetsExpiry() handles {
	return shared(&brokenStore{
		Store: newDroppingTable(),
		swap: func(ctx context.Context, s otp.Store, a swapArgs) (bool, error) {
			swapped, err := a.on(ctx, s)
			if swapped || err != nil {
				return swapped, err
			}

			t := s.(*table)
			t.mu.Lock()
			defer t.mu.Unlock()
			if r, ok := t.rows[a.key]; ok {
				t.rows[a.key] = row{r.value, a.expires}
			}
			return false, nil
		},
	})
}
