package recipes

import (
	"bytes"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestNewSignIns(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))
	env := map[string]string{"OTP_SECRET": key, "OTP_CODE_KEYS": key}
	open := func() error {
		_, err := NewSignIns(func(name string) string { return env[name] },
			memstore.New(nil), new(otptest.Inbox))
		return err
	}
	require.NoError(t, open())

	for name := range env {
		env[name] = "c2hvcnQ="
		require.ErrorContains(t, open(), name)
		env[name] = key
	}
}

func TestEither(t *testing.T) {
	tests := []struct {
		name   string
		first  error
		second int // messages that the second provider gets
	}{
		{"sent", nil, 0},
		{"open", errors.New("the answer was lost"), 0},
		{"not sent", otp.ErrNotSent, 1},
		{"no such address", otp.ErrUndeliverable, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			first, second := new(otptest.Inbox), new(otptest.Inbox)
			first.Fail(test.first)

			err := Either(first, second).Send(t.Context(), otp.Message{To: "ada@example.com"})
			require.Len(t, second.Messages(), test.second)
			if test.second == 0 {
				require.ErrorIs(t, err, test.first)
			} else {
				require.NoError(t, err)
			}
		})
	}
}
