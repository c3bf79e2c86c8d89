package otp_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"sync"
	"testing"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A mapStore is the least that is a Store: it keeps everything for good. In place of the lock, a
// database has a conditional write.
type mapStore struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (s *mapStore) Load(ctx context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[key], ctx.Err()
}

func (s *mapStore) CompareAndSwap(
	ctx context.Context, key string, old, new []byte, _ time.Time,
) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if err := ctx.Err(); err != nil {
		return false, err
	}
	if !bytes.Equal(s.values[key], old) {
		return false, nil
	}
	s.values[key] = bytes.Clone(new)
	return true, nil
}

// A Store of one's own is two methods, and the conformance suite tests it.
func ExampleStore() {
	// In a _test.go file:
	_ = func(t *testing.T) {
		otptest.TestStore(t, func(testing.TB) (a, b otp.Store) {
			store := &mapStore{values: map[string][]byte{}}
			return store, store
		})
	}

	ctx := context.Background()
	t := log.Default() // in a test, its *testing.T
	service, inbox := otptest.New(t, otp.Config{Store: &mapStore{values: map[string][]byte{}}})
	if _, err := service.Send(ctx, otp.Request{To: "ada@example.com"}); err != nil {
		log.Fatal(err)
	}
	code := inbox.Code(t, "ada@example.com")
	fmt.Println(service.Verify(ctx, otp.Submission{To: "ada@example.com", Code: code}))
	// Output: <nil>
}
