package recipes

import (
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestSignIn(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{Policy: otp.Policy{RequireBinding: true}})
	s := SignIn{codes, map[string]*User{
		ada:                 {ID: "user 1", Logins: []Login{{"password", "eve's session"}}},
		"grace@example.com": {ID: "user 2"},
	}}
	session := rand.Text()

	known, err := s.Ask(t.Context(), "Ada@example.com", session, otp.Stranger)
	require.NoError(t, err)
	unknown, err := s.Ask(t.Context(), "nobody@example.com", session, otp.Stranger)
	require.NoError(t, err)
	require.Equal(t, known.AttemptsLeft, unknown.AttemptsLeft)
	require.Len(t, inbox.Messages(), 1)

	code := inbox.Code(t, ada)
	_, err = s.Enter(t.Context(), ada, rand.Text(), code, "key", otp.Stranger)
	require.ErrorIs(t, err, otp.ErrNoCode)

	for range 2 { // a double click
		id, err := s.Enter(t.Context(), ada, session, code, "key", otp.Stranger)
		require.NoError(t, err)
		require.Equal(t, "user 1", id)
	}
	_, err = s.Enter(t.Context(), ada, session, code, "another key", otp.Stranger)
	require.ErrorIs(t, err, otp.ErrUsed)
	require.Empty(t, s.Users[ada].Logins, "what somebody has put in who had not proven the address")

	inbox.Fail(otp.ErrNotSent)
	_, err = s.Ask(t.Context(), "grace@example.com", session, otp.Stranger)
	require.NoError(t, err, "as for an address without an account")
}
