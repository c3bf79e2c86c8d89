package recipes

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// accounts are passwords by address, what was hashed, and who was told of a change.
type accounts struct {
	hashes map[string]string
	hashed []string
	told   []string
	err    error // of SetPassword
}

func (a *accounts) Has(_ context.Context, address string) (bool, error) {
	_, known := a.hashes[address]
	return known, nil
}

func (a *accounts) Hash(password string) (string, error) {
	a.hashed = append(a.hashed, password)
	return "hash of " + password, nil
}

func (a *accounts) SetPassword(_ context.Context, address, hash string) error {
	if a.err == nil {
		a.hashes[address] = hash
	}
	return a.err
}

func (a *accounts) TellPasswordChanged(_ context.Context, address string) error {
	a.told = append(a.told, address)
	return nil
}

const moth = "a moth in relay seventy"

// newReset returns a Reset with the account of Ada, who may ask three times an hour.
func newReset(t *testing.T) (*Reset, *accounts, *otptest.Inbox) {
	codes, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{
		Length: 8, SendLimits: []otp.Limit{{Count: 3, Window: time.Hour}},
	}})
	a := &accounts{hashes: map[string]string{ada: "old"}}
	return &Reset{codes, a}, a, inbox
}

func TestReset(t *testing.T) {
	r, a, inbox := newReset(t)
	require.NoError(t, r.Ask(t.Context(), "nobody@example.com", "session"))
	require.NoError(t, r.Ask(t.Context(), "Ada@example.com", "another session"))
	another := inbox.Code(t, ada)
	require.NoError(t, r.Ask(t.Context(), ada, "session"))
	form := NewPassword{Address: ada, Code: inbox.Code(t, ada), Session: "session", Key: "key"}
	require.Len(t, inbox.Messages(), 2)

	// A mail that fails looks like one to an address without an account.
	inbox.Fail(otp.ErrNotSent)
	require.NoError(t, r.Ask(t.Context(), ada, "session"))
	require.ErrorIs(t, r.Ask(t.Context(), ada, "session"), otp.ErrLimited)

	// A bad password spends no code, and a wrong code hashes no password.
	form.Password = "short"
	require.ErrorIs(t, r.Set(t.Context(), form), ErrShortPassword)
	form.Password = moth
	wrong := form
	wrong.Code = "00000000"
	require.ErrorIs(t, r.Set(t.Context(), wrong), otp.ErrMismatch)
	require.Empty(t, a.hashed)

	require.NoError(t, r.Set(t.Context(), form))
	require.Equal(t, "hash of "+moth, a.hashes[ada])
	require.Equal(t, []string{ada}, a.told)

	// The codes of other browsers are void.
	form.Session, form.Code = "another session", another
	require.ErrorIs(t, r.Set(t.Context(), form), otp.ErrNoCode)
}

// A form that comes twice succeeds twice, unless it holds another password.
func TestResetByDoubleClick(t *testing.T) {
	r, a, inbox := newReset(t)
	require.NoError(t, r.Ask(t.Context(), ada, "session"))
	form := NewPassword{ada, inbox.Code(t, ada), moth, "session", "key"}

	a.err = errors.New("the database is down")
	require.ErrorIs(t, r.Set(t.Context(), form), a.err, "accepted, and not done")
	a.err = nil
	require.NoError(t, r.Set(t.Context(), form))
	require.NoError(t, r.Set(t.Context(), form))
	require.Equal(t, "hash of "+moth, a.hashes[ada])

	form.Password += " one"
	require.ErrorIs(t, r.Set(t.Context(), form), otp.ErrUsed)
	require.Equal(t, "hash of "+moth, a.hashes[ada])
}
