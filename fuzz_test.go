package otp_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// FuzzVerify: whatever is submitted, it is accepted only if its digits are those of the code; all else is a rejection.
func FuzzVerify(f *testing.F) {
	f.Add("ada@example.com", "", "492013")
	f.Add("ADA@example.com ", "", " 4 9-2013")
	f.Add("", "flow", "")
	f.Add("ada@example.com", "flow", strings.Repeat("9", 65))
	f.Add("\xff", "\x00", "\xff\xfe")
	f.Fuzz(func(t *testing.T, to, bind, typed string) {
		s, in := otptest.New(t, otp.Config{Secret: testSecret})
		code, _ := send(t, s, in, otp.Request{To: ada})
		err := s.Verify(t.Context(), otp.Submission{To: to, Bind: bind, Code: typed})
		if err != nil {
			if !errors.Is(err, otp.ErrRejected) {
				t.Errorf("Verify(%q, %q, %q): %v, want a rejection", to, bind, typed, err)
			}
			return
		}
		digits := strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) && r < unicode.MaxASCII {
				return r
			}
			return -1
		}, typed)
		if strings.ToLower(strings.TrimSpace(to)) != ada || bind != "" || digits != "" && len(digits) == len(code) && digits != code {
			t.Errorf("Verify(%q, %q, %q) is accepted, the code is %s", to, bind, typed, code)
		}
	})
}

// FuzzStoredValue: whatever lies in the store, it is never accepted.
func FuzzStoredValue(f *testing.F) {
	f.Add([]byte{1}, "492013")
	f.Add(make([]byte, 200), "000000")
	f.Fuzz(func(t *testing.T, value []byte, typed string) {
		store := newTable()
		s, _ := otptest.New(t, otp.Config{Store: store, Secret: testSecret})
		if _, err := s.Send(t.Context(), otp.Request{To: ada, Decoy: true}); err != nil {
			t.Fatal(err)
		}
		for key, genuine := range store.values {
			if string(genuine) != string(value) {
				store.values[key] = value
			}
		}
		if err := submit(t, s, typed); err == nil {
			t.Errorf("with the value %x in the store, %q is accepted", value, typed)
		}
	})
}
