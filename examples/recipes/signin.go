package recipes

import (
	"context"
	"errors"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// SignIn lets people in by a code instead of a password.
type SignIn struct {
	Codes *otp.Service     // Purpose "sign-in", Policy.RequireBinding
	Users map[string]*User // by address
}

// Ask sends a code. The session is a random value in a cookie of the browser.
func (s *SignIn) Ask(ctx context.Context, typed, session string, t otp.Trust) (otp.Status, error) {
	begun := time.Now() // so that the time of a look-up does not show
	address, err := otp.NormalizeAddress(typed)
	if err != nil {
		return otp.Status{}, err
	}

	_, known := s.Users[address]
	status, err := s.Codes.Send(ctx, otp.Request{
		To: address, Binding: session, Trust: t, Decoy: !known, Begun: begun,
	})
	if errors.Is(err, otp.ErrDelivery) { // would tell who has an account; Config.Observe has it
		err = nil
	}
	return status, err
}

// Enter returns the id of the user whose code it is. The key is random and part of the form.
func (s *SignIn) Enter(ctx context.Context, typed, session, code, key string,
	t otp.Trust) (id string, err error) {
	err = s.Codes.Verify(ctx, otp.Submission{
		To: typed, Binding: session, Trust: t, Code: code, IdempotencyKey: key,
	})
	if err != nil && !errors.Is(err, otp.ErrRepeated) { // a double click begins a session, too
		return "", err
	}

	address, err := otp.NormalizeAddress(typed)
	if err != nil {
		return "", err
	}
	user, ok := s.Users[address]
	if !ok {
		return "", errors.New("the account is gone")
	}
	user.Confirm(session) // drops what somebody else may have put in
	return user.ID, nil
}
