package otphttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
)

// Config is what a [Flow] is made of. Codes, Keys, Find and Accept are required.
type Config struct {
	// Codes sends and verifies the codes.
	Codes *otp.Service

	// Keys sign the cookies: the first key signs, all verify. Each has at least 32 random bytes and
	// is the same on all instances. The Secret of the Service can be one of them, since the signing
	// keys are derived from it (HKDF). To change a key, put the new one first and remove the old
	// one after 180 days, or earlier where devices may be forgotten.
	Keys otp.Keys

	// Name tells the flows of one host apart: it is part of the names of their cookies and of their
	// keys. 1 to 32 ASCII letters, digits, "-" and "_". Flows with one name take each other's place
	// in a browser. Default "flow".
	Name string

	// Find returns the address of the account that the person has named: the stored one, not the
	// typed one. If there is no such account, known is false, and what follows takes the same steps
	// without sending anything. A flow that welcomes everybody returns typed and true.
	//
	// typed has at most 320 bytes, no control characters and no white space around it. An error
	// that matches otp.ErrInvalid says that typed is no address (status 400). Any other error is a
	// failure of the service (503).
	//
	// Find is called for each Send and each Verify. Its time is rounded up to a multiple of 25 ms,
	// so that a hit cannot be told from a miss.
	Find func(r *http.Request, typed string) (to string, known bool, err error)

	// Accept checks and prepares all that follows once the code is accepted, hashing a new password
	// for example. It runs before the code is spent, so its error costs nothing: a [*Problem] is
	// shown to the person, any other error is a failure of the service (503). The body of the
	// request, form or JSON, is in r.PostForm.
	//
	// It runs for unknown addresses too, and must not behave differently for them.
	Accept func(r *http.Request, to string) (Done, error)

	// Repeatable says that Done does no harm if it runs once more for a submission that was
	// accepted before: a double click, or a retry after a lost answer. Set it for signing in, where
	// the browser may have dropped the answer with the session. By default such a submission is
	// answered as done, and Done does not run.
	Repeatable bool

	// RevokeOthers voids the codes that others have asked for, for the same address, once Done has
	// succeeded (otp.Service.RevokeAll). Set it where the password or the address changes.
	RevokeOthers bool

	// AddressField and CodeField name the members of the body. Default "email" and "code".
	AddressField, CodeField string

	// Origins are the origins of single-page applications that may call the API from a browser,
	// such as "https://app.example.com". They get CORS headers, with credentials. An origin under
	// which this service itself is reached belongs here too if a proxy changes the Host header.
	// Requests from other origins are refused.
	Origins []string

	// Devices gives each browser in which a code was accepted a cookie that makes it known for 180
	// days (OWASP device cookies): its later requests for the same address have the Trust
	// otp.Known, whose limits no stranger can use up. The cookie signs nobody in. It holds no
	// address.
	Devices bool

	// Challenge reports whether the request carries the answer of a challenge (a CAPTCHA, for
	// example) that was just solved. If so, it has the Trust otp.Challenged. It is called for each
	// Send of a device that is not known. With Challenge set, a stranger whom the limits refuse
	// gets the code challenge_required, and may ask again with an answer.
	Challenge func(r *http.Request) (solved bool, err error)

	// Allow reports whether the client may make one more request: the budget per client and
	// network. It may set headers that tell of the budget. Nil allows all, for services whose proxy
	// or gateway has the budget.
	Allow func(w http.ResponseWriter, r *http.Request) bool

	// AllowUnbound lets clients that are no browser and bring neither cookie nor session, such as
	// curl, ask for codes without a Binding. Strangers can use up the attempts of such a code.
	AllowUnbound bool

	// AllowGET lets Send answer GET, with the address as the wildcard of the path that is named
	// like AddressField: "/codes/{email}". Nothing should link to it.
	AllowGET bool

	// Insecure leaves out the attribute Secure and the prefix "__Host-" of cookies, for development
	// by plain HTTP.
	Insecure bool

	// Log gets the failures of the service. Default slog.Default().
	Log *slog.Logger
}

// Done does what the accepted code allows: it begins the session, or stores the new password. It
// runs once for each code, after the code is spent. The context does not end when the client
// leaves; it ends after 10 s. Done may set headers and cookies on w. If it writes an answer, that
// is the answer; otherwise the Flow writes one.
//
// An error says that it is not done although the code is spent. The person is told to ask for
// another one (status 503, code unfinished). Where only something minor has failed, log it and
// return nil.
//
// A nil Done does nothing.
type Done func(ctx context.Context, w http.ResponseWriter) error

// doneTimeout bounds Done.
const doneTimeout = 10 * time.Second

// A Flow is one thing that people do with a code over HTTP: signing in, confirming an address,
// changing it, or resetting a password. It is safe for concurrent use.
type Flow struct {
	config  Config
	cookies cookies
	tokens  *tokens
	devices *devices
	cross   *http.CrossOriginProtection
}

// New returns a Flow. The error of a bad configuration names the field, the value and the bound.
func New(c Config) (*Flow, error) {
	c.setDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("otphttp: %w", err)
	}

	f := &Flow{config: c, cookies: cookies{c.Insecure}, cross: http.NewCrossOriginProtection()}

	for i, origin := range c.Origins {
		if err := checkOrigin(origin); err != nil {
			return nil, fmt.Errorf("otphttp: Config.Origins[%d] is %q: %w", i, origin, err)
		}
		if err := f.cross.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("otphttp: Config.Origins[%d] is %q: %w", i, origin, err)
		}
	}

	var err error
	if f.tokens, err = newTokens(c.Keys, c.Name, c.Codes.Policy().Lifetime); err != nil {
		return nil, fmt.Errorf("otphttp: %w", err)
	}
	if f.devices, err = newDevices(c.Keys); err != nil {
		return nil, fmt.Errorf("otphttp: %w", err)
	}
	return f, nil
}

func (c *Config) setDefaults() {
	c.Name = cmp.Or(c.Name, "flow")
	c.AddressField = cmp.Or(c.AddressField, "email")
	c.CodeField = cmp.Or(c.CodeField, "code")
	c.Log = cmp.Or(c.Log, slog.Default())
}

// check returns an error that names the first field that is wrong.
func (c *Config) check() error {
	switch {
	case c.Codes == nil:
		return errors.New("Config.Codes is nil: it is required")
	case len(c.Keys) == 0:
		return errors.New("Config.Keys is empty: at least one key is required")
	case len(c.Name) > 32 || strings.ContainsFunc(c.Name, notInName):
		return fmt.Errorf(
			`Config.Name is %q: it must be 1 to 32 ASCII letters, digits, "-" and "_"`,
			c.Name,
		)
	case c.Find == nil:
		return errors.New("Config.Find is nil: it is required")
	case c.Accept == nil:
		return errors.New("Config.Accept is nil: it is required")
	case c.AddressField == c.CodeField:
		return fmt.Errorf("Config.AddressField and CodeField are both %q: they must differ",
			c.CodeField)
	case c.AllowUnbound && c.Codes.Policy().RequireBinding:
		return errors.New("Config.AllowUnbound is set, but Policy.RequireBinding of Codes too: " +
			"unset one of them")
	}

	for i, key := range c.Keys {
		if len(key) < minKey {
			return fmt.Errorf("Config.Keys[%d] has %d bytes: it must have at least %d, random ones",
				i, len(key), minKey)
		}
	}
	return nil
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') &&
		r != '-' && r != '_'
}

// checkOrigin refuses what is no origin as browsers send it (RFC 6454 §6.2).
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" ||
		u.Scheme+"://"+strings.ToLower(u.Host) != origin {
		return errors.New(`it must be an origin such as "https://app.example.com", ` +
			"in lower case, without a path")
	}
	return nil
}

// State is where a client stands in a flow.
type State struct {
	// Address is the one that was typed.
	Address string

	// Status is that of the code. It is the same for unknown addresses.
	Status otp.Status

	// Session stands for the flow of a client without cookies, which sends it along. Empty for
	// others.
	Session string

	// Accepted says that the code was accepted in this browser, within the last hour and the
	// lifetime of a code.
	Accepted bool

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
