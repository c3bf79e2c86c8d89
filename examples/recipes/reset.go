package recipes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

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
	begun := time.Now() // so that the time of Has does not show
	address, err := otp.NormalizeAddress(typed)
	if err != nil {
		return err
	}
	known, err := r.Accounts.Has(ctx, address)
	if err != nil {
		return err
	}

	_, err = r.Codes.Send(ctx, otp.Request{
		To: address, Binding: session, Decoy: !known, Begun: begun,
	})
	if errors.Is(err, otp.ErrDelivery) { // would tell who has an account
		err = nil
	}
	return err
}

// A NewPassword is the form that takes the code back.
type NewPassword struct {
	Address, Code, Password string
	Session                 string // the random value in the cookie
	Key                     string // a random text, part of the form
}

// submission is what is verified. Another password in the same form is another submission.
func (f NewPassword) submission() otp.Submission {
	key := sha256.Sum256([]byte(f.Key + "/" + f.Password))
	return otp.Submission{
		To: f.Address, Binding: f.Session, Code: f.Code, IdempotencyKey: hex.EncodeToString(key[:]),
	}
}

// Set sets the password. What can fail comes before Verify, which spends the code, and what costs
// time comes after Check, so that a wrong code hashes nothing. A repeat sets the password again,
// since the first time may have failed.
func (r *Reset) Set(ctx context.Context, f NewPassword) error {
	if len([]rune(f.Password)) < 15 {
		return ErrShortPassword
	}
	address, err := otp.NormalizeAddress(f.Address)
	if err != nil {
		return err
	}

	err = r.Codes.Check(ctx, f.submission())
	if err != nil && !errors.Is(err, otp.ErrRepeated) {
		return err
	}
	hash, err := r.Accounts.Hash(f.Password)
	if err != nil {
		return err
	}

	err = r.Codes.Verify(ctx, f.submission())
	if err != nil && !errors.Is(err, otp.ErrRepeated) {
		return err
	}
	if err := r.Accounts.SetPassword(ctx, address, hash); err != nil {
		return err
	}
	return errors.Join(
		r.Codes.RevokeAll(ctx, address, f.Session), // all codes, but repeats of this form
		r.Accounts.TellPasswordChanged(ctx, address),
	)
}
