package evp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// With keys that are kept: the bound is 200 µs.
func BenchmarkVerify(b *testing.B) {
	s := newScene()
	v, err := New(s.config)
	require.NoError(b, err)
	token := s.browser.Token(address, visit)

	for b.Loop() {
		_, err := v.Verify(b.Context(), token, isVisit)
		require.NoError(b, err)
	}
}
