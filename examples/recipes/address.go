package recipes

import (
	"context"
	"errors"

	"github.com/seed-5978b5f1/otp"
)

// A User is an account with an address that is confirmed or not.
type User struct {
	Address   string
	Confirmed bool
}

// Confirmation has people prove that an address is theirs.
type Confirmation struct {
	Codes *otp.Service // Purpose "confirm-address"
}

// Ask sends a code to the address that the account was opened with.
func (c *Confirmation) Ask(ctx context.Context, u *User, session string) (otp.Status, error) {
	return c.Codes.Send(ctx, otp.Request{To: u.Address, Binding: session})
}

// Confirm takes the code back.
func (c *Confirmation) Confirm(ctx context.Context, u *User, session, code string) error {
	err := c.Codes.Verify(ctx, otp.Submission{To: u.Address, Binding: session, Code: code})
	if err != nil {
		return err
	}
	u.Confirmed = true
	return nil
}

// Change gives an account another address.
type Change struct {
	Codes   *otp.Service   // Purpose "change-address"
	Voided  []*otp.Service // those that send codes to addresses of accounts
	Changed func(ctx context.Context, oldAddress string) error
}

// Ask sends a code to the new address. The session is signed in: that is what makes it Known.
func (c *Change) Ask(ctx context.Context, newAddress, session string) (otp.Status, error) {
	return c.Codes.Send(ctx, otp.Request{
		To: newAddress, Binding: session, Trust: otp.Known,
	})
}

// Confirm changes the address, voids the codes that the old one was sent, and tells it.
func (c *Change) Confirm(ctx context.Context, u *User, newAddress, session, code string) error {
	err := c.Codes.Verify(ctx, otp.Submission{
		To: newAddress, Binding: session, Trust: otp.Known, Code: code,
	})
	if err != nil {
		return err
	}

	oldAddress := u.Address
	*u = User{Address: newAddress, Confirmed: true}

	for _, service := range c.Voided {
		err = errors.Join(err, service.RevokeAll(ctx, oldAddress))
	}
	return errors.Join(err, c.Changed(ctx, oldAddress))
}
