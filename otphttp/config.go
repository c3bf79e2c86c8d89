package otphttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
)

// Config is what a [Flow] is made of. Codes, Keys, Find and Accept are required.
type Config struct {
	// Codes sends and verifies the codes. Its Kind decides what messages and pages say.
	Codes *otp.Service

	// Keys seal the sessions and sign the device cookies: the first key writes, all read. Each has
	// at least 32 random bytes and is the same on all instances. The Secret of the Service can be
	// one of them, since the keys that are used are derived from it (HKDF). To change a key, put
	// the new one at the end on all instances, then to the front, and remove the old one after 180
	// days, or earlier where devices may be forgotten.
	Keys otp.Keys

	// Name tells the flows of one host apart: it is part of the names of their cookies and of their
	// keys. 1 to 32 ASCII letters, digits, "-" and "_", other than "device" and what begins with
	// "note-". Flows with the same name overwrite each other's cookies. Default "flow".
	Name string

	// Find returns who gets the code. typed is what the person has entered: at most 320 bytes,
	// without control characters and without white space around it. It is "" where the request
	// names nobody, since the application knows who it is: a person who is signed in, say.
	//
	// An error that is a [*Problem] is shown to the person: one with the status 401 where nobody is
	// signed in, say. One that matches otp.ErrInvalid says that typed is no address (status 400).
	// Any other error is a failure of the service (503), as is a Recipient that cannot be used.
	//
	// Find is called once for each Send. Its time counts towards Policy.MinSendTime. A hit cannot
	// be told from a miss while Find takes less than 250 ms, or than half of MinSendTime where that
	// is less, and the Sender less than the rest. A slower Find shows in the times that the answer
	// names.
	//
	// Where typed is "" there is nothing to hide, and Find is called for each Status and Verify,
	// too: if it returns another To or Binding than for Send, the answer is transaction_changed
	// (409) and costs no attempt. Verify calls it also for clients of AllowUnbound, in a time of at
	// least 250 ms.
	Find func(r *http.Request, typed string) (Recipient, error)

	// Unknown is called where Find has said that there is no such account, and Send has succeeded
	// as for one. It mails whoever has another kind of account, say: the limits on codes are then
	// those on such mails. Mail an address as it is stored, or as otp.Service.Normalize returns it:
	// typed is a stranger's spelling.
	//
	// It runs beside the answer, whose time it does not change, on a copy of the request without
	// its body. Its context outlives the request and ends after a minute. Nothing bounds how many
	// run at a time: hand the mail to package background, whose queue is bounded. Optional.
	Unknown func(r *http.Request, typed string)

	// Accept checks and prepares all that follows once the code is accepted, hashing a new password
	// for example. It is called for the right code only, and before that is spent, so its error
	// costs nothing: a [*Problem] is shown to the person, any other error is a failure of the
	// service (503). The body of the request, form or JSON, is in r.PostForm.
	//
	// Here is the place to find out that an address is taken, say: Done comes too late. Where a
	// person who is signed in has typed an address, compare Claim.Binding with who is signed in
	// now: it may be somebody else, in the same browser.
	//
	// A submission that comes again (a double click, or a retry after a lost answer) is accepted
	// again, and Done runs again.
	Accept func(r *http.Request, c Claim) (Done, error)

	// Once says that Done must not run twice for one submission: it pays, say. A submission that
	// comes again is then refused as repeated (409), without a word on whether Done succeeded.
	// Where Done is known to have failed, it is refused as code_used (403).
	Once bool

	// Anyone says that every address is welcome, so there are no accounts to hide: whoever asks is
	// told of a failed delivery, as undeliverable (422) or not_sent (503). That also tells
	// strangers which mailboxes exist. Package background reports failures to nobody. Where typed
	// is "", failures are always told.
	Anyone bool

	// RevokeOthers voids the codes that others have asked for, for the same address, once Done has
	// succeeded (otp.Service.RevokeAll). Set it where the password or the address changes.
	RevokeOthers bool

	// AddressField and CodeField name the members of the body. Default "email" and "code". In a
	// field "email", an address is read as the person meant it where that is certain, without a
	// name, "mailto:" or the full stop behind it, and what can be no address is address_invalid.
	AddressField, CodeField string

	// Origins are the origins of applications that may call the API from a browser or an app shell,
	// as browsers send them: "https://app.example.com", "capacitor://localhost". They get CORS
	// headers, with credentials. An origin under which this service itself is reached belongs here
	// too if a proxy changes the Host header. Requests from other origins are refused.
	Origins []string

	// Devices gives each browser in which a code was accepted a cookie that makes it known for 180
	// days (OWASP device cookies): its later requests for the same address have the Trust
	// otp.Known, whose limits no stranger can use up. The cookie signs nobody in. It holds no
	// address.
	Devices bool

	// DeviceSince returns a time before which no device of the address may have become known: that
	// of the last change of its password, say. Marks made more than a minute before are unknown. It
	// is called only for devices that have a mark for the address; a device is unknown if it fails.
	// Optional: without it, whoever had access once stays known for 180 days.
	DeviceSince func(r *http.Request, to string) (time.Time, error)

	// Challenge reports whether the request carries the answer of a challenge (a CAPTCHA, for
	// example) that was just solved. If so, it has the Trust otp.Challenged. It is called for each
	// Send of a device that is not known, or that is refused as a known one. With Challenge set,
	// whoever is refused without an answer gets the code challenge_required, and may ask again with
	// one.
	Challenge func(r *http.Request) (solved bool, err error)

	// Proofs verifies the tokens by which browsers prove an address (see package evp), in the
	// member "email_verification_token" of a Send. One for the stored address takes the place of
	// the code: Send calls Accept and Done at once. With the Kind ResetPassword, Verify does so,
	// without a code, within the lifetime of one. A proof counts neither as a send nor as a
	// failure, so it works while the address is limited or locked, and is accepted once.
	//
	// Whatever is wrong with a token, the code is sent, without a word. A proof is no human: let
	// Accept refuse where that counts, by Claim.Proved. Forms get their nonce from Flow.Nonce.
	// Not for ConfirmTransaction, nor with AllowUnbound. Optional.
	Proofs *evp.Verifier

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
	// by plain HTTP. Chromium and Firefox take Secure cookies from http://localhost, Safari does
	// not.
	Insecure bool

	// Log gets the failures of the service, and a line for each delivery that failed behind an
	// answer that does not tell. Default slog.Default().
	Log *slog.Logger
}

// A Recipient is who gets a code.
type Recipient struct {
	// To is the address of the account: the stored one, not the typed one. At most 320 bytes.
	// Default: the typed one.
	To string

	// Known says that there is such an account. Otherwise the same steps follow, and nothing is
	// sent. A flow that welcomes everybody returns true.
	Known bool

	// Trust is what the application vouches for, a signed-in session for example. The Flow may add
	// to it: devices, challenges. Default otp.Stranger.
	Trust otp.Trust

	// Binding is that of a transaction, at most 128 bytes: what the code confirms. Where a person
	// who is signed in types an address, it is the id of the account. The Flow joins it to that of
	// the browser. A code that was asked for another one in this session is revoked. Optional.
	Binding string

	// Language is that of the account, as a BCP 47 tag. Default: the header Accept-Language.
	Language string

	// Data is for the Sender and for State: what is confirmed, or a name. It is stored nowhere.
	Data any
}

// A Claim is what an accepted code shows.
type Claim struct {
	// To is the address: that of the Recipient.
	To string

	// Binding is that of the Recipient for which the code was sent. Act on the transaction that it
	// names, not on what is pending now.
	Binding string

	// Proved says that the browser has proved the address in place of a code. A proof is no human:
	// who owns a mail domain proves any number of its addresses.
	Proved bool
}

// Done does what the accepted code allows: it begins the session, or stores the new password. It
// runs after the code is spent, and once more for each submission that comes again, unless
// Config.Once is set. The context does not end when the client leaves; it ends after 10 s. Done may
// set headers and cookies on w. If it writes an answer, that is the answer; otherwise the Flow
// writes one. The client gets none of it unless Done returns nil.
//
// An error says that it is not done although the code is spent. The person is told so (status 503,
// code unfinished) and nothing else, also by a [*Problem]: what they can mend, such as an address
// that is taken, is for Config.Accept to find. Where only something minor has failed, log it and
// return nil.
//
// A nil Done does nothing.
type Done func(ctx context.Context, w http.ResponseWriter) error

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
			`Config.Name is %q: it must be 1 to 32 ASCII letters, digits, "-" and "_"`, c.Name)
	case c.Name == "device" || strings.HasPrefix(c.Name, "note-"):
		return fmt.Errorf("Config.Name is %q: another cookie has this name", c.Name)
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
	case c.AllowUnbound && c.Codes.Kind() == otp.ConfirmTransaction:
		return errors.New("Config.AllowUnbound is set, but Codes has the Kind " +
			"ConfirmTransaction, which requires a Binding")
	case c.Proofs != nil && c.Codes.Kind() == otp.ConfirmTransaction:
		return errors.New("Config.Proofs is set, but Codes has the Kind ConfirmTransaction: " +
			"a proof of the address says nothing about a transaction")
	case c.Proofs != nil && c.AllowUnbound:
		return errors.New("Config.Proofs is set, but AllowUnbound too: unset one of them, " +
			"since a proof holds for one browser")
	}

	for _, field := range []struct{ name, value string }{
		{"AddressField", c.AddressField}, {"CodeField", c.CodeField},
	} {
		if slices.Contains([]string{sessionField, keyField, proofField}, field.value) {
			return fmt.Errorf("%s is %q: another member has this name",
				"Config."+field.name, field.value)
		}
	}

	for i, origin := range c.Origins {
		if err := checkOrigin(origin); err != nil {
			return fmt.Errorf("Config.Origins[%d] is %q: %w", i, origin, err)
		}
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
