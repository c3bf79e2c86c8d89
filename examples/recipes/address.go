package recipes

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
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

// Confirm takes the code back and applies the change, at a repeat again.
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
	return c.Apply(ctx, u, newAddress)
}

// Apply changes the address, voids the codes that the old one was sent, and tells it. A repeat does
// what the first time may have left undone.
func (c *Change) Apply(ctx context.Context, u *User, newAddress string) (err error) {
	if u.Address != newAddress {
		u.Former, u.Address, u.Confirmed = u.Address, newAddress, true
	}

	for _, service := range c.Voided {
		err = errors.Join(err, service.RevokeAll(ctx, u.Former))
	}
	return errors.Join(err, c.Changed(ctx, u.Former))
}

// ChangeFlow is a Change by a Flow whose Codes have the Kind otp.ChangeAddress.
type ChangeFlow struct {
	Change
	SignedIn func(*http.Request) *User                    // nil for nobody
	Taken    func(address string, by *User) (bool, error) // by another account
}

// Find is Config.Find: the code goes to the new address, and confirms it for this account alone.
func (c *ChangeFlow) Find(r *http.Request, typed string) (otphttp.Recipient, error) {
	u := c.SignedIn(r)
	if u == nil {
		return otphttp.Recipient{}, notSignedIn()
	}
	to, err := otp.NormalizeAddress(typed)
	return otphttp.Recipient{To: to, Known: true, Trust: otp.Known, Binding: u.ID}, err
}

// Accept is Config.Accept: somebody else may have signed in, in the same browser, since Ask.
func (c *ChangeFlow) Accept(r *http.Request, claim otphttp.Claim) (otphttp.Done, error) {
	u := c.SignedIn(r)
	switch {
	case u == nil:
		return nil, notSignedIn()
	case u.ID != claim.Binding:
		return nil, &otphttp.Problem{
			Status: http.StatusConflict, Code: otphttp.TransactionChanged,
			Detail: "Another account has asked for this code. Ask for one for yours.",
		}
	}

	taken, err := c.Taken(claim.To, u)
	switch {
	case err != nil:
		return nil, err
	case taken: // the code has come back, so the mailbox is theirs: they may know
		return nil, &otphttp.Problem{
			Status: http.StatusConflict, Code: "address_taken", Field: "email",
			Detail: "Another account has this address.",
		}
	}
	return func(ctx context.Context, _ http.ResponseWriter) error {
		return c.Apply(ctx, u, claim.To)
	}, nil
}

func notSignedIn() *otphttp.Problem {
	return &otphttp.Problem{
		Status: http.StatusUnauthorized, Code: "not_signed_in", Detail: "Sign in first.",
	}
}
