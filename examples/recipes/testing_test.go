package recipes

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestCodesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins, inbox := otptest.New(t, otp.Config{Purpose: "sign-in"})
		_, err := logins.Send(t.Context(), otp.Request{To: "ada@example.com"})
		require.NoError(t, err)

		time.Sleep(10 * time.Minute) // passes at once

		err = logins.Verify(t.Context(), otp.Submission{
			To: "ada@example.com", Code: inbox.Code(t, "ada@example.com"),
		})
		require.ErrorIs(t, err, otp.ErrExpired)
	})
}
