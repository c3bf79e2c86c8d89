package recipes

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
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

// App is an application that makes its Services itself, from parts that differ in tests.
type App struct{ Logins, Resets *otp.Service }

func NewApp(store otp.Store, sender otp.Sender, minSendTime time.Duration) (*App, error) {
	secret := make([]byte, 32) // in earnest: otp.ParseKey(os.Getenv("OTP_SECRET"))
	service := func(purpose string, kind otp.Kind, policy otp.Policy) (*otp.Service, error) {
		policy.MinSendTime = minSendTime
		return otp.New(otp.Config{
			Purpose: purpose, Kind: kind, Policy: policy,
			Secret: secret, Store: store, Sender: sender,
		})
	}

	logins, err := service("sign-in", otp.SignIn, otp.Policy{})
	if err != nil {
		return nil, err
	}
	resets, err := service("reset-password", otp.ResetPassword, otp.Policy{Length: 8})
	return &App{logins, resets}, err
}

func TestApp(t *testing.T) {
	var inbox otptest.Inbox
	app, err := NewApp(memstore.New(nil), &inbox, -1)
	require.NoError(t, err)

	for _, service := range []*otp.Service{app.Logins, app.Resets} {
		_, err := service.Send(t.Context(), otp.Request{To: "ada@example.com"})
		require.NoError(t, err)
	}

	require.NoError(t, app.Logins.Verify(t.Context(), otp.Submission{
		To: "ada@example.com", Code: inbox.CodeFor(t, "sign-in", "ada@example.com"),
	}))
}
