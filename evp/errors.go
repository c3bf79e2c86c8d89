package evp

import (
	"context"
	"errors"
	"net"
)

// The two kinds of failure. With both, send a code instead.
var (
	// ErrInvalid is matched by errors of a token that is no proof, now or later.
	ErrInvalid = errors.New("evp: invalid proof")

	// ErrUnavailable is matched by errors of a token that could not be judged: DNS or the issuer
	// did not answer in time, or answered that it cannot.
	ErrUnavailable = errors.New("evp: proof cannot be judged")
)

// A Step is a part of the verification. The steps are taken in the order of the constants.
type Step string

// The steps. Their values are for metrics and logs, and stay as they are.
const (
	StepToken     Step = "token"     // its form: size, parts, JSON, types of claims
	StepAddress   Step = "address"   // the form of the mail address
	StepTime      Step = "time"      // iat of both halves, exp and nbf where they are
	StepAudience  Step = "audience"  // Config.Origins
	StepNonce     Step = "nonce"     // what the caller says of it
	StepBinding   Step = "binding"   // sd_hash, and the signature of the browser
	StepTrust     Step = "trust"     // Config.Issuers
	StepDNS       Step = "dns"       // the TXT record of the domain
	StepIssuer    Step = "issuer"    // the token's issuer is that of the record
	StepMetadata  Step = "metadata"  // the first document of the issuer
	StepKeys      Step = "keys"      // the second one
	StepSignature Step = "signature" // of the issuer
)

// An Error is what [Verifier.Verify] returns. Its text names the step and the reason in fixed
// words: neither the token nor an address, a domain or a host is in it. Errors that it wraps may
// name hosts.
type Error struct {
	Step Step

	kind   error // ErrInvalid or ErrUnavailable
	reason string
	cause  error // may be nil
}

// Error returns the kind, the step and the reason, "evp: invalid proof: time: issued too long ago".
func (e *Error) Error() string {
	return e.kind.Error() + ": " + string(e.Step) + ": " + e.reason
}

// Unwrap returns ErrInvalid or ErrUnavailable, and the cause if there is one.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.kind}
	}
	return []error{e.kind, e.cause}
}

func invalid(step Step, reason string) error {
	return &Error{Step: step, kind: ErrInvalid, reason: reason}
}

func unavailable(step Step, reason string, cause error) error {
	return &Error{Step: step, kind: ErrUnavailable, reason: reason, cause: cause}
}

// failed judges an error of the network: a name that is not there is invalid, and so is what the
// client refuses; all else may go away.
func failed(step Step, err error) error {
	e := &Error{Step: step, kind: ErrUnavailable, reason: "no connection, or it broke", cause: err}

	var dns *net.DNSError
	switch {
	case errors.Is(err, errRedirect), errors.Is(err, errNotPublic):
		e.kind, e.reason = ErrInvalid, "redirected elsewhere, or to no public address"
	case errors.As(err, &dns) && dns.IsNotFound:
		e.kind, e.reason = ErrInvalid, "not in DNS"
	case errors.Is(err, context.DeadlineExceeded):
		e.reason = "no answer in time"
	case errors.Is(err, context.Canceled):
		e.reason = "the caller hung up"
	}
	return e
}
