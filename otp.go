// Package otp sends one-time codes to people and accepts each of them exactly once.
//
// A [Service] has one purpose, such as resetting a password. Send records a code and has a [Sender] deliver it; Verify
// accepts it:
//
//	resets, err := otp.New(otp.Config{
//		Purpose: "password-reset",
//		Secret:  secret, // at least 32 random bytes, kept outside the store
//		Store:   memstore.New(nil),
//		Sender:  sender,
//	})
//	...
//	status, err := resets.Send(ctx, otp.Request{To: account.Email})
//	...
//	err = resets.Verify(ctx, otp.Submission{To: account.Email, Code: typed}) // nil exactly once
//
// Stores are in the packages memstore (one process) and dynamostore (DynamoDB); sesmail sends mail through Amazon SES.
// Both are small interfaces, [Store] and [Sender]. Package otptest helps to test services that use this one, and tests
// stores.
//
// # How it works
//
// The store is a compare-and-swap map of small opaque values, one for each purpose and address. Every operation loads
// the value, applies a rule to it and swaps it, and starts over if somebody else was faster. The outcome is told only
// after the swap that records it has won. So a code is accepted once and an attempt is paid for before its comparison
// is revealed, however many submissions run in parallel and whichever replies of the store are lost.
//
// Codes are never stored. A code is derived, by HMAC-SHA-256 under a key that the store does not hold, from the
// purpose, the address, Bind and a random seed. Hence the same code can be sent again to a person whose first mail was
// late. Addresses are not stored either: a record lies under a MAC of purpose and address, and is authenticated by one.
//
// # Threats
//
// The package holds against an attacker who sends any number of requests in parallel from anywhere, for any address,
// and knows everything but the keys and what the mailbox receives:
//
//   - Guessing: at most Policy.MaxAttempts wrong submissions for each code, Policy.MaxFailures in a row for an
//     address, and a number of new codes bounded by Policy.SendLimits. [Policy.Odds] gives what is left.
//   - Replay and races: a code is accepted once.
//   - Reading the store: it holds no code, no address and nothing to find either from without the keys.
//   - Writing to the store: a changed or moved value is an error. An older value of the same record put back within
//     the lifetime of a code is not noticed, so it can make a used code work again. After a restore from a backup,
//     change Config.Secret.
//   - Mail bombs: Policy.SendLimits hold for an address, whoever asks.
//   - Finding out who has an account: see Request.Decoy and Policy.MinSendTime.
//
// It does not hold against somebody who reads the mail, or has Config.Secret. Clocks of all instances must agree to
// about a second. Codes that people type are not phishing-resistant, and a code by email is no authenticator in the
// sense of NIST SP 800-63B-4 §3.1.3.1; confirming an address and resetting a password are what it is for.
//
// A code without Bind can be used up by strangers: five wrong submissions for anybody's address void it. The person can
// ask for another, within the limits.
//
// # What is left to the caller
//
//   - Send to the address stored with the account, not to the one that was typed.
//   - Answer the same for known and unknown accounts: call Send with Decoy for unknown ones, and treat an error that
//     matches [ErrDelivery] as success. Tell strangers of a refused submission no more than [ErrRejected].
//   - Bound requests per client and per network: the limits here are per address, and guesses can be sprayed over many.
//   - Use a random Bind where there is a session or an app to keep it in.
//   - Accept codes by POST only: mail scanners follow links.
//   - Check the new password before calling Verify, which spends the code.
//   - Notify the person after the change, and end their other sessions.
//   - Take [ErrUsed] after a double click for what it is: the first one was accepted.
package otp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config is what a [Service] is made of. It redacts itself when printed, logged or marshalled.
type Config struct {
	// Purpose says what an accepted code allows, "password-reset" say: 1 to 64 letters, digits, ".", "_" and "-" of
	// ASCII. Services with different purposes share nothing, even on one store and with one Secret. Required.
	Purpose string
	// Secret locates and authenticates the records, and derives the codes unless CodeKeys do: at least 32 random bytes
	// that are kept outside the store. All instances need the same. Changing it forgets every code, counter and limit.
	// Required.
	Secret []byte
	// CodeKeys derive the codes in place of Secret, so that the key can be changed without losing a code: the first
	// issues, all verify. Deploy a new key at the end to all instances, then move it to the front, and take the old
	// one away once Policy.Lifetime has passed. To start with CodeKeys, count Secret as the old key: {Secret, new}
	// first. Optional.
	CodeKeys Keys
	// Store keeps the state. Required.
	Store Store
	// Sender delivers the codes. Required.
	Sender Sender
	// Policy holds the numbers behind the rules; its zero value is a sound default.
	Policy Policy
	// Observe, if set, is called at the end of each call with what happened, in the caller's goroutine.
	Observe func(context.Context, Event)
}

// Request asks for a code. It redacts itself when printed, logged or marshalled.
type Request struct {
	// To is where the message goes: take it from the account, not from what was typed. The Sender gets it as it is,
	// white space included. Codes, limits and counters belong to To without surrounding white space and with the
	// letters A to Z in lower case. At most 1024 bytes; required.
	To string
	// Bind ties the code to one flow, account or transaction: it is accepted only with the same Bind. A random one,
	// kept in the session, also keeps strangers from using up the attempts. At most 1024 bytes.
	Bind string
	// Language is passed on to the Sender: a BCP 47 tag or the value of an Accept-Language header.
	Language string
	// Decoy says that there is no such account. Nothing is sent and no code ever accepted, but all else happens as it
	// would: the same calls of the store, limits, errors and Status. (A Sender that fails has no counterpart here.)
	Decoy bool
	// Data is passed on to the Sender and stored nowhere.
	Data any
}

// Submission is a code that somebody typed. It redacts itself when printed, logged or marshalled.
type Submission struct {
	// To and Bind are those of the Request.
	To, Bind string
	// Code is what was typed, as it was typed: spaces, dashes, letter case and foreign digits are seen to.
	Code string
}

// Status tells what can be done for one address and Bind at one moment. Times are in whole seconds, UTC.
type Status struct {
	// Live: there is a code that can be submitted.
	Live bool
	// Locked: Send would return ErrLocked.
	Locked bool
	// AttemptsLeft is the number of wrong submissions until no code is live.
	AttemptsLeft int
	// ExpiresAt is when the last of the live codes expires; it is refused from that moment on. Zero if none is live.
	ExpiresAt time.Time
	// RetryAt is the first time at which Send would not be refused; zero if it would not be refused now.
	RetryAt time.Time
}

// Service sends codes for one purpose and accepts each of them once. It is safe for concurrent use; any number of
// Services, in any number of processes, can work on the same store.
type Service struct {
	purpose string
	policy  Policy
	store   Store
	sender  Sender
	observe func(context.Context, Event)

	locate, bind, value, subject []byte    // keys
	codeKeys                     []codeKey // never empty; the first issues

	workspaces sync.Pool // of *workspace
}

// New returns a Service. The error of a bad configuration names the field, the value and the bound.
func New(c Config) (*Service, error) {
	s := &Service{purpose: c.Purpose, policy: c.Policy.withDefaults(), store: c.Store, sender: c.Sender, observe: c.Observe}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("otp: %w", err)
	}
	if err := s.policy.check(); err != nil {
		return nil, fmt.Errorf("otp: %w", err)
	}
	for use, key := range map[string]*[]byte{"locate": &s.locate, "bind": &s.bind, "value": &s.value, "subject": &s.subject} {
		var err error
		if *key, err = subkey(c.Secret, use+"/"+c.Purpose, sha256.Size); err != nil {
			return nil, fmt.Errorf("otp: %w", err)
		}
	}
	secrets := c.CodeKeys
	if len(secrets) == 0 {
		secrets = Keys{c.Secret}
	}
	for i, secret := range secrets {
		key, err := newCodeKey(secret, c.Purpose)
		if err != nil {
			return nil, fmt.Errorf("otp: %w", err)
		}
		if j := slices.IndexFunc(s.codeKeys, func(k codeKey) bool { return k.id == key.id }); j >= 0 {
			return nil, fmt.Errorf("otp: Config.CodeKeys has the same key at positions %d and %d", j, i)
		}
		s.codeKeys = append(s.codeKeys, key)
	}
	s.workspaces.New = func() any { return s.newWorkspace() }
	return s, nil
}

// check returns an error that names the field that is wrong. The Policy is checked elsewhere.
func (c *Config) check() error {
	outside := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	}
	switch {
	case len(c.Purpose) < 1 || len(c.Purpose) > 64 || strings.ContainsFunc(c.Purpose, outside):
		return fmt.Errorf("Config.Purpose is %q: it must be 1 to 64 ASCII letters, digits, '.', '_' and '-'", c.Purpose)
	case len(c.Secret) < minKey:
		return fmt.Errorf("Config.Secret has %d bytes: it must have at least %d, random ones", len(c.Secret), minKey)
	case c.Store == nil:
		return errors.New("Config.Store is nil: it is required (memstore.New for one process, dynamostore.New for many)")
	case c.Sender == nil:
		return errors.New("Config.Sender is nil: it is required (sesmail.New, or an otp.SenderFunc)")
	}
	for i, key := range c.CodeKeys {
		if len(key) < minKey {
			return fmt.Errorf("Config.CodeKeys has a key of %d bytes at position %d: each must have at least %d", len(key), i, minKey)
		}
	}
	return nil
}

// Send records a code for the request, unless the rules refuse it, and has the Sender deliver it. A live code of the
// same Bind with at least half of its lifetime left is sent again as it is; otherwise a new one is issued.
//
// It returns the Status of the address and Bind after the call, together with
//
//   - nil: the Sender took the message, or the request is a decoy;
//   - [ErrLimited] or [ErrLocked]: refused, nothing was sent or counted; Status.RetryAt says when to ask again;
//   - an error that matches [ErrDelivery]: the Sender failed; the code stays valid;
//   - any other error: the request is not usable, or the store failed. Asking again is safe, but may count twice.
//
// Send takes at least Policy.MinSendTime, also where it fails and where ctx is done.
func (s *Service) Send(ctx context.Context, r Request) (Status, error) {
	start := s.begin()
	e := Event{Op: "send", Decoy: r.Decoy}
	status, err := s.send(ctx, &r, &e)
	s.report(ctx, &e, r.To, start, err)
	if s.policy.MinSendTime > 0 {
		time.Sleep(time.Until(start.Add(s.policy.MinSendTime)))
	}
	return status, err
}

func (s *Service) send(ctx context.Context, r *Request, e *Event) (status Status, err error) {
	if err := s.checkAddressing(r.To, r.Bind); err != nil {
		return Status{}, fmt.Errorf("otp: send: %w", err)
	}
	w := s.workspaces.Get().(*workspace)
	defer s.workspaces.Put(w)
	rec := w.record(r.To, r.Bind)
	var random [2 * len(operationID{})]byte // half for the operation, half for the message: a read costs more than its bytes
	rand.Read(random[:])                    // never fails (Go 1.24)
	q := sendRequest{id: operationID(random[:]), bind: rec.bindTag, decoy: r.Decoy, key: s.codeKeys[0].id, knownKey: s.knowsKey}
	var c code
	var found bool
	var refused error
	err = s.update(ctx, w, &rec, func(st *state, now time.Time) (write bool) {
		var current *code
		current, e.Resent, write, refused = st.send(&s.policy, now, &q)
		if found = current != nil; found {
			c = *current
		}
		status = st.status(&s.policy, now, &q)
		return write
	})
	switch {
	case err != nil:
		return Status{}, fmt.Errorf("otp: send: %w", err)
	case refused != nil:
		return status, refused
	case !found: // recorded, but used or voided before the record was seen again
		return status, nil
	}
	text := s.derive(w, &rec, &c)
	if r.Decoy {
		return status, nil
	}
	e.MessageID = hex.EncodeToString(random[len(q.id):])
	reveal := string(text.bytes())
	err = s.sender.Send(ctx, Message{
		ID: e.MessageID, Purpose: s.purpose, To: r.To, Language: r.Language,
		Code: Code{&reveal}, ExpiresAt: time.Unix(c.expires(), 0).UTC(), Data: r.Data,
	})
	if err == nil {
		return status, nil
	}
	failed := &deliveryError{sender: err}
	if errors.Is(err, ErrNotSent) && !errors.Is(err, ErrUndeliverable) {
		// The mark outlives the caller: it is what lets the person ask again.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTimeout)
		defer cancel()
		marked := status
		failed.mark = s.update(ctx, w, &rec, func(st *state, now time.Time) (write bool) {
			write = st.fail(q.id)
			marked = st.status(&s.policy, now, &q)
			return write
		})
		if failed.mark == nil {
			status = marked
		}
	}
	return status, failed
}

// markTimeout bounds how long Send goes on after a failed delivery to mark it as failed.
const markTimeout = 5 * time.Second

// Verify accepts a code: it returns nil exactly once for each, and never for two submissions. It is the only result, so
// that none can be overlooked. Success voids all other codes of the address and clears its failures.
//
// A submission that is refused gives a [*RejectedError], which matches [ErrRejected]. Any other error says that it
// could not be judged, because the store failed, say: neither accepted nor wrong, and the person may submit it again.
// If ctx ends while the store is being written, a code may be spent without having been accepted; the person then asks
// for another.
func (s *Service) Verify(ctx context.Context, sub Submission) error {
	start := s.begin()
	e := Event{Op: "verify"}
	err := s.verify(ctx, &sub)
	s.report(ctx, &e, sub.To, start, err)
	return err
}

func (s *Service) verify(ctx context.Context, sub *Submission) error {
	if sub.Bind == "" && s.policy.RequireBind {
		return fmt.Errorf("otp: verify: %w", errNoBind)
	}
	typed, ok := s.policy.Alphabet.normalise(sub.Code)
	if !ok || s.checkAddressing(sub.To, sub.Bind) != nil {
		return &RejectedError{Reason: ErrMalformed}
	}
	w := s.workspaces.Get().(*workspace)
	defer s.workspaces.Put(w)
	rec := w.record(sub.To, sub.Bind)
	id := newOperationID()
	var reason error
	var status Status
	err := s.update(ctx, w, &rec, func(st *state, now time.Time) (write bool) {
		write, reason = st.verify(&s.policy, now, id, rec.bindTag, func(c *code) (result comparison) {
			result.shaped = c.length == typed.length && c.alphabet == s.policy.Alphabet
			result.derived = result.shaped && s.knowsKey(c.key)
			if result.derived {
				text := s.derive(w, &rec, c)
				result.equal = subtle.ConstantTimeCompare(text.bytes(), typed.bytes()) == 1
			}
			return result
		})
		if reason != nil {
			status = st.status(&s.policy, now, s.statusRequest(st, &rec))
		}
		return write
	})
	switch {
	case err != nil:
		return fmt.Errorf("otp: verify: %w", err)
	case reason == nil:
		return nil
	case errors.Is(reason, ErrRejected):
		return &RejectedError{Reason: reason, Status: status}
	}
	return fmt.Errorf("otp: verify: %w", reason)
}

// Status tells what can be done for the address and Bind, and changes nothing. It costs one read of the store.
func (s *Service) Status(ctx context.Context, to, bind string) (Status, error) {
	start := s.begin()
	e := Event{Op: "status"}
	var status Status
	err := s.checkAddressing(to, bind)
	if err == nil {
		w := s.workspaces.Get().(*workspace)
		defer s.workspaces.Put(w)
		rec := w.record(to, bind)
		err = s.update(ctx, w, &rec, func(st *state, now time.Time) (write bool) {
			status = st.status(&s.policy, now, s.statusRequest(st, &rec))
			return false
		})
	}
	if err != nil {
		status, err = Status{}, fmt.Errorf("otp: status: %w", err)
	}
	s.report(ctx, &e, to, start, err)
	return status, err
}

// Revoke voids all live codes of the address, whatever their Bind. Counters and limits stay. Call it where the address
// or the password of the account changes by other means.
func (s *Service) Revoke(ctx context.Context, to string) error {
	return s.administer(ctx, "revoke", to, func(st *state, now time.Time) (write bool) {
		return st.void(now, func(code) bool { return true })
	})
}

// Unlock clears the consecutive failures of the address, and so ends ErrLocked. Codes and SendLimits stay. Call it once
// the person has proven in some other way who they are.
func (s *Service) Unlock(ctx context.Context, to string) error {
	return s.administer(ctx, "unlock", to, func(st *state, _ time.Time) (write bool) { return st.unlock() })
}

// administer runs a step that concerns an address as a whole.
func (s *Service) administer(ctx context.Context, op, to string, step func(*state, time.Time) (write bool)) error {
	start := s.begin()
	e := Event{Op: op}
	err := checkTo(to)
	if err == nil {
		w := s.workspaces.Get().(*workspace)
		defer s.workspaces.Put(w)
		rec := w.record(to, "")
		err = s.update(ctx, w, &rec, step)
	}
	if err != nil {
		err = fmt.Errorf("otp: %s: %w", op, err)
	}
	s.report(ctx, &e, to, start, err)
	return err
}

// Subject returns the pseudonym that stands for the address in the events of this Service, so that support can find
// what happened to a person who asks. It cannot be turned back into the address without Config.Secret.
func (s *Service) Subject(to string) string {
	if to == "" {
		return ""
	}
	w := s.workspaces.Get().(*workspace)
	defer s.workspaces.Put(w)
	w.subject.begin()
	w.subject.appendField(identity(to))
	return base64.RawURLEncoding.EncodeToString(w.subject.sum()[:16])
}

// begin returns the time, or the zero time if nothing depends on it.
func (s *Service) begin() (start time.Time) {
	if s.observe != nil || s.policy.MinSendTime > 0 {
		start = time.Now()
	}
	return start
}

// report completes the event and hands it over.
func (s *Service) report(ctx context.Context, e *Event, to string, start time.Time, err error) {
	if s.observe == nil {
		return
	}
	e.Purpose, e.Subject, e.Err, e.Took = s.purpose, s.Subject(to), err, time.Since(start)
	s.observe(ctx, *e)
}

const (
	maxTo   = 1024 // bytes
	maxBind = 1024
)

var (
	errNoTo       = errors.New("the address (To) is empty")
	errLongTo     = fmt.Errorf("the address (To) has more than %d bytes", maxTo)
	errLongBind   = fmt.Errorf("the Bind has more than %d bytes", maxBind)
	errNoBind     = errors.New("the Bind is empty, which Policy.RequireBind does not allow")
	errContended  = errors.New("the record was changed by others at each try; try again")
	errUnknownKey = errors.New("the code was issued under a key that is not in Config.CodeKeys here: " +
		"add a new key at the end on all instances before it goes to the front")
)

func checkTo(to string) error {
	switch {
	case strings.TrimSpace(to) == "":
		return errNoTo
	case len(to) > maxTo:
		return errLongTo
	}
	return nil
}

func (s *Service) checkAddressing(to, bind string) error {
	switch err := checkTo(to); {
	case err != nil:
		return err
	case len(bind) > maxBind:
		return errLongBind
	case bind == "" && s.policy.RequireBind:
		return errNoBind
	}
	return nil
}

// identity returns what records and limits go by: to without surrounding white space and with ASCII letters in lower
// case. Letters beyond ASCII are never folded, since that makes equal what mail servers keep apart.
func identity(to string) string {
	to = strings.TrimSpace(to)
	for i := range len(to) { // by bytes, so that text that is not UTF-8 stays as it is
		if to[i] >= 'A' && to[i] <= 'Z' {
			return foldASCII(to)
		}
	}
	return to
}

func foldASCII(text string) string {
	folded := []byte(text)
	for i, b := range folded {
		if b >= 'A' && b <= 'Z' {
			folded[i] = b + ('a' - 'A')
		}
	}
	return string(folded)
}

// A record is where the state of one address lies, and what its codes are bound to.
type record struct {
	key            string // of the store
	identity, bind string
	bindTag        bindTag
}

func (w *workspace) record(to, bind string) record {
	r := record{identity: identity(to), bind: bind}
	w.locate.begin()
	w.locate.appendField(r.identity)
	var key [22]byte // 128 bits of it, like all that is compared here
	base64.RawURLEncoding.Encode(key[:], w.locate.sum()[:16])
	r.key = string(key[:])
	if bind != "" {
		w.bind.begin()
		w.bind.appendField(r.key)
		w.bind.appendField(bind)
		copy(r.bindTag[:], w.bind.sum())
	}
	return r
}

// statusRequest stands for the next Send where there is none to look at: of the kind that was last asked for.
func (s *Service) statusRequest(st *state, rec *record) *sendRequest {
	q := &sendRequest{bind: rec.bindTag, knownKey: s.knowsKey}
	if n := len(st.codes); n > 0 {
		q.decoy = st.codes[n-1].decoy
	}
	return q
}

// codeKey returns the index of the code key of this id, or -1.
func (s *Service) codeKey(id keyID) int {
	for i := range s.codeKeys {
		if s.codeKeys[i].id == id {
			return i
		}
	}
	return -1
}

func (s *Service) knowsKey(id keyID) bool { return s.codeKey(id) >= 0 }

// derive returns the text of the code, whose key must be known.
func (s *Service) derive(w *workspace, rec *record, c *code) codeText {
	return derive(w.codes[s.codeKey(c.key)], c.alphabet, c.length, s.purpose, rec.identity, rec.bind, &c.seed)
}

func newOperationID() (id operationID) {
	rand.Read(id[:]) // never fails (Go 1.24)
	return id
}

const (
	// maxRounds bounds how often an operation starts over because others were faster. The budgets bound how often
	// others can be, over all codes of an address, well below.
	maxRounds = 64
	// maxFaults bounds how often it starts over because the store failed to say what became of a swap.
	maxFaults = 5
	// faultPause is the wait after the first of these, doubled with each.
	faultPause = 10 * time.Millisecond
)

// update is how every operation works: load, apply the step to the state, swap. The step reports whether it has
// changed the state; what it found counts only if update returns nil.
//
// After a lost swap, and after an error that leaves open whether the swap has happened, it starts over from what the
// store holds then. A step that must not happen twice recognises itself there by its operation id.
func (s *Service) update(ctx context.Context, w *workspace, rec *record, step func(*state, time.Time) (write bool)) error {
	for faults, inDoubt, round := 0, false, 0; round < maxRounds; round++ {
		value, err := s.store.Load(ctx, rec.key)
		if err == nil {
			if err := w.state.open(w.value, rec.key, value); err != nil {
				return err
			}
			if !step(&w.state, time.Now()) {
				return nil
			}
			w.sealed = w.state.seal(w.sealed[:0], w.value, rec.key)
			var swapped bool
			swapped, err = s.store.CompareAndSwap(ctx, rec.key, value, w.sealed, w.state.keepUntil(&s.policy))
			if err == nil && swapped {
				return nil
			}
			inDoubt = inDoubt || err != nil
		}
		if err == nil {
			continue
		}
		if faults++; !inDoubt || faults > maxFaults || !pause(ctx, faultPause<<(faults-1)) {
			return fmt.Errorf("store: %w", err)
		}
	}
	return errContended
}

// A workspace is what an operation works with, used again by later ones: the keyed MACs, the state and its binary form.
// Nothing of it is kept beyond the operation.
type workspace struct {
	locate, bind, value, subject *mac
	codes                        []*mac // one for each of Service.codeKeys
	state                        state
	sealed                       []byte
}

func (s *Service) newWorkspace() *workspace {
	w := &workspace{locate: newMAC(s.locate), bind: newMAC(s.bind), value: newMAC(s.value), subject: newMAC(s.subject)}
	for _, k := range s.codeKeys {
		w.codes = append(w.codes, newMAC(k.key))
	}
	return w
}

// pause waits for d and reports whether ctx is still alive then.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
