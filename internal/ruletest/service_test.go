package ruletest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// A Trust and a Kind show by their names, and as unknown without one. Service and Message carry the
// Kind.
func TestKind(t *testing.T) {
	for value, want := range map[fmt.Stringer]string{
		otp.Stranger: "Stranger", otp.Challenged: "Challenged", otp.Known: "Known",
		otp.Trust(-1): "Trust(?)", otp.Trust(3): "Trust(?)",
		otp.General: "General", otp.SignIn: "SignIn", otp.ConfirmAddress: "ConfirmAddress",
		otp.ChangeAddress: "ChangeAddress", otp.ResetPassword: "ResetPassword",
		otp.ConfirmTransaction: "ConfirmTransaction",
		otp.Kind(-1):           "Kind(?)", otp.Kind(6): "Kind(?)",
	} {
		assert.Equal(t, want, value.String())
	}

	service, inbox := otptest.New(t, otp.Config{Kind: otp.ConfirmTransaction})
	assert.Equal(t, otp.ConfirmTransaction, service.Kind())
	_, err := service.Send(t.Context(), otp.Request{To: ada})
	require.ErrorIs(t, err, otp.ErrInvalid)
	_, err = service.Send(t.Context(), otp.Request{To: ada, Binding: "session/payment"})
	require.NoError(t, err)
	require.Equal(t, otp.ConfirmTransaction, inbox.Messages()[0].Kind)
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
	code := start(t, otp.Config{Secret: testSecret, Store: store}).send("")

	for _, other := range []otp.Config{
		{Secret: bytes.Repeat([]byte{9}, 32)}, {Secret: testSecret, Purpose: "other"},
	} {
		other.Store = store
		start(t, other).submit("", code, otp.ErrNoCode)
	}
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
		s := start(t, otp.Config{Secret: testSecret})
		code := s.send("")
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
		want := otp.ErrRepeated
		if key == "" {
			want = otp.ErrUsed
		}
		s.verify(sub, want)
	})
}
