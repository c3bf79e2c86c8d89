package awssms

import (
	"context"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// minLife is the shortest time for which AWS takes a message ("Minimum value of 5", TimeToLive).
const minLife = 5 * time.Second

// prepare returns the number to send to and how many seconds the message is of use.
func prepare(ctx context.Context, m *otp.Message) (to string, seconds int32, err error) {
	to, err = otpsms.Normalize(m.To)
	if err != nil {
		return "", 0, delivery.Undeliverable(packageName,
			"the address is no telephone number with its country code", err)
	}

	left := time.Until(m.ExpiresAt)
	switch {
	case left < minLife:
		return "", 0, delivery.NotSent(packageName, "the code has expired, or will within 5 s", nil)
	case ctx.Err() != nil:
		return "", 0, delivery.NotSent(packageName, "the context is done", ctx.Err())
	}
	return to, int32(left / time.Second), nil
}

// labels are what AWS repeats to the event destination, so that a failed delivery can be traced to
// the Event of its Send.
func labels(m *otp.Message) map[string]string {
	return map[string]string{"otp-purpose": m.Purpose, "otp-message-id": m.ID}
}
