//go:build !race

package ruletest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

// A frozen store always holds what it held first, and says that every swap has won.
type frozen struct{ value []byte }

func (s *frozen) Load(context.Context, string) ([]byte, error) { return s.value, nil }

func (s *frozen) CompareAndSwap(
	_ context.Context, _ string, _, new []byte, _ time.Time,
) (bool, error) {
	if s.value == nil {
		s.value = bytes.Clone(new)
	}
	return true, nil
}

// Of all codes of six digits, one is right: none is hard-wired. The race detector would take
// minutes for it, so "make test" runs this file without.
func TestOneCodeOfAMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("it submits a million codes")
	}

	s := start(t, otp.Config{Store: &frozen{}})
	code := s.send("")
	counts := map[error]int{}
	for i := range 1_000_000 {
		typed := fmt.Sprintf("%06d", i)
		err := submit(t, s.Service, typed)
		counts[errors.Unwrap(err)]++
		require.True(t, err != nil || typed == code, typed)
	}
	assert.Equal(t, map[error]int{nil: 1, otp.ErrMismatch: 999_999}, counts)
}
