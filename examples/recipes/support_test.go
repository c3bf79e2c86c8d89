package recipes

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestSupport(t *testing.T) {
	var events []otp.Event
	observe := func(_ context.Context, e otp.Event) { events = append(events, e) }
	logins, _ := otptest.New(t, otp.Config{Purpose: "sign-in", Observe: observe})
	resets, _ := otptest.New(t, otp.Config{Purpose: "reset-password", Observe: observe})
	s := Support{[]*otp.Service{logins, resets}}

	ask := func() error {
		_, err := resets.Send(t.Context(), otp.Request{To: "ada@example.com"})
		return err
	}
	require.NoError(t, ask())
	require.ErrorIs(t, ask(), otp.ErrLimited)

	require.Contains(t, s.Pseudonyms("Ada@example.com"), events[1].Pseudonym)
	require.NoError(t, s.Unlock(t.Context(), "Ada@example.com"))
	require.NoError(t, ask())
}
