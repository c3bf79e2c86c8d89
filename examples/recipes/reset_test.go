package recipes

import (
	"context"
	"testing"

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
	codes, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{Length: 8}})
	a := &accounts{hashes: map[string]string{"ada@example.com": "old"}}
	r := Reset{codes, a}

	require.NoError(t, r.Ask(t.Context(), "nobody@example.com", "session"))
	require.NoError(t, r.Ask(t.Context(), "Ada@example.com", "another session"))
	another := inbox.Code(t, "ada@example.com")
	require.ErrorIs(t, r.Ask(t.Context(), "ada@example.com", "session"), otp.ErrLimited)
	require.Len(t, inbox.Messages(), 1)

	// A bad password spends no code.
	require.ErrorIs(t, r.Set(t.Context(), "ada@example.com", "another session", another, "short"),
		ErrShortPassword)
	require.NoError(t, r.Set(t.Context(), "ada@example.com", "another session", another,
		"a moth in relay seventy"))
	require.Equal(t, "hash of a moth in relay seventy", a.hashes["ada@example.com"])
	require.Equal(t, []string{"ada@example.com"}, a.told)
}
