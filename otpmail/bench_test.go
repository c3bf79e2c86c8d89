package otpmail

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
)

// BenchmarkNew is what a process pays that never sends a mail.
func BenchmarkNew(b *testing.B) { benchmark(b, func() {}, func(*Catalog) error { return nil }) }

// BenchmarkFirstMail is what the first mail of a process costs, New included.
func BenchmarkFirstMail(b *testing.B) {
	benchmark(b, func() {
		translations, matcher = sync.OnceValue(listTranslations), sync.OnceValue(newMatcher)
	}, renderOne)
}

// BenchmarkMail is what any other costs.
func BenchmarkMail(b *testing.B) { benchmark(b, func() {}, renderOne) }

func renderOne(s *Catalog) error {
	_, err := s.Render(otp.Message{
		Language: "de-CH, en;q=0.5", Code: otp.NewCode("492013"),
		ExpiresAt: time.Now().Add(time.Hour),
	})
	return err
}

func benchmark(b *testing.B, before func(), then func(*Catalog) error) {
	b.ReportAllocs()
	for b.Loop() {
		before()
		s, err := NewCatalog(Options{Product: "Acme"})
		require.NoError(b, err)
		require.NoError(b, then(s))
	}
}
