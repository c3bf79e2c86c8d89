package recipes

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// A User is an account.
type User struct {
	ID        string
	Address   string // normalized
	Former    string // the address before the latest change
	Confirmed bool   // a code has come back from Address
	Logins    []Login
}

// A Login is a way into an account: a password, a session, or an account at another service.
type Login struct {
	Name    string
	Session string // in which it was made
}

// Confirm notes that a code came back from the address. Until then, the account may be one that
// somebody else has opened in the person's name. So every login goes that was not made in the
// session that brought the code.
func (u *User) Confirm(session string) {
	if u.Confirmed {
		return
	}
	u.Confirmed = true
	u.Logins = slices.DeleteFunc(u.Logins, func(l Login) bool { return l.Session != session })
}

// Confirmation has people prove that an address is theirs.
type Confirmation struct {
	Codes *otp.Service     // Purpose "confirm-address"
	Users map[string]*User // by address; a new account is there before Ask
	Taken func(address string)
}

// Ask sends a code to the address of a new account. If the address has a confirmed account already,
// Taken sends word of that instead, no more often than codes are sent.
func (c *Confirmation) Ask(ctx context.Context, typed, session string) (otp.Status, error) {
	begun := time.Now()
	address, err := otp.NormalizeAddress(typed)
	if err != nil {
		return otp.Status{}, err
	}

	u := c.Users[address]
	taken := u != nil && u.Confirmed
	status, err := c.Codes.Send(ctx, otp.Request{
		To: address, Binding: session, Decoy: taken, Begun: begun,
	})
	if taken && err == nil { // otherwise strangers could fill the mailbox of the owner
		c.Taken(address)
	}
	if errors.Is(err, otp.ErrDelivery) { // would tell that there is no account yet
		err = nil
	}
	return status, err
}

// Confirm takes the code back. A repeat confirms again, since the first time may have failed.
func (c *Confirmation) Confirm(ctx context.Context, u *User, session, code, key string) error {
	err := c.Codes.Verify(ctx, otp.Submission{
		To: u.Address, Binding: session, Code: code, IdempotencyKey: key,
	})
	if err != nil && !errors.Is(err, otp.ErrRepeated) {
		return err
	}
	u.Confirm(session)
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

// Confirm changes the address, voids the codes that the old one was sent, and tells it. A repeat
// does what the first time may have left undone.
func (c *Change) Confirm(ctx context.Context, u *User, typed, session, code, key string) error {
	newAddress, err := otp.NormalizeAddress(typed)
	if err != nil {
		return err
	}
	err = c.Codes.Verify(ctx, otp.Submission{
		To: newAddress, Binding: session, Trust: otp.Known, Code: code, IdempotencyKey: key,
	})
	if err != nil && !errors.Is(err, otp.ErrRepeated) {
		return err
	}

	if u.Address != newAddress {
		u.Former, u.Address, u.Confirmed = u.Address, newAddress, true
	}

	err = nil
	for _, service := range c.Voided {
		err = errors.Join(err, service.RevokeAll(ctx, u.Former))
	}
	return errors.Join(err, c.Changed(ctx, u.Former))
}
