package otp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// The Status of a failed Send is that after the mark: it says when to ask again as the limits are then.
func TestStatusOfAFailedSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, in := otptest.New(t, otp.Config{Policy: otp.Policy{SendLimits: []otp.Limit{{Count: 1, Window: time.Minute}, {Count: 1, Window: time.Hour}}}})
		in.Fail(otp.ErrNotSent)
		status, err := s.Send(t.Context(), otp.Request{To: ada})
		want(t, "Send", err, otp.ErrNotSent)
		if wanted := time.Now().Add(time.Minute); !status.RetryAt.Equal(wanted) {
			t.Errorf("RetryAt is %v, want %v", status.RetryAt, wanted)
		}
	})
}
