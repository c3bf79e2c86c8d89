package otp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-5978b5f1/otp/internal/isnil"
)

// Config is what a [Service] is made of. It shows as "[redacted]" when printed, logged or
// marshaled.
type Config struct {
	redacted

	// Purpose says what an accepted code allows, "password-reset" for example: 1 to 64 ASCII
	// letters, digits, ".", "_" and "-". Services with different purposes share nothing, even on
	// one store and with one Secret. Required.
	Purpose string

	// Kind is what the codes are for, as messages and pages say it. Default General.
	Kind Kind

	// Secret locates and authenticates the records, and derives the codes unless CodeKeys do: at
	// least 32 random bytes that are kept outside the store. All instances need the same. Changing
	// the Secret forgets every code, count and limit. ParseKey reads one from text. Required.
	Secret []byte

	// CodeKeys derive the codes in place of Secret, so that the key can be changed without losing a
	// code: the first key issues, all keys verify. Deploy a new key at the end to all instances,
	// then move it to the front, and remove the old one once Policy.Lifetime has passed. To start
	// with CodeKeys, treat Secret as the old key: {Secret, new} first. Optional.
	CodeKeys Keys

	// Store keeps the state. Required.
	Store Store

	// Sender delivers the codes. NoSender is for a Service that sends none. Required.
	Sender Sender

	// Policy holds the numbers behind the rules. Its zero value is a sound default.
	Policy Policy

	// Normalize returns the form of an address that codes, limits and failures go by: two spellings
	// of one address must give the same. Its error matches ErrInvalid in what the Service returns.
	// Look accounts up by the same form. It is called concurrently. Default NormalizeAddress.
	Normalize func(to string) (string, error)

	// Observe, if set, is called at the end of each call with what happened, in the caller's
	// goroutine, and so concurrently.
	Observe func(context.Context, Event)
}

// Kind is what the codes of a Service are for. Messages and pages say so: people who know what they
// confirm are harder to deceive.
type Kind int

const (
	// General says nothing: the code is to be entered where it was asked for.
	General Kind = iota

	// SignIn signs a person in to an account.
	SignIn

	// ConfirmAddress shows that the address of a new account is the person's own.
	ConfirmAddress

	// ChangeAddress confirms the new address of an account that has another one.
	ChangeAddress

	// ResetPassword lets a person choose a new password.
	ResetPassword

	// ConfirmTransaction confirms a transaction, such as a payment. It requires a Binding, which
	// ties the code to what is confirmed. Messages show what that is, and are refused without it.
	ConfirmTransaction

	kinds = iota // the number of kinds
)

func (k Kind) valid() bool { return k >= 0 && k < kinds }

// String returns the name of the Kind.
func (k Kind) String() string {
	if !k.valid() {
		return "Kind(?)"
	}
	return [kinds]string{"General", "SignIn", "ConfirmAddress", "ChangeAddress", "ResetPassword",
		"ConfirmTransaction"}[k]
}

// Trust is what the caller vouches for. Each Trust has its own limits, codes and failures, so that
// a stranger cannot spend those of a person whom the caller knows. Request and Submission of one
// code carry the same Trust.
type Trust int

const (
	// Stranger is anybody: nothing is known about the client.
	Stranger Trust = iota

	// Challenged has solved a challenge (a CAPTCHA, for example) for this request.
	Challenged

	// Known has given evidence that ties the client to this account: a device that has signed in to
	// it before (OWASP device cookies), a session that is signed in, or support that has identified
	// the person.
	Known
)

// trusts lists every Trust: an address has a record for each.
var trusts = [...]Trust{Stranger, Challenged, Known}

// String returns the name of the Trust.
func (t Trust) String() string {
	switch t {
	case Stranger:
		return "Stranger"
	case Challenged:
		return "Challenged"
	case Known:
		return "Known"
	}
	return "Trust(?)"
}

// Request asks for a code. It shows as "[redacted]" when printed, logged or marshaled.
type Request struct {
	redacted

	// To is where the message goes. Take it from the account, not from what was typed. The Sender
	// gets it as it is. At most 1024 bytes, no control characters. Required.
	To string

	// Binding ties the code to one flow, session or transaction: the code is accepted only with the
	// same Binding. A random one, kept in the session, also keeps strangers from using up the
	// attempts. Bind a transaction as session + "/" + transaction. At most 1024 bytes. Required
	// where Trust is above Stranger, and must be unguessable there.
	Binding string

	// Language is passed on to the Sender: a BCP 47 tag or the value of an Accept-Language header.
	Language string

	// Trust is what the caller vouches for. Default Stranger.
	Trust Trust

	// Decoy says that there is no such account. Nothing is sent and no code is ever accepted, but
	// Send makes the same store calls and returns the same errors and Status as for an account. Two
	// things can still give a decoy away: a failing Sender (ErrDelivery), and one that is slower
	// than Policy.MinSendTime. Package background hides both.
	//
	// Decide it by the same form of the address that Config.Normalize gives.
	Decoy bool

	// Begun is the moment from which Policy.MinSendTime counts: before an account was looked up,
	// say, so that the time of the look-up does not show in that of the answer. Nothing else counts
	// from it: ExpiresAt and RetryAt, in whole seconds, count from the call. So call Send equally
	// long after it, whether there is an account or not: package otphttp does so after 250 ms, or
	// half of MinSendTime where that is less.
	//
	// It must not be earlier than the last thing that a client can draw out (the body of the
	// request, a challenge), or a slow client has used up MinSendTime before the Sender begins.
	// Default, and where it is later: the moment of the call.
	Begun time.Time

	// Data is passed on to the Sender and stored nowhere.
	Data any
}

// Submission is a code that somebody typed. It shows as "[redacted]" when printed, logged or
// marshaled.
type Submission struct {
	redacted

	// To, Binding and Trust are those of the Request.
	To, Binding string
	Trust       Trust

	// Code is what the person typed. Spaces and dashes, punctuation at both ends and case do not
	// matter, and the digits of every script are read.
	Code string

	// IdempotencyKey tells a submission that comes again from another one: random, made where the
	// form is rendered, at most 128 bytes. The same key and the same code again give ErrRepeated,
	// not ErrUsed. Optional.
	IdempotencyKey string
}

// maxIdempotencyKey bounds Submission.IdempotencyKey, in bytes.
const maxIdempotencyKey = 128

// Service sends codes for one purpose and accepts each of them once. It is safe for concurrent use.
// Any number of Services, in any number of processes, can work on the same store. A Service shows
// as "[redacted]" when printed, logged or marshaled.
type Service struct {
	redacted

	purpose   string
	kind      Kind
	policy    Policy
	sender    Sender
	normalize func(string) (string, error)
	observe   func(context.Context, Event)
	keys      *keyring
	records   *records
}

// New returns a Service. The error of a bad configuration names the field, the value and the bound.
func New(c Config) (*Service, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("otp: %w", err)
	}

	keys, err := newKeyring(&c)
	if err != nil {
		return nil, fmt.Errorf("otp: %w", err)
	}

	s := &Service{
		purpose:   c.Purpose,
		kind:      c.Kind,
		policy:    c.Policy.withDefaults(),
		sender:    c.Sender,
		normalize: normalizer(c.Normalize),
		observe:   c.Observe,
		keys:      keys,
	}
	s.records = newRecords(c.Purpose, &s.policy, c.Store, keys)
	return s, nil
}

// check returns an error that names the field that is wrong.
func (c *Config) check() error {
	outside := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') &&
			!strings.ContainsRune("._-", r)
	}

	switch {
	case len(c.Purpose) < 1 || len(c.Purpose) > 64 || strings.ContainsFunc(c.Purpose, outside):
		return fmt.Errorf("Config.Purpose is %q: it must be 1 to 64 ASCII letters, digits, "+
			"'.', '_' and '-'", c.Purpose)
	case !c.Kind.valid():
		return fmt.Errorf("Config.Kind is %d: it must be one of the constants of otp.Kind", c.Kind)
	case len(c.Secret) < minKey:
		return fmt.Errorf("Config.Secret has %d bytes: it must have at least %d, random ones",
			len(c.Secret), minKey)
	case isnil.Value(c.Store):
		return errors.New("Config.Store is nil: it is required " +
			"(sqlstore, redisstore or dynamostore; memstore for one process)")
	case isnil.Value(c.Sender):
		return errors.New("Config.Sender is nil: it is required " +
			"(sesmail, smtpmail, awssms, an otp.SenderFunc; otp.NoSender to send nothing)")
	}

	for i, key := range c.CodeKeys {
		if len(key) < minKey {
			return fmt.Errorf("Config.CodeKeys has a key of %d bytes at position %d: "+
				"each must have at least %d", len(key), i, minKey)
		}
	}

	p := c.Policy.withDefaults()
	return p.check()
}

// Policy returns the effective policy: that of the configuration with its defaults.
func (s *Service) Policy() Policy { return s.policy.withDefaults() }

// Kind returns Config.Kind.
func (s *Service) Kind() Kind { return s.kind }

// Normalize returns the form of an address that codes, limits and failures of this Service go by:
// that of Config.Normalize. The error matches [ErrInvalid].
func (s *Service) Normalize(to string) (string, error) {
	address, err := s.normalize(to)
	if err != nil {
		return "", fmt.Errorf("otp: %w", err)
	}
	return address, nil
}

// Send records a code for the request, unless the rules refuse it, and has the Sender deliver it. A
// live code of the same Binding with at least half of its lifetime left is sent again as it is.
// Otherwise Send issues a new one.
//
// Send returns the Status after the call, together with
//
//   - nil: the Sender took the message, or the request is a decoy;
//   - [ErrLimited] ([ErrLiveCodes] is one), or [ErrLocked]: refused, nothing was sent or counted;
//     Status.RetryAt says when to ask again;
//   - an error that matches [ErrDelivery]: the Sender failed, or the code was voided before it
//     could be delivered ([ErrNotSent]); otherwise the code is valid;
//   - an error that matches [ErrInvalid], with the zero Status: the request cannot be used;
//   - any other error, with the zero Status: ctx was done already, or the store failed; asking
//     again is safe, but may count twice.
//
// A client that hangs up changes nothing: once begun, Send passes on neither the canceling nor the
// deadline of ctx. It ends by the 10 s that the store may take and by Policy.DeliveryTimeout.
//
// Send takes at least Policy.MinSendTime on every path.
func (s *Service) Send(ctx context.Context, req Request) (Status, error) {
	start := time.Now()

	// Rule 10: also where the Sender panics.
	if s.policy.MinSendTime > 0 {
		begun := start
		if !req.Begun.IsZero() && req.Begun.Before(start) {
			begun = req.Begun
		}
		defer func() { time.Sleep(time.Until(begun.Add(s.policy.MinSendTime))) }()
	}

	e := Event{Op: OpSend, Trust: req.Trust, Decoy: req.Decoy}
	status, err := s.send(ctx, &req, &e)
	s.report(ctx, &e, req.To, start, err)
	return status, err
}

func (s *Service) send(ctx context.Context, req *Request, e *Event) (Status, error) {
	if s.sender == NoSender {
		return Status{}, fmt.Errorf("otp: send: %w", errNoSender)
	}

	r, err := s.recordOf(ctx, req.To, req.Binding, req.Trust)
	if err != nil {
		return Status{}, fmt.Errorf("otp: send: %w", err)
	}
	defer r.release()

	outcome, err := s.recordSend(ctx, r, req.Decoy)
	if err != nil {
		return Status{}, fmt.Errorf("otp: send: %w", err)
	}
	if outcome.refused != nil {
		return outcome.status, outcome.refused
	}
	e.Resent = outcome.resent

	// Rule 10: the code of a decoy is derived too, but never delivered.
	text, _ := r.text(&outcome.code)
	if req.Decoy {
		return outcome.status, nil
	}

	m := s.message(req, &outcome.code, &text)
	e.MessageID = m.ID
	return outcome.status, s.deliver(ctx, m)
}

// recordSend has the store keep a Send, unless the rules refuse it.
func (s *Service) recordSend(ctx context.Context, r *record, decoy bool) (sent, error) {
	store, cancel := detach(ctx, storeTimeout)
	defer cancel()

	r.assumeFresh()
	a := r.sendRequest(newOperationID(), decoy)
	return update(store, r, func(now time.Time) (sent, bool) {
		return r.state.send(&s.policy, now, &a)
	})
}

func (s *Service) message(req *Request, c *code, text *codeText) Message {
	id := newOperationID()
	return Message{
		ID:        hex.EncodeToString(id[:]),
		Purpose:   s.purpose,
		Kind:      s.kind,
		To:        req.To,
		Language:  req.Language,
		Code:      NewCode(string(text.bytes())),
		ExpiresAt: c.expires(),
		Data:      req.Data,
	}
}

// deliver hands the message to the Sender. Rule 14: the send counts and the code stays valid,
// whatever the Sender says.
func (s *Service) deliver(ctx context.Context, m Message) error {
	ctx, cancel := detach(ctx, s.policy.DeliveryTimeout)
	defer cancel()

	if err := s.sender.Send(ctx, m); err != nil {
		return deliveryError(err, m.ID)
	}
	return nil
}

// Verify accepts a code: it returns nil at most once for each. The error is the only result, so
// that it cannot be overlooked.
//
//   - nil: accepted, now and never again. The other live codes of the same Binding and Trust are
//     void, and codes that were used before under them give ErrUsed, no longer ErrRepeated.
//   - [ErrRepeated]: this submission (the same code and IdempotencyKey) was accepted before.
//   - a [*RejectedError], which matches [ErrRejected]: judged and refused. An ErrMismatch has cost
//     an attempt.
//   - an error that matches [ErrInvalid]: the submission cannot be used.
//   - any other error: ctx was done already, the store failed, or a code key is unknown here. What
//     became of the submission is not known. The person may submit it again; with the same
//     IdempotencyKey, ErrRepeated then says that it was accepted.
func (s *Service) Verify(ctx context.Context, sub Submission) error {
	return s.submit(ctx, OpVerify, &sub)
}

// Check judges a submission as [Service.Verify] does, and a wrong code costs its attempt, but the
// right one is not spent: nil says that Verify would accept it now. It is for work that must not be
// done for a wrong code, such as hashing a password. Its other errors are those of Verify.
//
// A nil of Check allows nothing: other submissions may get it at the same time. Only Verify
// accepts.
func (s *Service) Check(ctx context.Context, sub Submission) error {
	return s.submit(ctx, OpCheck, &sub)
}

// submit is Verify or Check.
func (s *Service) submit(ctx context.Context, op Op, sub *Submission) error {
	start := time.Now()

	e := Event{Op: op, Trust: sub.Trust}
	err := s.verify(ctx, op, sub)
	s.report(ctx, &e, sub.To, start, err)
	return err
}

func (s *Service) verify(ctx context.Context, op Op, sub *Submission) error {
	if len(sub.IdempotencyKey) > maxIdempotencyKey {
		return fmt.Errorf("otp: %s: %w", op, errLongKey)
	}

	r, err := s.recordOf(ctx, sub.To, sub.Binding, sub.Trust)
	if err != nil {
		return fmt.Errorf("otp: %s: %w", op, err)
	}
	defer r.release()

	typed, ok := readCode(sub.Code)
	if !ok {
		return &RejectedError{Reason: ErrMalformed}
	}

	judged, err := s.judge(ctx, r, &guess{
		id:             newOperationID(),
		binding:        r.bindingTag,
		typed:          typed,
		spends:         op == OpVerify,
		idempotencyKey: sub.IdempotencyKey,
		codes:          r,
	})

	switch {
	case err != nil:
		return fmt.Errorf("otp: %s: %w", op, err)
	case judged.reason == errUnknownKey:
		return fmt.Errorf("otp: %s: %w", op, errUnknownKey)
	case judged.reason == nil:
		return nil
	case judged.reason == ErrRepeated:
		return ErrRepeated
	}
	return &RejectedError{Reason: judged.reason, Status: judged.status}
}

// A judgment is the outcome of a Verify.
type judgment struct {
	reason error  // nil if the code is accepted
	status Status // afterwards, unless the code is accepted
}

// judge has the store keep what a submission changes.
func (s *Service) judge(ctx context.Context, r *record, g *guess) (judgment, error) {
	store, cancel := detach(ctx, storeTimeout)
	defer cancel()

	probe := r.sendRequest(operationID{}, false)
	return update(store, r, func(now time.Time) (judgment, bool) {
		reason, changed := r.state.verify(&s.policy, now, g)
		if reason == nil {
			return judgment{}, changed
		}
		return judgment{reason, r.state.status(&s.policy, now, &probe)}, changed
	})
}

// Status tells what Send would say for the request, and changes nothing. It costs one read of the
// store.
func (s *Service) Status(ctx context.Context, req Request) (Status, error) {
	start := time.Now()

	e := Event{Op: OpStatus, Trust: req.Trust, Decoy: req.Decoy}
	status, err := s.status(ctx, &req)
	s.report(ctx, &e, req.To, start, err)
	return status, err
}

func (s *Service) status(ctx context.Context, req *Request) (Status, error) {
	r, err := s.recordOf(ctx, req.To, req.Binding, req.Trust)
	if err != nil {
		return Status{}, fmt.Errorf("otp: status: %w", err)
	}
	defer r.release()

	store, cancel := detach(ctx, storeTimeout)
	defer cancel()

	probe := r.sendRequest(operationID{}, false)
	status, err := update(store, r, func(now time.Time) (Status, bool) {
		return r.state.status(&s.policy, now, &probe), false
	})
	if err != nil {
		return Status{}, fmt.Errorf("otp: status: %w", err)
	}
	return status, nil
}

// Revoke voids the live codes of the address that have this Binding, whatever their Trust, and ends
// the repeats of the used ones. Limits and failures stay. Call it when the person cancels the flow
// or the transaction.
func (s *Service) Revoke(ctx context.Context, to, binding string) error {
	return s.administer(ctx, OpRevoke, to, []string{binding},
		func(r *record, now time.Time) bool {
			return r.state.revoke(now, r.tagOf(binding))
		})
}

// RevokeAll voids every live code of the address, of all Bindings and Trusts, and ends the repeats
// of the used ones, except those of the given Bindings. Call it when the address or the password of
// the account changes by other means, or after a password was reset (with the Binding of that reset
// excepted, so that its double click is still ErrRepeated).
func (s *Service) RevokeAll(ctx context.Context, to string, except ...string) error {
	return s.administer(ctx, OpRevokeAll, to, except, func(r *record, now time.Time) bool {
		return r.state.revokeAll(now, func(t tag) bool {
			return slices.ContainsFunc(except, func(b string) bool { return t == r.tagOf(b) })
		})
	})
}

// Unlock clears the failures and the remembered sends of the address, for every Trust, and so ends
// ErrLocked, longer codes and ErrLimited by SendLimits. Live codes stay. Support calls it once the
// person has proven who they are.
func (s *Service) Unlock(ctx context.Context, to string) error {
	return s.administer(ctx, OpUnlock, to, nil, func(r *record, _ time.Time) bool {
		return r.state.unlock()
	})
}

// A change works on one record of an address and reports whether it has changed it.
type change func(*record, time.Time) (changed bool)

// administer makes a change for every Trust, and tells of it.
func (s *Service) administer(
	ctx context.Context, op Op, to string, bindings []string, c change,
) error {
	start := time.Now()

	err := s.changeAll(ctx, to, bindings, c)
	if err != nil {
		err = fmt.Errorf("otp: %s: %w", op, err)
	}
	s.report(ctx, &Event{Op: op}, to, start, err)
	return err
}

// changeAll goes on to the next record where one fails or hangs.
func (s *Service) changeAll(ctx context.Context, to string, bindings []string, c change) error {
	for _, binding := range bindings {
		if err := s.checkBinding(binding, Stranger); err != nil {
			return err
		}
	}
	address, err := s.address(ctx, to)
	if err != nil {
		return err
	}

	var errs []error
	for _, trust := range trusts {
		if err := s.records.change(ctx, address, trust, c); err != nil {
			errs = append(errs, fmt.Errorf("the record of %v: %w", trust, err))
		}
	}
	return errors.Join(errs...)
}

// Pseudonym returns what stands for the address in the events of this Service, so that support can
// find what happened to a person who asks. It cannot be turned back into the address without
// Config.Secret. It is empty for an invalid address.
func (s *Service) Pseudonym(to string) string {
	address, err := s.normalize(to)
	if err != nil {
		return ""
	}

	m := newMAC(s.keys.pseudonym)
	m.begin()
	m.field(address)
	pseudonym := m.tag()
	return base64.RawURLEncoding.EncodeToString(pseudonym[:])
}

// recordOf checks the fields that all requests have (rule 12) and returns the record to work on.
// The caller releases it.
func (s *Service) recordOf(
	ctx context.Context, to, binding string, trust Trust,
) (*record, error) {
	if err := s.checkBinding(binding, trust); err != nil {
		return nil, err
	}

	address, err := s.address(ctx, to)
	if err != nil {
		return nil, err
	}
	return s.records.of(address, binding, trust), nil
}

// checkBinding applies rules 8 and 9 to the fields of a request.
func (s *Service) checkBinding(binding string, trust Trust) error {
	switch {
	case trust < Stranger || trust > Known:
		return errUnknownTrust
	case len(binding) > maxText:
		return errLongBinding
	case binding == "" && s.policy.RequireBinding: // Rule 9
		return errNoBinding
	case binding == "" && s.kind == ConfirmTransaction:
		return errTransactionUnbound
	case binding == "" && trust > Stranger: // Rule 8
		return errTrustUnbound
	}
	return nil
}

// address returns the normal form of an address, or an error if it is invalid or ctx is done
// already (rule 14).
func (s *Service) address(ctx context.Context, to string) (string, error) {
	address, err := s.normalize(to)
	if err != nil {
		return "", err
	}
	return address, ctx.Err()
}

// report completes the event and hands it over.
func (s *Service) report(ctx context.Context, e *Event, to string, start time.Time, err error) {
	if s.observe == nil {
		return
	}

	e.Pseudonym, e.Err, e.Duration = s.Pseudonym(to), err, time.Since(start)
	s.Report(ctx, *e)
}

func newOperationID() (id operationID) {
	rand.Read(id[:]) // never fails
	return id
}
