package bench

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"hash"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/pquerna/otp/totp"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed-5978b5f1/otp"
)

// BenchmarkMemory compares the life of one code in memory, among ten thousand live ones, with its floor and with what
// else people do.
func BenchmarkMemory(b *testing.B) {
	b.Run("otp", func(b *testing.B) { tenThousand.run(b, 1) })
	b.Run("hmacs", benchmarkHMACs)
	b.Run("new-hmacs", benchmarkNewHMACs)
	b.Run("pquerna", benchmarkPquerna)
	b.Run("scs", benchmarkSCS)
	b.Run("bcrypt", benchmarkBcrypt)
	b.Run("argon2id", benchmarkArgon2id)
}

var tenThousand = &population{live: 10_000}

// The HMACs of a pair are 3 of Send and 4 of Verify. Their messages are fields with 4 bytes of length in front.
const (
	recordKey  = 4 + len("ada.lovelace.00000000@example.com")
	codeText   = 4 + len(purpose) + recordKey + 4 + 4 + 16 + 1 // purpose, address, Bind, seed, counter
	sentValue  = 4 + 22 + sentSize - 16                        // record key, value up to its MAC
	spentValue = 4 + 22 + spentSize - 16
	sentSize   = 105 // bytes of the value that Send writes, TestValueSizes
	spentSize  = 121 // and of that which Verify writes
)

// The keys that they are under: for finding records, for codes and for values.
const (
	locate = iota
	derive
	seal
)

var macs = []struct{ key, length int }{
	{locate, recordKey}, {derive, codeText}, {seal, sentValue}, // Send: find the record, derive the code, seal the value
	{locate, recordKey}, {seal, sentValue}, {derive, codeText}, {seal, spentValue}, // Verify: and open the value before
}

// computeMACs computes n times what a pair cannot do without, with keyed states that are used again.
func computeMACs(n int) {
	keys := [3]hash.Hash{}
	for i := range keys {
		keys[i] = hmac.New(sha256.New, append([]byte{byte(i)}, secret...))
	}
	message := make([]byte, 256)
	sum := make([]byte, 0, sha256.Size)
	for range n {
		for _, mac := range macs {
			key := keys[mac.key]
			key.Reset()
			key.Write(message[:mac.length])
			sum = key.Sum(sum[:0])
		}
	}
}

func benchmarkHMACs(b *testing.B) {
	b.ReportAllocs()
	computeMACs(b.N)
}

// benchmarkNewHMACs computes the same as most code does: each with an HMAC of its own.
func benchmarkNewHMACs(b *testing.B) {
	b.ReportAllocs()
	message := make([]byte, 256)
	for b.Loop() {
		for _, mac := range macs {
			h := hmac.New(sha256.New, secret)
			h.Write(message[:mac.length])
			h.Sum(nil)
		}
	}
}

// benchmarkPquerna generates and validates a code with the defaults of a library that stores nothing, so that a code
// works again and again while it lasts.
func benchmarkPquerna(b *testing.B) {
	key := base32.StdEncoding.EncodeToString(secret[:20])
	b.ReportAllocs()
	for b.Loop() {
		code, err := totp.GenerateCode(key, time.Now())
		if err != nil || !totp.Validate(code, key) {
			b.Fatal("the code is not valid", err)
		}
	}
}

// benchmarkSCS stores and finds the bytes of a record with the memory store of a session library.
func benchmarkSCS(b *testing.B) {
	store := memstore.NewWithCleanupInterval(0)
	value, expires := make([]byte, sentSize), time.Now().Add(time.Hour)
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("%043d", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		key := keys[i%len(keys)]
		if err := store.Commit(key, value, expires); err != nil {
			b.Fatal(err)
		}
		if _, found, err := store.Find(key); !found || err != nil {
			b.Fatal("not found", err)
		}
	}
}

// benchmarkBcrypt hashes a code when it is sent and compares it when it comes back, as tutorials do.
func benchmarkBcrypt(b *testing.B) {
	for b.Loop() {
		hash, err := bcrypt.GenerateFromPassword([]byte("492013"), 10)
		if err != nil || bcrypt.CompareHashAndPassword(hash, []byte("492013")) != nil {
			b.Fatal("the code is not valid", err)
		}
	}
}

// benchmarkArgon2id does the same with the parameters that the documentation of the package recommends.
func benchmarkArgon2id(b *testing.B) {
	salt := make([]byte, 16)
	for b.Loop() {
		for range 2 {
			argon2.IDKey([]byte("492013"), salt, 1, 64*1024, 4, 32)
		}
	}
}

// BenchmarkGoroutines runs the pairs in parallel, and parts of them that share nothing, to see what processors and
// runtime can give: their HMACs, and allocations of the same sizes. One goroutine is measured on one processor, as
// "go test -cpu 1,2" does, and once more with the second one, on which the runtime then collects its garbage. The store
// is larger than elsewhere, so that a run is long enough for the goroutines to settle and for its garbage.
func BenchmarkGoroutines(b *testing.B) {
	run := func(name string, processors int, f func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
			f(b)
		})
	}
	all := runtime.GOMAXPROCS(0)
	for _, n := range []int{1, 2, 4, 8} {
		run(fmt.Sprint(n), min(n, all), func(b *testing.B) { hundredThousand.run(b, n) })
	}
	run("1/with-2-processors", min(2, all), func(b *testing.B) { hundredThousand.run(b, 1) })
	for name, part := range map[string]func(n int){"hmacs": computeMACs, "allocations": allocate} {
		for _, n := range []int{1, 2} {
			run(fmt.Sprintf("%s/%d", name, n), min(n, all), func(b *testing.B) {
				var wg sync.WaitGroup
				for range n {
					wg.Go(func() { part(b.N / n) })
				}
				wg.Wait()
			})
		}
	}
}

// allocate does n times the allocations of a pair, and keeps as much as a store of fifty thousand records.
func allocate(n int) {
	sizes := []int{24, 64, 112, 32, 16, 8, 24, 128}
	kept := make([][]byte, 150_000)
	for i := range n {
		for j, size := range sizes {
			kept[(i*len(sizes)+j)%len(kept)] = make([]byte, size)
		}
	}
}

// BenchmarkLive runs the pairs among so many live codes. A run must be long enough to pay for the collections of
// garbage that it causes, which are rare and long with many codes: one for about 6 million pairs with 10 million codes.
func BenchmarkLive(b *testing.B) {
	for _, p := range populations {
		b.Run(fmt.Sprint(p.live), func(b *testing.B) {
			p.run(b, 1)
			b.ReportMetric(float64(p.bytes)/float64(p.live), "B/code")
		})
	}
}

var hundredThousand = &population{live: 100_000}

var populations = []*population{tenThousand, {live: 1_000_000}, {live: 10_000_000}}

// The sizes that the benchmarks of HMACs and stores assume are those of the values that a Service writes.
func TestValueSizes(t *testing.T) {
	store := &sizes{Store: newStore()}
	newClient(t, store).pair(t, addresses(1)[0])
	if len(store.swaps) != 2 || store.swaps[0] != sentSize || store.swaps[1] != spentSize {
		t.Errorf("the values have %v bytes, want %d and %d", store.swaps, sentSize, spentSize)
	}
}

// sizes notes the sizes of the values that are swapped in.
type sizes struct {
	otp.Store
	swaps []int
}

func (s *sizes) CompareAndSwap(ctx context.Context, key string, old, new []byte, expires time.Time) (bool, error) {
	s.swaps = append(s.swaps, len(new))
	return s.Store.CompareAndSwap(ctx, key, old, new, expires)
}
