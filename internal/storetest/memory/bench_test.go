// Package memory measures package otp where the store takes no time.
package memory

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
	"github.com/seed-5978b5f1/otp/memstore"
)

// newService returns a Service with the default policy, but for MinSendTime, on a store that does
// not get full. It puts the code of each message into code.
func newService(b *testing.B, code *string) (*otp.Service, *memstore.Store) {
	b.Helper()
	store := memstore.New(&memstore.Options{MaxEntries: 100_000_000})

	service, err := otp.New(otp.Config{
		Purpose: "bench", Secret: []byte("a secret of 32 bytes for benches"), Store: store,
		Policy: otp.Policy{MinSendTime: -1},
		Sender: otp.SenderFunc(func(_ context.Context, m otp.Message) error {
			*code = m.Code.Reveal()
			return nil
		}),
	})
	require.NoError(b, err)
	return service, store
}

// BenchmarkPair compares pairs of Send and Verify, among ten thousand live codes and more, with
// making and validating as many codes by a library that stores nothing, so that its codes work
// again and again while they last.
func BenchmarkPair(b *testing.B) {
	const portion = 10 // more would fill the memory of all turns
	var code string
	service, _ := newService(b, &code)
	fill(b, service, 10_000)
	key := base32.StdEncoding.EncodeToString([]byte("a secret of 20 bytes"))

	made := 0
	ours := func() error {
		for range portion {
			made++
			to := fmt.Sprintf("ada.lovelace.%08d@example.com", made)
			if _, err := service.Send(b.Context(), otp.Request{To: to}); err != nil {
				return err
			}
			err := service.Verify(b.Context(), otp.Submission{To: to, Code: code})
			if err != nil {
				return err
			}
		}
		return nil
	}
	theirs := func() error {
		for range portion {
			code, err := totp.GenerateCode(key, time.Now())
			if err != nil {
				return err
			}
			if !totp.Validate(code, key) {
				return errors.New("the code is not valid")
			}
		}
		return nil
	}
	harness.Compare(b, 3.5, ours, theirs)
}

// BenchmarkLiveCodes is about what each of many live codes takes of memory.
func BenchmarkLiveCodes(b *testing.B) {
	const n, bound = 300_000, 300 // codes, bytes
	empty := heap()
	service, store := newService(b, new(string))
	fill(b, service, n)

	each := float64(heap()-empty) / float64(n)
	require.Equal(b, n, store.Len())
	b.ReportMetric(each, "B/code")
	b.ReportMetric(0, "ns/op")
	require.LessOrEqual(b, each, float64(bound))
}

// fill sends n codes that stay live.
func fill(tb testing.TB, s *otp.Service, n int) {
	tb.Helper()

	var wg sync.WaitGroup
	for g := range 2 {
		wg.Go(func() {
			for i := range n / 2 {
				to := fmt.Sprintf("grace.hopper.%d.%08d@example.com", g, i)
				if _, err := s.Send(tb.Context(), otp.Request{To: to, Decoy: true}); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// heap returns how many bytes are held, after collecting garbage.
func heap() uint64 {
	runtime.GC() // twice, since pools give up what they hold in two steps
	runtime.GC()

	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
