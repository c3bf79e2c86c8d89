package memstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp/memstore"
)

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
	if err != nil {
		f.Fatalf("Load: %v", err)
	}
	return string(value)
}

func (f fixture) swap(key, old, new string, expires time.Time) bool {
	f.Helper()
	swapped, err := f.CompareAndSwap(f.Context(), key, []byte(old), []byte(new), expires)
	if err != nil {
		f.Fatalf("CompareAndSwap: %v", err)
	}
	return swapped
}

func (f fixture) create(key string, expires time.Time) {
	f.Helper()
	if !f.swap(key, "", "v", expires) {
		f.Fatal("a value could not be created")
	}
}

func (f fixture) wantFull(key string) {
	f.Helper()
	swapped, err := f.CompareAndSwap(f.Context(), key, nil, []byte("v"), time.Time{})
	if swapped || !errors.Is(err, memstore.ErrFull) {
		f.Fatalf("creating %q in a full store: got %v, %v; want false, ErrFull", key, swapped, err)
	}
}

func (f fixture) wantLen(want int) {
	f.Helper()
	if got := f.Len(); got != want {
		f.Fatalf("Len: got %d, want %d", got, want)
	}
}

// createOthers creates enough other values, which stay, that each shard has removed what has expired: that one of 256
// gets none of 10,000 has a chance of 3e-15.
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

		time.Sleep(time.Minute - time.Nanosecond)
		f.createOthers()
		if f.load("a") != "v" || f.swap("a", "", "w", time.Time{}) {
			t.Error("one nanosecond before expires: the value has gone")
		}
		time.Sleep(time.Nanosecond)
		f.createOthers()
		if f.load("a") != "" || f.swap("a", "v", "w", time.Time{}) || !f.swap("a", "", "w", time.Time{}) {
			t.Error("after expires: the value is still there in Load or CompareAndSwap")
		}
	})
}

// Load and CompareAndSwap agree on every value, expired or not, as long as it is held.
func TestExpiredValuesAreLikeOthersUntilTheyAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 0)
		f.create("a", time.Now().Add(time.Minute))
		time.Sleep(time.Hour)
		if f.load("a") != "v" || f.swap("a", "", "w", time.Time{}) {
			t.Error("the value is not there in Load or CompareAndSwap, though no other came")
		}
		if !f.swap("a", "v", "w", time.Now().Add(time.Minute)) {
			t.Error("the value could not be swapped")
		}
		time.Sleep(time.Minute - time.Nanosecond)
		f.createOthers()
		if f.load("a") != "w" {
			t.Error("the new value has gone before it expires")
		}
	})
}

func TestExpiryIsReplacedBySwap(t *testing.T) {
	for _, test := range []struct {
		name          string
		first, second time.Duration // 0 is the zero time
		wantAfter     string
	}{
		{"later", time.Minute, 2 * time.Hour, "w"},
		{"sooner", 2 * time.Hour, time.Minute, ""},
		{"for good", time.Minute, 0, "w"},
		{"no longer for good", 0, time.Minute, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := func(d time.Duration) time.Time {
					if d == 0 {
						return time.Time{}
					}
					return time.Now().Add(d)
				}
				f := newFixture(t, 0)
				f.create("a", in(test.first))
				f.create("b", in(time.Hour)) // a must pass it in the order of expiry
				if !f.swap("a", "v", "w", in(test.second)) {
					t.Fatal("the swap was refused")
				}
				time.Sleep(time.Hour)
				f.createOthers()
				if got := f.load("a"); got != test.wantAfter {
					t.Errorf("after an hour: got %q, want %q", got, test.wantAfter)
				}
			})
		})
	}
}

func TestExpiresOutsideTheRangeOfUnixNano(t *testing.T) {
	f := newFixture(t, 0)
	for i, expires := range []time.Time{{}, time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(math.MaxInt64, 0)} {
		f.create(key(i), expires)
		f.createOthers()
		if f.load(key(i)) != "v" {
			t.Errorf("the value that expires %v has gone", expires)
		}
	}
	for i, expires := range []time.Time{time.Unix(0, 0), time.Unix(-1, 0), time.Date(1066, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(math.MinInt64, 0)} {
		f.create(key(100+i), expires)
		f.createOthers()
		if f.load(key(100+i)) != "" {
			t.Errorf("the value that expired %v is there", expires)
		}
	}
}

func TestMaxEntries(t *testing.T) {
	const max = 1000
	f := newFixture(t, max)
	for i := range max {
		f.create(key(i), time.Time{})
	}
	f.wantFull("one more")
	f.wantLen(max)
	for i := range max {
		if !f.swap(key(i), "v", "w", time.Time{}) {
			t.Fatal("a value of a full store could not be swapped")
		}
	}
	if f.swap(key(0), "", "v", time.Time{}) {
		t.Error("a value of a full store was created again")
	}
	f.wantLen(max)
}

// The reasons to refuse must not be told apart by whether there is room: a lost race is no error.
func TestFullStoreLosesRacesWithoutError(t *testing.T) {
	f := newFixture(t, 1)
	f.create("a", time.Time{})
	if f.swap("a", "other", "w", time.Time{}) || f.swap("b", "other", "w", time.Time{}) {
		t.Error("a swap from a value that is not there succeeded")
	}
}

func TestMaxEntriesExpiredValuesMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const max, expiring = 1000, 300
		f := newFixture(t, max)
		for i := range max {
			expires := time.Now().Add(time.Hour)
			if i < expiring {
				expires = time.Now().Add(time.Minute)
			}
			f.create(key(i), expires)
		}
		time.Sleep(time.Minute - time.Nanosecond)
		f.wantFull("too early")
		time.Sleep(time.Nanosecond)
		for i := range expiring {
			f.create(key(max+i), time.Time{}) // its own shard has seldom an expired value
		}
		f.wantFull("one more")
		f.wantLen(max)
		for i := range max + expiring {
			want := "v"
			if i < expiring {
				want = ""
			}
			if got := f.load(key(i)); got != want {
				t.Fatalf("key %d: got %q, want %q", i, got, want)
			}
		}
	})
}

func TestMaxEntriesUnderConcurrency(t *testing.T) {
	const max, expired, workers, each = 50_000, 5000, 8, 6300
	f := newFixture(t, max)
	for i := range expired {
		f.create(key(i), time.Unix(1, 0))
	}
	var created atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				swapped, err := f.CompareAndSwap(t.Context(), fmt.Sprintf("%d/%d", w, i), nil, []byte("v"), time.Time{})
				switch {
				case swapped:
					created.Add(1)
				case !errors.Is(err, memstore.ErrFull):
					t.Errorf("got %v, %v; want true, nil or false, ErrFull", swapped, err)
				}
				if n := f.Len(); n > max {
					t.Errorf("the store holds %d values, %d at most are allowed", n, max)
				}
			}
		})
	}
	wg.Wait()
	if got := created.Load(); got != max {
		t.Errorf("created %d values, there was room for %d", got, max)
	}
	f.wantLen(max)
}

func TestNewPanicsOnNegativeMaxEntries(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	memstore.New(&memstore.Options{MaxEntries: -1})
}

func TestDefaultMaxEntries(t *testing.T) {
	for _, opts := range []*memstore.Options{nil, {}} {
		f := fixture{t, memstore.New(opts)}
		f.create("a", time.Time{})
		f.create("b", time.Time{})
	}
}

// Each call removes a few expired values and no more, however many there are.
func TestNoCallCleansUpLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, most = 20_000, 8
		f := newFixture(t, 2*n)
		for i := range n {
			f.create(key(i), time.Now().Add(time.Minute))
		}
		time.Sleep(time.Minute)
		created := 0
		create := func() (removed int) {
			before := f.Len()
			f.create(fmt.Sprintf("new-%d", created), time.Time{})
			created++
			if removed = before + 1 - f.Len(); removed > most {
				t.Fatalf("one call removed %d values, want at most %d", removed, most)
			}
			return removed
		}
		for f.Len() > created {
			create()
			if created > n {
				t.Fatalf("after %d calls, %d expired values are still held", created, f.Len()-created)
			}
		}
		// The same where a full store has to look into all shards.
		for i := range 2*n - f.Len() {
			f.create(key(i), time.Now().Add(time.Minute))
		}
		f.wantFull("one more")
		time.Sleep(time.Minute)
		if removed := create(); removed < 1 {
			t.Errorf("creating a value in a full store removed %d values, want 1 to %d", removed, most)
		}
	})
}

// The memory of expired values, and that of the maps that held them, is free once others have come.
func TestMemoryIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heapAlloc := func() int64 {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		const n = 100_000
		f := newFixture(t, 0)
		value := strings.Repeat("v", 125)
		empty := heapAlloc()
		for i := range n {
			f.swap(fmt.Sprintf("%043d", i), "", value, time.Now().Add(time.Minute))
		}
		full := heapAlloc() - empty
		t.Logf("%d bytes per value", full/n)
		if full/n > 300 {
			t.Errorf("a value takes %d bytes, want at most 300", full/n)
		}
		time.Sleep(time.Minute)
		for i := range 5000 {
			f.create(key(i), time.Now().Add(time.Minute))
		}
		// createExpired creates others that expire at once, of which the last of each shard may stay.
		createExpired := func(name string, live int) {
			for i := range n {
				f.create(fmt.Sprintf("%s-%d", name, i), time.Now())
			}
			if held := f.Len(); held < live || held > live+256 {
				t.Errorf("%d values are held, want %d to %d", held, live, live+256)
			}
		}
		createExpired("first", 5000)
		for i := range 5000 {
			if !f.swap(key(i), "v", "w", time.Now()) {
				t.Fatal("a value that has not expired is not there")
			}
		}
		createExpired("second", 0)
		left := heapAlloc() - empty
		t.Logf("%d bytes left of %d", left, full)
		// What stays is the smallest map of each shard, some two kilobytes, however many values there were.
		if left > 256*4<<10 {
			t.Errorf("%d of %d bytes are still held after all values have expired", left, full)
		}
		runtime.KeepAlive(f.Store)
	})
}

func TestContractIsChecked(t *testing.T) {
	f := newFixture(t, 10)
	longest := strings.Repeat("k", 43)
	for _, test := range []struct {
		name, key string
		new       []byte
		ok        bool
	}{
		{"shortest", "k", []byte("v"), true},
		{"longest", longest, bytes.Repeat([]byte("v"), 1024), true},
		{"no key", "", []byte("v"), false},
		{"long key", longest + "k", []byte("v"), false},
		{"nil value", "nil", nil, false},
		{"empty value", "empty", []byte{}, false},
		{"long value", "long", bytes.Repeat([]byte("v"), 1025), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			swapped, err := f.CompareAndSwap(t.Context(), test.key, nil, test.new, time.Time{})
			if swapped != test.ok || (err == nil) != test.ok {
				t.Errorf("CompareAndSwap: got %v, %v", swapped, err)
			}
			if err != nil && test.key != "" && strings.Contains(err.Error(), test.key) {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
	for _, key := range []string{"", longest + "k"} {
		if _, err := f.Load(t.Context(), key); err == nil {
			t.Errorf("Load of a key of %d characters: no error", len(key))
		}
	}
	f.wantLen(2)
}

func TestEndedContext(t *testing.T) {
	f := newFixture(t, 10)
	f.create("a", time.Time{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if value, err := f.Load(ctx, "a"); value != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Load: got %q, %v; want nil, context.Canceled", value, err)
	}
	if swapped, err := f.CompareAndSwap(ctx, "a", []byte("v"), []byte("w"), time.Time{}); swapped || !errors.Is(err, context.Canceled) {
		t.Errorf("CompareAndSwap: got %v, %v; want false, context.Canceled", swapped, err)
	}
	if got := f.load("a"); got != "v" {
		t.Errorf("the value was swapped to %q all the same", got)
	}
}

// A caller that appends to a loaded value must not write into the store.
func TestLoadedValueHasNoRoomToAppend(t *testing.T) {
	f := newFixture(t, 10)
	f.create("a", time.Time{})
	value, _ := f.Load(t.Context(), "a")
	if len(value) != cap(value) {
		t.Errorf("got length %d, capacity %d", len(value), cap(value))
	}
}

func TestLoadDoesNotAllocate(t *testing.T) {
	f := newFixture(t, 10)
	f.create("a", time.Now().Add(time.Hour))
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { f.Load(ctx, "a") }); n != 0 {
		t.Errorf("Load allocates %v times", n)
	}
}

func TestPrintedStoreShowsNothing(t *testing.T) {
	f := newFixture(t, 10)
	f.swap("the-key", "", "the-value", time.Time{})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		text := fmt.Sprintf(verb, f.Store)
		for _, secret := range []string{"the-key", "the-value", fmt.Sprintf("%x", "the-key"), fmt.Sprint([]byte("the-value"))} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %q", verb, secret)
			}
		}
	}
}
