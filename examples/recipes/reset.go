package recipes

import (
	"context"
	"errors"

	"github.com/seed-5978b5f1/otp"
)

// ErrShortPassword refuses a new password before the code is spent.
var ErrShortPassword = errors.New("the password needs at least 15 characters")

// Accounts is what a reset needs of the application's accounts.
type Accounts interface {
	Has(ctx context.Context, address string) (bool, error)
	Hash(password string) (string, error)
	SetPassword(ctx context.Context, address, hash string) error // ends the sessions, too
	TellPasswordChanged(ctx context.Context, address string) error
}

// Reset sets a new password by a code.
type Reset struct {
	Codes    *otp.Service // Purpose "reset-password", Policy.Length 8
	Accounts Accounts
}

// Ask sends a code. For an address without an account it does all the same, but for the mail.
func (r *Reset) Ask(ctx context.Context, typed, session string) error {
	address, err := otp.NormalizeAddress(typed)
	if err != nil {
		return err
	}

	known, err := r.Accounts.Has(ctx, address)
	if err != nil {
		return err
	}

	_, err = r.Codes.Send(ctx, otp.Request{To: address, Binding: session, Decoy: !known})
	if errors.Is(err, otp.ErrDelivery) { // would tell who has an account
		err = nil
	}
	return err
}

// Set takes the code back. Everything that can fail before the code is spent comes before Verify.
func (r *Reset) Set(ctx context.Context, typed, session, code, password string) error {
	if len([]rune(password)) < 15 {
		return ErrShortPassword
	}
	hash, err := r.Accounts.Hash(password)
	if err != nil {
		return err
	}
	address, err := otp.NormalizeAddress(typed)
	if err != nil {
		return err
	}

	err = r.Codes.Verify(ctx, otp.Submission{To: address, Binding: session, Code: code})
	if err != nil {
		return err
	}

	if err := r.Accounts.SetPassword(ctx, address, hash); err != nil {
		return err
	}
	return errors.Join(
		r.Codes.RevokeAll(ctx, address), // codes of other browsers
		r.Accounts.TellPasswordChanged(ctx, address),
	)
}
