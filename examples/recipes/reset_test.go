package recipes

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// accounts are passwords by address, and who was told of a change.
type accounts struct {
	hashes map[string]string
	told   []string
}

func (a *accounts) Has(_ context.Context, address string) (bool, error) {
	_, known := a.hashes[address]
	return known, nil
}

func (a *accounts) Hash(password string) (string, error) { return "hash of " + password, nil }

func (a *accounts) SetPassword(_ context.Context, address, hash string) error {
	a.hashes[address] = hash
	return nil
}

func (a *accounts) TellPasswordChanged(_ context.Context, address string) error {
	a.told = append(a.told, address)
	return nil
}

func TestReset(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{
		Length: 8, SendLimits: []otp.Limit{{Count: 3, Window: time.Hour}},
	}})
	a := &accounts{hashes: map[string]string{"ada@example.com": "old"}}
	r := Reset{codes, a}

	require.NoError(t, r.Ask(t.Context(), "nobody@example.com", "session"))
	require.NoError(t, r.Ask(t.Context(), "Ada@example.com", "another session"))
	another := inbox.Code(t, "ada@example.com")
	require.NoError(t, r.Ask(t.Context(), "ada@example.com", "session"))
	code := inbox.Code(t, "ada@example.com")
	require.Len(t, inbox.Messages(), 2)

	// A mail that fails looks like one to an address without an account.
	inbox.Fail(otp.ErrNotSent)
	require.NoError(t, r.Ask(t.Context(), "ada@example.com", "session"))
	require.ErrorIs(t, r.Ask(t.Context(), "ada@example.com", "session"), otp.ErrLimited)

	// A bad password spends no code.
	require.ErrorIs(t, r.Set(t.Context(), "ada@example.com", "another session", another, "short"),
		ErrShortPassword)
	require.NoError(t, r.Set(t.Context(), "ada@example.com", "another session", another,
		"a moth in relay seventy"))
	require.Equal(t, "hash of a moth in relay seventy", a.hashes["ada@example.com"])
	require.Equal(t, []string{"ada@example.com"}, a.told)

	// The codes of other browsers are void.
	require.ErrorIs(t, r.Set(t.Context(), "ada@example.com", "session", code,
		"a moth in relay seventy"), otp.ErrNoCode)
}
