package awssms

import (
	"context"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otpsms"
)

// minLife is the shortest time for which AWS takes a message ("Minimum value of 5", TimeToLive).
const minLife = 5 * time.Second

// prepare returns the number to send to and how many seconds the message is of use.
func prepare(ctx context.Context, m *otp.Message) (to string, seconds int32, err error) {
	to, err = otpsms.Normalize(m.To)
	if err != nil {
		return "", 0, &sendError{"the address is no telephone number with its country code",
			otp.ErrUndeliverable, err}
	}

	left := time.Until(m.ExpiresAt)
	switch {
	case left < minLife:
		return "", 0, &sendError{"the code has expired, or will within 5 s", otp.ErrNotSent, nil}
	case ctx.Err() != nil:
		return "", 0, &sendError{"the context is done", otp.ErrNotSent, ctx.Err()}
	}
	return to, int32(left / time.Second), nil
}

// labels are what AWS repeats to the event destination, so that a failed delivery can be traced to
// the Event of its Send.
func labels(m *otp.Message) map[string]string {
	return map[string]string{"otp-purpose": m.Purpose, "otp-message-id": m.ID}
}

// result returns the error of a call.
func (a *attempt) result(err error) error {
	switch {
	case err == nil:
		return nil
	case a.stayed():
		return &sendError{"the request did not leave", otp.ErrNotSent, err}
	}
	return classify(err)
}
