package recipes

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestConfirmAddress(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{})
	c, u := Confirmation{codes}, &User{Address: "ada@example.com"}

	_, err := c.Ask(t.Context(), u, "session")
	require.NoError(t, err)
	require.ErrorIs(t, c.Confirm(t.Context(), u, "session", "000000x"), otp.ErrMalformed)
	require.False(t, u.Confirmed)

	require.NoError(t, c.Confirm(t.Context(), u, "session", inbox.Code(t, "ada@example.com")))
	require.True(t, u.Confirmed)
}

func TestChangeAddress(t *testing.T) {
	codes, inbox := otptest.New(t, otp.Config{})
	logins, loginInbox := otptest.New(t, otp.Config{})
	u := &User{Address: "ada@old.example", Confirmed: true}
	var told []string
	c := Change{Codes: codes, Voided: []*otp.Service{logins},
		Changed: func(_ context.Context, oldAddress string) error {
			told = append(told, oldAddress)
			return nil
		}}

	// A code on its way to the old address.
	_, err := logins.Send(t.Context(), otp.Request{To: u.Address})
	require.NoError(t, err)

	_, err = c.Ask(t.Context(), "ada@new.example", "session")
	require.NoError(t, err)
	require.Error(t, c.Confirm(t.Context(), u, "eve@new.example", "session",
		inbox.Code(t, "ada@new.example")), "the code is for one address")
	require.NoError(t, c.Confirm(t.Context(), u, "ada@new.example", "session",
		inbox.Code(t, "ada@new.example")))

	require.Equal(t, "ada@new.example", u.Address)
	require.Equal(t, []string{"ada@old.example"}, told)
	require.ErrorIs(t, logins.Verify(t.Context(), otp.Submission{
		To: "ada@old.example", Code: loginInbox.Code(t, "ada@old.example"),
	}), otp.ErrNoCode)
}
