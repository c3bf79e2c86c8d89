package otptest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
)

// brokenStore is a right store, two methods of which can be replaced by wrong ones.
type brokenStore struct {
	otp.Store
	load loadFunc
	swap swapFunc
}

type (
	loadFunc func(ctx context.Context, key string) ([]byte, error)
	swapFunc func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error)
)

func (s *brokenStore) Load(ctx context.Context, key string) ([]byte, error) {
	if s.load != nil {
		return s.load(ctx, key)
	}
	return s.Store.Load(ctx, key)
}

func (s *brokenStore) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
	if s.swap != nil {
		return s.swap(ctx, key, old, new, expires)
	}
	return s.Store.CompareAndSwap(ctx, key, old, new, expires)
}

// put stores a value whatever is there, as no method of a right store does.
func put(ctx context.Context, s otp.Store, key string, new []byte, expires time.Time) (bool, error) {
	for {
		old, err := s.Load(ctx, key)
		if err != nil {
			return false, err
		}
		if swapped, err := s.CompareAndSwap(ctx, key, old, new, expires); swapped || err != nil {
			return swapped, err
		}
	}
}

// checkThenPut swaps in two steps, between which others come in. In a bubble they all do.
func checkThenPut(ctx context.Context, s otp.Store, key string, old, new []byte, expires time.Time) (bool, error) {
	value, err := s.Load(ctx, key)
	if err != nil || !bytes.Equal(value, old) {
		return false, err
	}
	time.Sleep(time.Microsecond)
	return put(ctx, s, key, new, expires)
}

// mangled returns a store whose old and new values go through f, and its loaded ones through back.
func mangled(s otp.Store, f, back func([]byte) []byte) *brokenStore {
	return &brokenStore{
		load: func(ctx context.Context, key string) ([]byte, error) {
			value, err := s.Load(ctx, key)
			if value != nil {
				value = back(value)
			}
			return value, err
		},
		swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			return s.CompareAndSwap(ctx, key, f(old), f(new), expires)
		},
	}
}

// mangledKeys returns a store whose keys go through f.
func mangledKeys(s otp.Store, f func(string) string) *brokenStore {
	return &brokenStore{
		load: func(ctx context.Context, key string) ([]byte, error) { return s.Load(ctx, f(key)) },
		swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			return s.CompareAndSwap(ctx, f(key), old, new, expires)
		},
	}
}

// sloppy returns a store to which values are equal if same says so.
func sloppy(s otp.Store, same func(a, b []byte) bool) *brokenStore {
	return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
		value, err := s.Load(ctx, key)
		if err != nil {
			return false, err
		}
		if len(value) > 0 && len(old) > 0 && same(value, old) {
			old = value
		}
		return s.CompareAndSwap(ctx, key, old, new, expires)
	}}
}

// redated returns a store to which a value expires when f says.
func redated(s otp.Store, f func(key string, expires time.Time) time.Time) *brokenStore {
	return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
		return s.CompareAndSwap(ctx, key, old, new, f(key, expires))
	}}
}

// A row is a value and when it expires.
type row struct {
	value   []byte
	expires time.Time
}

func (r row) expired() bool { return !r.expires.IsZero() && !time.Now().Before(r.expires) }

// table is a store that keeps all values until they are replaced, or drops them the moment they expire.
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
	return s.value(key), ctx.Err()
}

func (s *table) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || !bytes.Equal(s.value(key), old) {
		return false, ctx.Err()
	}
	s.rows[key] = row{bytes.Clone(new), expires}
	return true, nil
}

// brokenStores have one fault each, and a case of the suite that was made for it. Others may fail as well.
var brokenStores = []struct {
	fault    string
	make     func() otp.Store
	caughtBy string
}{
	{"the empty value for none", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, load: func(ctx context.Context, key string) ([]byte, error) {
			value, err := s.Load(ctx, key)
			return append([]byte{}, value...), err
		}}
	}, "absent"},
	{"an error for none", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, load: func(ctx context.Context, key string) ([]byte, error) {
			value, err := s.Load(ctx, key)
			if value == nil && err == nil {
				err = errors.New("not found")
			}
			return value, err
		}}
	}, "absent"},
	{"an empty old is not the same as nil", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			if old != nil && len(old) == 0 {
				return false, nil
			}
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "create"},
	{"an empty old stands for any value", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			if len(old) == 0 {
				return put(ctx, s, key, new, expires)
			}
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "create refused"},
	{"old is not looked at", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, _, new []byte, expires time.Time) (bool, error) {
			return put(ctx, s, key, new, expires)
		}}
	}, "mismatch"},
	{"a lost race is an error", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			swapped, err := s.CompareAndSwap(ctx, key, old, new, expires)
			if !swapped && err == nil {
				err = errors.New("the condition failed")
			}
			return swapped, err
		}}
	}, "mismatch"},
	{"a refused swap stores all the same", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			swapped, err := s.CompareAndSwap(ctx, key, old, new, expires)
			if !swapped && err == nil && len(old) > 0 {
				_, err = put(ctx, s, key, new, expires)
			}
			return swapped, err
		}}
	}, "mismatch"},
	{"only the length is compared", func() otp.Store {
		return sloppy(memstore.New(nil), func(a, b []byte) bool { return len(a) == len(b) })
	}, "exact match"},
	{"only the first kilobyte but one is compared", func() otp.Store {
		return sloppy(memstore.New(nil), func(a, b []byte) bool { return bytes.Equal(a[:min(len(a), 1023)], b[:min(len(b), 1023)]) })
	}, "exact match"},
	{"only a prefix is compared", func() otp.Store {
		return sloppy(memstore.New(nil), func(a, b []byte) bool { return bytes.HasPrefix(a, b) })
	}, "exact match"},
	{"trailing white space is not compared", func() otp.Store {
		return sloppy(memstore.New(nil), func(a, b []byte) bool { return bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b)) })
	}, "exact match"},
	{"letter case is not compared", func() otp.Store {
		return sloppy(memstore.New(nil), bytes.EqualFold)
	}, "exact match"},
	{"Load is cached", func() otp.Store {
		s := memstore.New(nil)
		var cache sync.Map
		return &brokenStore{Store: s, load: func(ctx context.Context, key string) ([]byte, error) {
			if value, ok := cache.Load(key); ok {
				return value.([]byte), nil
			}
			value, err := s.Load(ctx, key)
			if value != nil {
				cache.Store(key, value)
			}
			return value, err
		}}
	}, "replace"},
	{"absence is cached", func() otp.Store {
		s := memstore.New(nil)
		var cache sync.Map
		return &brokenStore{Store: s, load: func(ctx context.Context, key string) ([]byte, error) {
			if _, ok := cache.Load(key); ok {
				return nil, nil
			}
			value, err := s.Load(ctx, key)
			if value == nil && err == nil {
				cache.Store(key, true)
			}
			return value, err
		}}
	}, "replace"},
	{"trailing NULs are cut", func() otp.Store {
		cut := func(v []byte) []byte { return bytes.TrimRight(v, "\x00") }
		return mangled(memstore.New(nil), cut, cut)
	}, "any bytes"},
	{"trailing spaces are cut", func() otp.Store {
		cut := func(v []byte) []byte { return bytes.TrimRight(v, " ") }
		return mangled(memstore.New(nil), cut, cut)
	}, "any bytes"},
	{"values become UTF-8", func() otp.Store {
		toText := func(v []byte) []byte { return bytes.ToValidUTF8(v, []byte("\uFFFD")) }
		return mangled(memstore.New(nil), toText, toText)
	}, "any bytes"},
	{"values are cut to 255 bytes", func() otp.Store {
		cut := func(v []byte) []byte { return v[:min(len(v), 255)] }
		return mangled(memstore.New(nil), cut, cut)
	}, "sizes"},
	{"values of more than 512 bytes are refused", func() otp.Store {
		s := memstore.New(nil)
		// Hexadecimal doubles the length, up to the most that the store below takes.
		return mangled(s, func(v []byte) []byte { return hex.AppendEncode(nil, v) }, func(v []byte) []byte {
			v, _ = hex.AppendDecode(nil, v)
			return v
		})
	}, "sizes"},
	{"keys are folded to one case", func() otp.Store {
		return mangledKeys(memstore.New(nil), strings.ToLower)
	}, "keys"},
	{"- and _ in keys are the same", func() otp.Store {
		return mangledKeys(memstore.New(nil), func(key string) string { return strings.ReplaceAll(key, "-", "_") })
	}, "keys"},
	{"keys are cut to 42 characters", func() otp.Store {
		return mangledKeys(memstore.New(nil), func(key string) string { return key[:min(len(key), 42)] })
	}, "keys"},
	{"keys of one character are refused", func() otp.Store {
		return mangledKeys(memstore.New(nil), func(key string) string {
			if len(key) == 1 {
				return ""
			}
			return key
		})
	}, "keys"},
	{"all keys share one value", func() otp.Store {
		return mangledKeys(memstore.New(nil), func(string) string { return "one" })
	}, "keys"},
	{"the new slice is kept", func() otp.Store {
		s := newTable()
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			swapped, err := s.CompareAndSwap(ctx, key, old, new, expires)
			if swapped {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.rows[key] = row{new, expires}
			}
			return swapped, err
		}}
	}, "slices not kept"},
	{"new is wiped", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			defer clear(new)
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "slices not changed"},
	{"something is appended to old", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			_ = append(old, 0)
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "slices not changed"},
	{"values are replaced in place", func() otp.Store {
		s := newTable()
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			s.mu.Lock()
			value := s.rows[key].value
			if bytes.Equal(value, old) && len(value) == len(new) && len(new) == len("first") && ctx.Err() == nil {
				defer s.mu.Unlock()
				copy(value, new)
				return true, nil
			}
			s.mu.Unlock()
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "loaded value not changed"},
	{"a value is created in two steps", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			if len(old) == 0 {
				return checkThenPut(ctx, s, key, old, new, expires)
			}
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "race to create"},
	{"a value is replaced in two steps", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			if len(old) > 0 {
				return checkThenPut(ctx, s, key, old, new, expires)
			}
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "race to swap"},
	{"swaps at the same time are all refused", func() otp.Store {
		s := memstore.New(nil)
		var mu sync.Mutex
		busy := make(map[string]int)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			count := func(n int) int {
				mu.Lock()
				defer mu.Unlock()
				busy[key] += n
				return busy[key]
			}
			count(1)
			time.Sleep(time.Microsecond)
			alone := count(0) == 1
			time.Sleep(time.Microsecond)
			count(-1)
			if !alone {
				return false, nil
			}
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "counter"},
	{"while a swap is under way, every other Load is behind", func() otp.Store {
		s := memstore.New(nil)
		var mu sync.Mutex
		before := make(map[string][]byte)
		loads := 0
		return &brokenStore{
			load: func(ctx context.Context, key string) ([]byte, error) {
				time.Sleep(time.Microsecond)
				mu.Lock()
				defer mu.Unlock()
				if loads++; loads%2 == 0 && before[key] != nil {
					return before[key], nil
				}
				return s.Load(ctx, key)
			},
			swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
				mu.Lock()
				swapped, err := s.CompareAndSwap(ctx, key, old, new, expires)
				if swapped {
					before[key] = old
				}
				mu.Unlock()
				time.Sleep(10 * time.Microsecond)
				mu.Lock()
				defer mu.Unlock()
				delete(before, key)
				return swapped, err
			},
		}
	}, "monotonic reads"},
	{"swaps of other keys at the same time are a conflict", func() otp.Store {
		s := memstore.New(nil)
		var mu sync.Mutex
		version := 0
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			mu.Lock()
			seen := version
			mu.Unlock()
			time.Sleep(time.Microsecond)
			mu.Lock()
			defer mu.Unlock()
			if version != seen {
				return false, nil
			}
			swapped, err := s.CompareAndSwap(ctx, key, old, new, expires)
			if swapped {
				version++
			}
			return swapped, err
		}}
	}, "parallel keys"},
	{"the oldest of more than a thousand values goes", func() otp.Store {
		s := newTable()
		var keys []string
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			swapped, err := s.CompareAndSwap(ctx, key, old, new, expires)
			s.mu.Lock()
			defer s.mu.Unlock()
			if swapped && len(old) == 0 {
				if keys = append(keys, key); len(keys) > 1000 {
					delete(s.rows, keys[0])
					keys = keys[1:]
				}
			}
			return swapped, err
		}}
	}, "many values"},
	{"the zero time is long past", func() otp.Store {
		return redated(newDroppingTable(), func(_ string, expires time.Time) time.Time {
			if expires.IsZero() {
				return time.Unix(0, 0)
			}
			return expires
		})
	}, "kept for good"},
	{"a refused swap sets the expiry", func() otp.Store {
		s := newDroppingTable()
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			swapped, err := s.CompareAndSwap(ctx, key, old, new, expires)
			if value, _ := s.Load(ctx, key); !swapped && len(value) > 0 && err == nil {
				s.CompareAndSwap(ctx, key, value, value, expires)
			}
			return swapped, err
		}}
	}, "refusal keeps expiry"},
	{"only Load takes expired values for absent", func() otp.Store {
		s := newTable()
		return &brokenStore{Store: s, load: func(ctx context.Context, key string) ([]byte, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if r := s.rows[key]; !r.expired() {
				return r.value, ctx.Err()
			}
			return nil, ctx.Err()
		}}
	}, "expired at once"},
	{"only CompareAndSwap takes expired values for absent", func() otp.Store {
		s := newTable()
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			s.mu.Lock()
			expired := s.rows[key].expired()
			s.mu.Unlock()
			if expired && len(old) > 0 {
				return false, ctx.Err()
			}
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "expires meanwhile"},
	{"a swap under an ended context is a lost race", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			if ctx.Err() != nil {
				return false, nil
			}
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "ended context"},
	{"a swap under an ended context is said to have happened", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, swap: func(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
			if ctx.Err() != nil {
				return true, nil
			}
			return s.CompareAndSwap(ctx, key, old, new, expires)
		}}
	}, "ended context"},
	{"a Load under an ended context shows nothing", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, load: func(ctx context.Context, key string) ([]byte, error) {
			if ctx.Err() != nil {
				return nil, nil
			}
			return s.Load(ctx, key)
		}}
	}, "ended context"},
	{"the error of the context is lost", func() otp.Store {
		s := memstore.New(nil)
		return &brokenStore{Store: s, load: func(ctx context.Context, key string) ([]byte, error) {
			if ctx.Err() != nil {
				return nil, errors.New("connection closed")
			}
			return s.Load(ctx, key)
		}}
	}, "ended context"},
	{"expiry is cut to whole seconds", func() otp.Store {
		return redated(newDroppingTable(), func(_ string, expires time.Time) time.Time { return expires.Truncate(time.Second) })
	}, "kept until expires"},
	{"the first expiry counts", func() otp.Store {
		var first sync.Map
		return redated(newDroppingTable(), func(key string, expires time.Time) time.Time {
			at, _ := first.LoadOrStore(key, expires)
			return at.(time.Time)
		})
	}, "expiry replaced"},
	{"a swap for good leaves the earlier expiry", func() otp.Store {
		var last sync.Map
		return redated(newDroppingTable(), func(key string, expires time.Time) time.Time {
			if at, ok := last.Load(key); ok && expires.IsZero() {
				return at.(time.Time)
			}
			last.Store(key, expires)
			return expires
		})
	}, "expiry replaced"},
}
