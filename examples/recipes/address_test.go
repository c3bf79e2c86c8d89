package recipes

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

const ada = "ada@example.com"

func TestConfirmAddress(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{})
	u := &User{Address: ada, Logins: []Login{{"password", "session"}}}
	c := Confirmation{Codes: codes, Users: map[string]*User{ada: u}}
	confirm := func(code, key string) error {
		return c.Confirm(t.Context(), u, "session", code, key)
	}

	_, err := c.Ask(t.Context(), "Ada@example.com", "session")
	require.NoError(t, err)
	require.ErrorIs(t, confirm("000000x", "key"), otp.ErrMalformed)
	require.False(t, u.Confirmed)

	require.NoError(t, confirm(inbox.Code(t, ada), "key"))
	require.True(t, u.Confirmed)
	require.Len(t, u.Logins, 1, "the person's own")

	// A retry after an answer that was lost, or after an update that failed.
	u.Confirmed = false
	require.NoError(t, confirm(inbox.Code(t, ada), "key"))
	require.True(t, u.Confirmed)
}

// Somebody signs up with the address of another person, who later signs up too, or confirms.
func TestAccountMadeInAdvance(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{})
	u := &User{Address: ada, Logins: []Login{
		{"password", "eve's session"}, {"session", "eve's session"}, {"password", "ada's session"},
	}}
	c := Confirmation{Codes: codes, Users: map[string]*User{ada: u}}

	_, err := c.Ask(t.Context(), ada, "ada's session")
	require.NoError(t, err)
	require.NoError(t,
		c.Confirm(t.Context(), u, "ada's session", inbox.Code(t, ada), "key"))
	require.Equal(t, []Login{{"password", "ada's session"}}, u.Logins)

	// What is added to a confirmed account stays.
	u.Logins = append(u.Logins, Login{"passkey", "another session"})
	u.Confirm("ada's session")
	require.Len(t, u.Logins, 2)
}

// Whoever signs up with the address of an account sees what they would see without one, and its
// owner is told of it no more often than codes are sent.
func TestAddressIsTaken(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{})
	var told []string
	c := Confirmation{codes, map[string]*User{ada: {Address: ada, Confirmed: true}},
		func(address string) { told = append(told, address) }}

	for range 10 {
		known, knownErr := c.Ask(t.Context(), ada, "session")
		unknown, unknownErr := c.Ask(t.Context(), "grace@example.com", "session")
		require.Equal(t, unknownErr, knownErr)
		require.Equal(t, unknown.AttemptsLeft, known.AttemptsLeft)
	}
	require.Equal(t, []string{ada}, told, "once a minute, as codes")
	require.Len(t, inbox.Messages(), 1)

	inbox.Fail(otp.ErrNotSent)
	_, err := c.Ask(t.Context(), "alan@example.com", "session")
	require.NoError(t, err, "as for an address that has an account")
}

func TestChangeAddress(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{})
	logins, loginInbox := otptest.New(t, otp.Config{})
	u := &User{Address: "ada@old.example", Confirmed: true}
	var told []string
	failure := errors.New("mail is down")
	c := Change{Codes: codes, Voided: []*otp.Service{logins},
		Changed: func(_ context.Context, oldAddress string) error {
			told = append(told, oldAddress)
			return failure
		}}
	confirm := func(newAddress, key string) error {
		code := inbox.Code(t, "ada@new.example")
		return c.Confirm(t.Context(), u, newAddress, "session", code, key)
	}

	// A code on its way to the old address.
	_, err := logins.Send(t.Context(), otp.Request{To: u.Address})
	require.NoError(t, err)

	_, err = c.Ask(t.Context(), "ada@new.example", "session")
	require.NoError(t, err)
	require.ErrorIs(t, confirm("eve@new.example", "key"), otp.ErrNoCode,
		"the code is for one address")
	require.ErrorIs(t, confirm("Ada@new.example", "key"), failure)

	// The same form again tells the old address, and not the new one.
	failure = nil
	require.NoError(t, confirm("Ada@new.example", "key"))
	require.ErrorIs(t, confirm("ada@new.example", "another key"), otp.ErrUsed)

	require.Equal(t, "ada@new.example", u.Address)
	require.Equal(t, []string{"ada@old.example", "ada@old.example"}, told)
	require.ErrorIs(t, logins.Verify(t.Context(), otp.Submission{
		To: "ada@old.example", Code: loginInbox.Code(t, "ada@old.example"),
	}), otp.ErrNoCode)
}
