package recipes

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
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

// A part answers a Check with what it has.
type (
	storePart  struct{ unsafe, unknown []error }
	senderPart struct{ err error }
)

func (p storePart) Check(context.Context) (unsafe, unknown []error) { return p.unsafe, p.unknown }
func (p senderPart) Check(context.Context) error                    { return p.err }

func TestCheckAtStart(t *testing.T) {
	tests := map[string]struct {
		store  storePart
		sender senderPart
		want   string
	}{
		"all is well": {},
		"unsafe": {store: storePart{unsafe: []error{errors.New("fsync=off")}},
			want: "level=ERROR"},
		"unknown": {store: storePart{unknown: []error{errors.New("no right")}},
			want: "level=WARN"},
		"no mail": {sender: senderPart{otp.ErrNotSent}, want: "no mail can be sent"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			CheckAtStart(t.Context(), slog.New(slog.NewTextHandler(&out, nil)),
				test.store, test.sender)
			require.Equal(t, test.want == "", out.Len() == 0, out.String())
			require.Contains(t, out.String(), test.want)
		})
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
