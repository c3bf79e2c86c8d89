package smtpmail_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/smtpmail"
)

// Behind handlers that do not tell strangers of failures, a server that is away is in their log,
// and so is an address that no server takes.
func TestFailuresAreInTheLogOfAFlow(t *testing.T) {
	sender := newSender(t, smtpmail.Config{
		Host: "127.0.0.1", Port: 1, Security: smtpmail.Plaintext, From: from, Renderer: plain{},
	})
	for to, class := range map[string]string{
		ada:          "not_sent",
		"ada@@@acme": "undeliverable",
	} {
		codes, _ := otptest.New(t, otp.Config{Sender: sender})
		var log bytes.Buffer
		flow, err := otphttp.New(otphttp.Config{
			Codes: codes, Keys: otp.Keys{make([]byte, 32)},
			Log: slog.New(slog.NewTextHandler(&log, nil)),
			Find: func(*http.Request, string) (otphttp.Recipient, error) {
				return otphttp.Recipient{To: to, Known: true}, nil
			},
			Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil },
		})
		require.NoError(t, err)

		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("email=ada@acme.example"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		flow.ServeSend(w, r)
		assert.Equal(t, http.StatusAccepted, w.Code)
		assert.Contains(t, log.String(), "level=WARN")
		assert.Contains(t, log.String(), "class="+class)
		assert.NotContains(t, log.String(), "acme")
	}
}
