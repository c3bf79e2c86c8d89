package otphttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/seed-5978b5f1/otp"
)

// A Flow is one thing that people do with a code over HTTP: signing in, confirming or changing an
// address, resetting a password, or confirming a transaction. It is safe for concurrent use.
// Register its handlers for all methods of their paths, so that preflights reach them.
type Flow struct {
	config      Config
	cookies     cookies
	tokens      *tokens
	bindingKeys [][]byte
	nonceKeys   [][]byte
	devices     *devices
	cross       *http.CrossOriginProtection
}

// New returns a Flow. The error of a bad configuration names the field, the value and the bound.
func New(c Config) (*Flow, error) {
	c.setDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("otphttp: %w", err)
	}

	f := &Flow{
		config: c, cookies: cookies{c.Insecure, c.Origins},
		cross: http.NewCrossOriginProtection(),
	}
	for i, origin := range c.Origins {
		if err := f.cross.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("otphttp: Config.Origins[%d] is %q: %w", i, origin, err)
		}
	}
	if err := f.deriveKeys(); err != nil {
		return nil, fmt.Errorf("otphttp: %w", err)
	}
	return f, nil
}

func (f *Flow) deriveKeys() (err error) {
	keys, name := f.config.Keys, f.config.Name
	f.tokens, err = newTokens(keys, name, f.config.Codes.Policy().Lifetime)
	if err != nil {
		return err
	}
	if f.bindingKeys, err = subkeys(keys, "otphttp/binding/"+name); err != nil {
		return err
	}
	if f.nonceKeys, err = subkeys(keys, "otphttp/nonce/"+name); err != nil {
		return err
	}
	f.devices, err = newDevices(keys)
	return err
}

// State is where a client stands in a flow.
type State struct {
	// Address is the one that was typed, or Recipient.To where none was.
	Address string

	// Status is that of the code. It is the same for unknown addresses.
	Status otp.Status

	// Session stands for the flow of a client without cookies, which sends it along. Empty for
	// others.
	Session string

	// Accepted says that the code, or the proof in its place, was accepted in this browser, within
	// the last hour and the lifetime of a code.
	Accepted bool

	// Proved says that the browser has proved the address in place of a code, within the lifetime
	// of one. Where Accepted is false, what is left is Verify, without a code.
	Proved bool

	// Data is Recipient.Data as Find returns it now, where no address was typed: show what is to be
	// confirmed.
	Data any

	// Answered says that Done has written the answer.
	Answered bool
}

// Config returns what the Flow is made of, with the defaults.
func (f *Flow) Config() Config { return f.config }

// failed logs the errors that are the service's own and returns the error.
func (f *Flow) failed(r *http.Request, err error) error {
	switch {
	case err == nil || ProblemOf(err).Status < http.StatusInternalServerError:
	case errors.Is(r.Context().Err(), context.Canceled):
		f.config.Log.InfoContext(r.Context(), "the client has left", "flow", f.config.Name)
	default:
		f.config.Log.ErrorContext(r.Context(), "flow failed", "flow", f.config.Name, "err", err)
	}
	return err
}
