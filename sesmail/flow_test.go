package sesmail_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// Behind handlers that do not tell strangers of failures, each failure of SES is in their log.
func TestFailuresAreInTheLogOfAFlow(t *testing.T) {
	for class, err := range map[string]error{
		"not_sent":        &types.MessageRejected{},
		"delivery_failed": withStatus(http.StatusInternalServerError, nil),
	} {
		sender := newSender(t, &fakeAPI{err: err}, nil)
		codes, _ := otptest.New(t, otp.Config{Sender: sender})
		var log bytes.Buffer
		flow, err := otphttp.New(otphttp.Config{
			Codes: codes, Keys: otp.Keys{make([]byte, 32)},
			Log: slog.New(slog.NewTextHandler(&log, nil)),
			Find: func(*http.Request, string) (otphttp.Recipient, error) {
				return otphttp.Recipient{Known: true}, nil
			},
			Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil },
		})
		require.NoError(t, err)

		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("email=ada@example.com"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		flow.ServeSend(w, r)
		assert.Equal(t, http.StatusAccepted, w.Code)
		assert.Contains(t, log.String(), "level=WARN")
		assert.Contains(t, log.String(), "class="+class)
		assert.NotContains(t, log.String(), "example.com")
	}
}
