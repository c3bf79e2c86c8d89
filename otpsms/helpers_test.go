package otpsms_test

import (
	"time"

	"github.com/seed-5978b5f1/otp"
)

// message returns a message with this code.
func message(code string) otp.Message {
	return otp.Message{
		ID:        "0123456789abcdef0123456789abcdef",
		Purpose:   "login",
		To:        "+44 20 7946 0000",
		Code:      otp.NewCode(code),
		ExpiresAt: time.Now().Add(5 * time.Minute),
	}
}
