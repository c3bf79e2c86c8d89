package sesmail

import (
	"context"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/seed-5978b5f1/otp"
)

type noAPI struct{}

func (noAPI) SendEmail(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	panic("unreachable")
}

// BenchmarkNew is what a process pays that never sends a mail.
func BenchmarkNew(b *testing.B) { benchmark(b, func() {}, func(*Sender) {}) }

// BenchmarkFirstMail is what the first mail of a process costs, New included, but for what SES takes.
func BenchmarkFirstMail(b *testing.B) {
	benchmark(b, func() {
		translations, standard = sync.OnceValue(listTranslations), sync.OnceValue(newStandard)
	}, func(s *Sender) { s.Render(otp.Message{Language: "de-CH, en;q=0.5"}) })
}

// BenchmarkMail is what any other costs.
func BenchmarkMail(b *testing.B) {
	benchmark(b, func() {}, func(s *Sender) { s.Render(otp.Message{Language: "de-CH, en;q=0.5"}) })
}

func benchmark(b *testing.B, before func(), then func(*Sender)) {
	b.ReportAllocs()
	for b.Loop() {
		before()
		s, err := New(noAPI{}, "Acme <no-reply@acme.example>", nil)
		if err != nil {
			b.Fatal(err)
		}
		then(s)
	}
}
