package memstore_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// shards is the number of shards of a Store, each of which may keep a few expired values.
const shards = 256

func TestStore(t *testing.T) {
	otptest.TestStore(t, func(testing.TB) (a, b otp.Store) {
		store := memstore.New(nil)
		return store, store
	})
}

// A fixture is a store whose calls must not fail.
type fixture struct {
	testing.TB
	*memstore.Store
}

func newFixture(tb testing.TB, maxEntries int) fixture {
	return fixture{tb, memstore.New(&memstore.Options{MaxEntries: maxEntries})}
}

func (f fixture) load(key string) string {
	f.Helper()

	value, err := f.Load(f.Context(), key)
	require.NoError(f, err)
	return string(value)
}

func (f fixture) swap(key, old, new string, expires time.Time) bool {
	f.Helper()

	swapped, err := f.CompareAndSwap(f.Context(), key, []byte(old), []byte(new), expires)
	require.NoError(f, err)
	return swapped
}

// create creates the value "v".
func (f fixture) create(key string, expires time.Time) {
	f.Helper()

	require.True(f, f.swap(key, "", "v", expires), "a value could not be created")
}

// wantFull tries to create a value.
func (f fixture) wantFull(key string) {
	f.Helper()

	swapped, err := f.CompareAndSwap(f.Context(), key, nil, []byte("v"), time.Time{})
	require.ErrorIs(f, err, memstore.ErrFull)
	require.False(f, swapped)
}

// createOthers creates other values that stay, and enough that each shard has dropped what has
// expired: one of 256 gets none of 10,000 with a probability of 3e-15.
func (f fixture) createOthers() {
	f.Helper()

	for from, i := f.Len(), 0; i < 10_000; i++ {
		f.create(fmt.Sprintf("other-%d", from+i), time.Time{})
	}
}

func key(i int) string { return fmt.Sprintf("key-%d", i) }

func TestExpiredValuesAreDroppedAsOthersCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 0)
		f.create("a", time.Now().Add(time.Minute))

		// It is like any other as long as none comes.
		time.Sleep(time.Hour)
		require.Equal(t, "v", f.load("a"))
		require.False(t, f.swap("a", "", "w", time.Time{}))
		require.True(t, f.swap("a", "v", "w", time.Now().Add(time.Minute)))

		time.Sleep(time.Minute - time.Nanosecond)
		f.createOthers()
		require.Equal(t, "w", f.load("a"), "one nanosecond before it expires")
		time.Sleep(time.Nanosecond)
		f.createOthers()
		require.Empty(t, f.load("a"), "after it has expired")
		require.False(t, f.swap("a", "w", "x", time.Time{}))
		require.True(t, f.swap("a", "", "x", time.Time{}))
	})
}

func TestExpiresOfAnyYear(t *testing.T) {
	f := newFixture(t, 0)
	tests := []struct {
		expires time.Time
		value   string
	}{
		{time.Time{}, "v"},
		{time.Date(2262, 12, 31, 0, 0, 0, 0, time.UTC), "v"},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "v"},
		{time.Unix(math.MaxInt64, 0), "v"},
		{time.Unix(0, 0), ""},
		{time.Unix(-1, 0), ""},
		{time.Date(1066, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		{time.Unix(math.MinInt64, 0), ""},
	}
	for i, test := range tests {
		f.create(key(i), test.expires)
	}

	f.createOthers()
	for i, test := range tests {
		require.Equal(t, test.value, f.load(key(i)), "expires %v", test.expires)
	}
}

// A full store takes no new value, goes on with those it has, and a lost race is no error.
func TestMaxEntries(t *testing.T) {
	const most = 1000
	f := newFixture(t, most)
	for i := range most {
		f.create(key(i), time.Time{})
	}
	f.wantFull("one more")

	for i := range most {
		require.True(t, f.swap(key(i), "v", "w", time.Time{}), "a value of a full store")
	}
	require.False(t, f.swap(key(0), "", "v", time.Time{}), "a value that is there")
	require.False(t, f.swap(key(0), "other", "v", time.Time{}))
	require.False(t, f.swap("one more", "other", "v", time.Time{}))
	require.Equal(t, most, f.Len())
}

func TestExpiredValuesMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most, expiring = 1000, 300
		f := newFixture(t, most)
		soon, later := time.Now().Add(time.Minute), time.Now().Add(time.Hour)
		for i := range most {
			expires := later
			if i < expiring {
				expires = soon
			}
			f.create(key(i), expires)
		}

		time.Sleep(time.Minute - time.Nanosecond)
		f.wantFull("too early")

		time.Sleep(time.Nanosecond)
		for i := range expiring {
			f.create(key(most+i), time.Time{}) // few of the expired values are in the same shard
		}
		f.wantFull("one more")

		require.Equal(t, most, f.Len())
		for i := range most + expiring {
			want := "v"
			if i < expiring {
				want = ""
			}
			require.Equal(t, want, f.load(key(i)), "key %d", i)
		}
	})
}

func TestMaxEntriesUnderConcurrency(t *testing.T) {
	const most, expired, workers, each = 50_000, 5000, 8, 6300
	f := newFixture(t, most)
	for i := range expired {
		f.create(key(i), time.Unix(1, 0))
	}

	var created atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				key := fmt.Sprintf("%d/%d", w, i)
				swapped, err := f.CompareAndSwap(t.Context(), key, nil, []byte("v"), time.Time{})
				if swapped {
					created.Add(1)
				} else {
					assert.ErrorIs(t, err, memstore.ErrFull)
				}
				assert.LessOrEqual(t, f.Len(), most)
			}
		})
	}
	wg.Wait()

	require.EqualValues(t, most, created.Load())
	require.Equal(t, most, f.Len())
}

// A random history against a plain map. What the store drops has expired, and what has expired is
// dropped by the time that many others have come. Some values are for good.
func TestRandomHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 0)
		random := rand.New(rand.NewPCG(1, 2))
		expires := map[string]time.Time{}
		lives := func(key string) bool {
			until, known := expires[key]
			return known && (until.IsZero() || time.Now().Before(until))
		}

		for range 20_000 {
			key := key(random.IntN(2000))
			life := time.Duration(1+random.Int64N(2000)) * time.Second
			until := time.Now().Add(life).Truncate(time.Second)
			if random.IntN(20) == 0 {
				until = time.Time{}
			}
			if f.load(key) != "" {
				require.True(t, f.swap(key, "v", "v", until))
			} else {
				require.False(t, lives(key), "a value is gone too early")
				f.create(key, until)
			}
			expires[key] = until
			time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
		}

		time.Sleep(time.Second)
		f.createOthers()
		for key, until := range expires {
			require.Equal(t, lives(key), f.load(key) != "", "expires %v", until)
		}
	})
}

// A call drops a few expired values and no more, however many there are.
func TestNoCallCleansUpLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, most = 20_000, 8
		f := newFixture(t, 2*n)
		for i := range n {
			f.create(key(i), time.Now().Add(time.Minute))
		}
		time.Sleep(time.Minute)

		created := 0
		create := func() {
			before := f.Len()
			f.create(fmt.Sprintf("new-%d", created), time.Time{})
			created++
			require.LessOrEqual(t, before+1-f.Len(), most, "values that one call has dropped")
		}
		for f.Len() > created {
			create()
			require.LessOrEqual(t, created, n, "calls")
		}

		// The same in a full store, which looks into other shards.
		for i := range 2*n - f.Len() {
			f.create(key(i), time.Now().Add(time.Minute))
		}
		f.wantFull("one more")
		time.Sleep(time.Minute)
		create()
	})
}

// Once others have come, the memory of expired values is free, and that of the maps that held them.
func TestMemoryIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, live = 20_000, 2000
		f := newFixture(t, 0)
		value := strings.Repeat("v", 125)
		empty := heapAlloc()
		for i := range n {
			f.swap(fmt.Sprintf("%043d", i), "", value, time.Now().Add(time.Minute))
		}
		full := heapAlloc() - empty
		assert.Less(t, full/n, int64(300), "bytes a value")

		time.Sleep(time.Minute)
		for i := range live {
			f.create(key(i), time.Now().Add(time.Minute))
		}
		f.createExpired("first", n)
		assert.InDelta(t, live, f.Len(), shards)

		for i := range live {
			require.True(t, f.swap(key(i), "v", "w", time.Unix(1, 0)), "a live value")
		}
		f.createExpired("second", n)
		assert.LessOrEqual(t, f.Len(), shards)

		// What stays is the smallest map of each shard, however many values there were.
		assert.Less(t, heapAlloc()-empty, int64(shards*4<<10), "bytes left of %d", full)
		runtime.KeepAlive(f.Store)
	})
}

// createExpired creates values that may be dropped at once, each by the next one in its shard.
func (f fixture) createExpired(name string, n int) {
	for i := range n {
		f.create(fmt.Sprintf("%s-%d", name, i), time.Unix(1, 0))
	}
}

// heapAlloc returns how much memory is in use.
func heapAlloc() int64 {
	runtime.GC()
	runtime.GC()

	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestContractIsChecked(t *testing.T) {
	f := newFixture(t, 10)
	longest := strings.Repeat("k", 43)

	for _, test := range []struct {
		name, key string
		new       []byte
		want      string
	}{
		{"shortest", "k", []byte("v"), ""},
		{"longest", longest, bytes.Repeat([]byte("v"), 1024), ""},
		{"no key", "", []byte("v"), "memstore: the key must have 1 to 43 characters"},
		{"long key", longest + "k", []byte("v"), "memstore: the key must have 1 to 43 characters"},
		{"nil value", "a", nil, "memstore: the new value must have 1 to 1024 bytes"},
		{"empty value", "a", []byte{}, "memstore: the new value must have 1 to 1024 bytes"},
		{"long value", "a", bytes.Repeat([]byte("v"), 1025),
			"memstore: the new value must have 1 to 1024 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			swapped, err := f.CompareAndSwap(t.Context(), test.key, nil, test.new, time.Time{})
			assert.Equal(t, test.want == "", swapped)
			if test.want != "" {
				assert.EqualError(t, err, test.want)
			}
		})
	}

	for _, key := range []string{"", longest + "k"} {
		_, err := f.Load(t.Context(), key)
		require.Error(t, err, "a key of %d characters", len(key))
	}
	require.Equal(t, 2, f.Len())
}

// A caller that appends to a loaded value must not write into the store.
func TestLoadHandsOutTheValueItself(t *testing.T) {
	f := newFixture(t, 10)
	f.create("a", time.Now().Add(time.Hour))
	value, err := f.Load(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, len(value), cap(value), "no room to append")

	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(100, func() { f.Load(ctx, "a") }))
}

func TestNew(t *testing.T) {
	require.Panics(t, func() { memstore.New(&memstore.Options{MaxEntries: -1}) })

	f := fixture{t, memstore.New(nil)}
	f.swap("the-key", "", "the-value", time.Time{})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		assert.Equal(t, "memstore.Store of 1 values", fmt.Sprintf(verb, f.Store), verb)
	}
}
