package otpsms_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// The recipes sort the failures of their providers as every Sender does, make one try, and repeat
// neither the number nor the code.
func TestRecipesSortErrors(t *testing.T) {
	recipes := map[string]func(api string) otp.Sender{
		"twilio": func(api string) otp.Sender {
			return &twilio{api: api, account: "AC1", token: "secret", from: "Acme",
				text: otpsms.Options{Product: "Acme"}}
		},
		"whatsApp": func(api string) otp.Sender {
			return &whatsApp{api: api, number: "1065", token: "secret", template: "sign_in",
				language: "en_US"}
		},
	}

	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}

	for _, test := range []struct {
		recipe, name string
		provider     http.HandlerFunc // nil: there is none
		to           string
		want         error // nil: open
		requests     int32
	}{
		{"twilio", "bad number", answer(201, ""), "0151 12345678", otp.ErrUndeliverable, 0},
		{"twilio", "no connection", nil, "", otp.ErrNotSent, 0},
		{"twilio", "invalid To", answer(400, `{"code": 21211}`), "", otp.ErrUndeliverable, 1},
		{"twilio", "opted out", answer(400, `{"code": 21610}`), "", otp.ErrUndeliverable, 1},
		{"twilio", "no mobile", answer(400, `{"code": 21614}`), "", otp.ErrUndeliverable, 1},
		{"twilio", "bad From", answer(400, `{"code": 21606}`), "", otp.ErrNotSent, 1},
		{"twilio", "bad token", answer(401, `{"code": 20003}`), "", otp.ErrNotSent, 1},
		{"twilio", "too many", answer(429, `{"code": 20429}`), "", otp.ErrNotSent, 1},
		{"twilio", "not JSON", answer(404, `<html>`), "", otp.ErrNotSent, 1},
		{"twilio", "request timeout", answer(408, ``), "", nil, 1},
		{"twilio", "fault", answer(500, `{"code": 20500}`), "", nil, 1},
		{"twilio", "unavailable", answer(503, `<html>`), "", nil, 1},
		{"twilio", "no answer", silent, "", nil, 1},
		{"twilio", "broken answer", abort, "", nil, 1},

		{"whatsApp", "bad number", answer(200, ""), "0151 12345678", otp.ErrUndeliverable, 0},
		{"whatsApp", "no connection", nil, "", otp.ErrNotSent, 0},
		{"whatsApp", "no WhatsApp", answer(400, `{"error":{"code":131026}}`), "",
			otp.ErrUndeliverable, 1},
		{"whatsApp", "no template", answer(404, `{"error":{"code":132001}}`), "",
			otp.ErrNotSent, 1},
		{"whatsApp", "bad token", answer(401, `{"error":{"code":190}}`), "", otp.ErrNotSent, 1},
		{"whatsApp", "too many", answer(429, `{"error":{"code":130429}}`), "", otp.ErrNotSent, 1},
		{"whatsApp", "fault", answer(500, `{"error":{"code":131000}}`), "", nil, 1},
		{"whatsApp", "no answer", silent, "", nil, 1},
	} {
		t.Run(fmt.Sprintf("%s/%s", test.recipe, test.name), func(t *testing.T) {
			t.Parallel()

			var requests atomic.Int32
			handle := func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				io.Copy(io.Discard, r.Body)
				test.provider(w, r)
			}

			provider := httptest.NewServer(http.HandlerFunc(handle))
			if test.provider == nil {
				provider.Close()
			} else {
				t.Cleanup(provider.Close)
			}

			m := message("492013")
			m.To = "+49 151 12345678"
			if test.to != "" {
				m.To = test.to
			}

			timeout := 30 * time.Second
			if test.name == "no answer" {
				timeout = 2 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			err := recipes[test.recipe](provider.URL).Send(ctx, m)

			require.Error(t, err)
			if test.want == nil {
				require.NotErrorIs(t, err, otp.ErrNotSent)
			} else {
				require.ErrorIs(t, err, test.want)
			}
			require.Equal(t, test.want == otp.ErrUndeliverable,
				errors.Is(err, otp.ErrUndeliverable))
			require.Equal(t, test.requests, requests.Load())
			for _, secret := range []string{"492013", "15112345678", "151 12345678"} {
				require.False(t, strings.Contains(err.Error(), secret), "%v", err)
			}
		})
	}
}
