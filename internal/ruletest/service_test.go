package ruletest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// config returns a valid configuration whose Sender is never called.
func config() otp.Config {
	return otp.Config{
		Purpose: "test",
		Secret:  bytes.Repeat([]byte{1}, 32),
		Store:   newTable(),
		Sender:  otp.SenderFunc(func(context.Context, otp.Message) error { panic("called") }),
	}
}

// A Trust shows by its name, and as unknown without one.
func TestTrustString(t *testing.T) {
	for trust, want := range map[otp.Trust]string{
		otp.Stranger:   "Stranger",
		otp.Challenged: "Challenged",
		otp.Known:      "Known",
		-1:             "Trust(?)",
		3:              "Trust(?)",
	} {
		assert.Equal(t, want, trust.String())
	}
}

// A Kind shows by its name, and as unknown without one. Service and Message carry it.
func TestKind(t *testing.T) {
	names := []string{"General", "SignIn", "ConfirmAddress", "ChangeAddress", "ResetPassword",
		"ConfirmTransaction"}
	for i, name := range names {
		assert.Equal(t, name, otp.Kind(i).String())
	}
	assert.Equal(t, "Kind(?)", otp.Kind(-1).String())
	assert.Equal(t, "Kind(?)", otp.Kind(6).String())

	service, inbox := otptest.New(t, otp.Config{Kind: otp.ConfirmTransaction})
	assert.Equal(t, otp.ConfirmTransaction, service.Kind())
	_, err := service.Send(t.Context(), otp.Request{To: ada})
	require.ErrorIs(t, err, otp.ErrInvalid)
	_, err = service.Send(t.Context(), otp.Request{To: ada, Binding: "session/payment"})
	require.NoError(t, err)
	require.Equal(t, otp.ConfirmTransaction, inbox.Messages()[0].Kind)
}

// A Service tells the form of an address that it goes by.
func TestServiceNormalize(t *testing.T) {
	config := config()
	config.Normalize = func(to string) (string, error) {
		if to == "nobody" {
			return "", io.EOF
		}
		return "+" + to, nil
	}
	service, err := otp.New(config)
	require.NoError(t, err)

	to, err := service.Normalize("1")
	require.NoError(t, err)
	require.Equal(t, "+1", to)

	_, err = service.Normalize("nobody")
	require.ErrorIs(t, err, otp.ErrInvalid)
	require.ErrorIs(t, err, io.EOF)
}

// New takes each value at its bound. Beyond it, the error names the field, the value and the bound.
func TestNew(t *testing.T) {
	key := bytes.Repeat([]byte{2}, 32)
	purpose := func(p string) func(*otp.Config) {
		return func(c *otp.Config) { c.Purpose = p }
	}
	const wantPurpose = "it must be 1 to 64 ASCII letters, digits, '.', '_' and '-'"

	for _, c := range []struct {
		change func(*otp.Config)
		want   string // the error, "" for none
	}{
		{purpose("p"), ""},
		{purpose(strings.Repeat("p", 64)), ""},
		{purpose("azAZ09._-"), ""},
		{purpose(""), `otp: Config.Purpose is "": ` + wantPurpose},
		{purpose(strings.Repeat("p", 65)), wantPurpose},
		{purpose("pass word"), `otp: Config.Purpose is "pass word": ` + wantPurpose},
		{purpose("a`"), wantPurpose}, // beside a, z, A, Z, 0 and 9 in ASCII
		{purpose("a{"), wantPurpose},
		{purpose("a@"), wantPurpose},
		{purpose("a["), wantPurpose},
		{purpose("a/"), wantPurpose},
		{purpose("a:"), wantPurpose},
		{func(c *otp.Config) { c.Secret = nil },
			"otp: Config.Secret has 0 bytes: it must have at least 32, random ones"},
		{func(c *otp.Config) { c.Secret = c.Secret[:31] },
			"otp: Config.Secret has 31 bytes: it must have at least 32, random ones"},
		{func(c *otp.Config) { c.CodeKeys = otp.Keys{key} }, ""},
		{func(c *otp.Config) { c.CodeKeys = otp.Keys{key, key[:31]} },
			"otp: Config.CodeKeys has a key of 31 bytes at position 1: each must have at least 32"},
		{func(c *otp.Config) { c.CodeKeys = otp.Keys{c.Secret, key, c.Secret} },
			"otp: Config.CodeKeys has the same key at positions 0 and 2"},
		{func(c *otp.Config) { c.Store = nil }, "otp: Config.Store is nil: it is required"},
		{func(c *otp.Config) { c.Sender = nil }, "otp: Config.Sender is nil: it is required"},
		{func(c *otp.Config) { c.Store = (*memstore.Store)(nil) }, "otp: Config.Store is nil"},
		{func(c *otp.Config) { c.Sender = otp.SenderFunc(nil) }, "otp: Config.Sender is nil"},
		{func(c *otp.Config) { c.Sender = (*otptest.Inbox)(nil) }, "otp: Config.Sender is nil"},
		{func(c *otp.Config) { c.Kind = otp.ConfirmTransaction }, ""},
		{func(c *otp.Config) { c.Kind = 6 },
			"otp: Config.Kind is 6: it must be one of the constants of otp.Kind"},
		{func(c *otp.Config) { c.Kind = -1 }, "otp: Config.Kind is -1"},
		{func(c *otp.Config) { c.Policy.MaxAttempts = 11 },
			"otp: Policy.MaxAttempts is 11: it must be 1 to 10"},
	} {
		config := config()
		c.change(&config)

		s, err := otp.New(config)
		if c.want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.want)
			assert.Nil(t, s)
		}
	}
}

// What a caller does to its Config after New, or to what Policy returns, changes nothing.
func TestNewKeepsNothingOfTheCaller(t *testing.T) {
	limits := []otp.Limit{{Count: 5, Window: time.Hour}, {Count: 1, Window: time.Minute}}
	sorted := []otp.Limit{limits[1], limits[0]}
	c := config()
	c.Policy.SendLimits = limits

	s, err := otp.New(c)
	require.NoError(t, err)
	assert.Equal(t, time.Hour, limits[0].Window, "the caller's limits are as they were")

	pseudonym := s.Pseudonym(ada)
	clear(c.Secret)
	clear(limits)
	clear(s.Policy().SendLimits)

	assert.Equal(t, pseudonym, s.Pseudonym(ada))
	assert.Equal(t, sorted, s.Policy().SendLimits)
}

// Policy returns the effective policy.
func TestPolicy(t *testing.T) {
	s, err := otp.New(config())
	require.NoError(t, err)

	assert.Equal(t, 6, s.Policy().Length)
	assert.Equal(t, 10, s.Policy().MaxLength)
	assert.Equal(t, 500*time.Millisecond, s.Policy().MinSendTime)
}

// A Pseudonym depends on Secret, Purpose and the normal form of the address, and on nothing else.
func TestPseudonym(t *testing.T) {
	pseudonym := func(to string, change func(*otp.Config)) string {
		c := config()
		change(&c)
		s, err := otp.New(c)
		require.NoError(t, err)
		return s.Pseudonym(to)
	}
	same := func(*otp.Config) {}
	base := pseudonym(ada, same)

	assert.Equal(t, "78oqWXpC0lrHsWVbMGSrXQ", base, "never changes: it stands in logs")
	assert.Equal(t, base, pseudonym(" ADA@example.com", same))
	assert.Equal(t, base, pseudonym(ada, func(c *otp.Config) { c.Policy.Length = 8 }))
	assert.NotEqual(t, base, pseudonym("grace@example.com", same))
	assert.NotEqual(t, base, pseudonym(ada, func(c *otp.Config) { c.Purpose = "other" }))
	assert.NotEqual(t, base, pseudonym(ada, func(c *otp.Config) { c.Secret = testSecret }))
	assert.Empty(t, pseudonym("", same))
}

// Services with another Secret or Purpose share nothing, also on one store.
func TestServicesShareNothing(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Secret: testSecret, Store: store})
	code, _ := send(t, s, in, otp.Request{To: ada})

	other, _ := otptest.New(t, otp.Config{Secret: bytes.Repeat([]byte{9}, 32), Store: store})
	require.ErrorIs(t, submit(t, other, code), otp.ErrNoCode)
	other, _ = otptest.New(t, otp.Config{Secret: testSecret, Store: store, Purpose: "other"})
	require.ErrorIs(t, submit(t, other, code), otp.ErrNoCode)
}

// Status says what Send would say, and changes nothing.
func TestStatus(t *testing.T) {
	store := newTable()
	s, in := otptest.New(t, otp.Config{Store: store})
	ask := otp.Request{To: ada, Binding: "session"}

	status, err := s.Status(t.Context(), ask)
	require.NoError(t, err)
	assert.Equal(t, otp.Status{CodeLength: 6}, status)

	code, sent := send(t, s, in, ask)
	store.took()
	status, err = s.Status(t.Context(), ask)
	require.NoError(t, err)
	assert.Equal(t, sent, status)
	assert.Equal(t, []string{"load+"}, store.took())

	err = submitBound(t, s, "session", wrong(code, 0))
	status, _ = s.Status(t.Context(), ask)
	assert.Equal(t, status, rejection(t, err))
	assert.Equal(t, 4, status.AttemptsLeft)

	status, _ = s.Status(t.Context(), otp.Request{To: ada, Binding: "other"})
	assert.False(t, status.Live)
}

// The longest address, Binding and lifetime are taken.
func TestTheLongestOfAll(t *testing.T) {
	s, in := otptest.New(t, otp.Config{Policy: otp.Policy{Lifetime: day}})
	ask := otp.Request{To: strings.Repeat("a", 1024), Binding: strings.Repeat("b", 1024)}

	code, status := send(t, s, in, ask)
	assert.Greater(t, time.Until(status.ExpiresAt), day-2*time.Second)
	require.NoError(t, s.Verify(t.Context(), otp.Submission{
		To: ask.To, Binding: ask.Binding, Code: code, IdempotencyKey: strings.Repeat("k", 128)}))
}

// FuzzVerify: whatever is submitted, it is accepted only with the digits of the code and the rest
// of the request; all else is a rejection or invalid.
func FuzzVerify(f *testing.F) {
	f.Add("ada@example.com", "", "492013", "")
	f.Add("ADA@example.com ", "", " 4 9-2013", "key")
	f.Add("", "flow", "", "")
	f.Add("ada@example.com", "flow", strings.Repeat("9", 65), strings.Repeat("k", 129))
	f.Add("\xff", "\x00", "\xff\xfe", "\x00")

	f.Fuzz(func(t *testing.T, to, binding, typed, key string) {
		s, in := otptest.New(t, otp.Config{Secret: testSecret})
		code, _ := send(t, s, in, otp.Request{To: ada})
		sub := otp.Submission{To: to, Binding: binding, Code: typed, IdempotencyKey: key}

		err := s.Verify(t.Context(), sub)
		if err != nil {
			require.True(t, errors.Is(err, otp.ErrRejected) || errors.Is(err, otp.ErrInvalid),
				"%v", err)
			return
		}

		address, err := otp.NormalizeAddress(to)
		require.NoError(t, err)
		require.Equal(t, ada, address)
		require.Empty(t, binding)
		sub.Code = code
		require.ErrorIs(t, s.Verify(t.Context(), sub), errUsedOrRepeated(key))
	})
}

// FuzzStoredValue: whatever lies in the store, nothing is accepted.
func FuzzStoredValue(f *testing.F) {
	f.Add([]byte{1}, "492013")
	f.Add(make([]byte, 200), "000000")

	f.Fuzz(func(t *testing.T, value []byte, typed string) {
		store := newTable()
		s, _ := otptest.New(t, otp.Config{Store: store, Secret: testSecret})
		_, err := s.Send(t.Context(), otp.Request{To: ada, Decoy: true})
		require.NoError(t, err)

		for key := range store.values {
			store.values[key] = value
		}
		require.Error(t, submit(t, s, typed))
	})
}
