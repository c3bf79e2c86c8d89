package evp

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// With keys that are kept, most of what a Verify costs are its two signatures.
func BenchmarkVerify(b *testing.B) {
	s := newScene()
	v, err := New(s.config)
	require.NoError(b, err)
	token := s.browser.Token(address, visit)
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(b, err)
	signed := []byte(token[:len(token)/2])
	signature := ed25519.Sign(private, signed)

	var verify, bare time.Duration
	for b.Loop() {
		begun := time.Now()
		_, err := v.Verify(b.Context(), token, isVisit)
		verified := time.Now()
		valid := true
		for range 2 {
			valid = valid && ed25519.Verify(public, signed, signature)
		}
		bare += time.Since(verified)
		verify += verified.Sub(begun)
		require.NoError(b, err)
		require.True(b, valid)
	}

	ratio := verify.Seconds() / bare.Seconds()
	b.ReportMetric(float64(verify.Microseconds())/float64(b.N), "verify-µs")
	b.ReportMetric(ratio, "of-its-signatures")
	if b.N >= 1000 {
		require.Less(b, ratio, 1.4)
	}
}
