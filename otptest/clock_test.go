package otptest_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func TestCodesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in here, time passes when everybody waits
		resets, inbox := otptest.New(t, otp.Config{Purpose: "password-reset"})
		if _, err := resets.Send(t.Context(), otp.Request{To: "ada@example.com"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		err := resets.Verify(t.Context(), otp.Submission{To: "ada@example.com", Code: inbox.Code(t, "ada@example.com")})
		if !errors.Is(err, otp.ErrExpired) {
			t.Errorf("got %v, want ErrExpired", err)
		}
	})
}
