package otp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"time"
)

// records makes the records of a Service. It is the only place that pools memory.
type records struct {
	purpose string
	policy  *Policy
	store   Store
	keys    *keyring
	pool    sync.Pool // of *record
}

func newRecords(purpose string, policy *Policy, store Store, keys *keyring) *records {
	rs := &records{purpose: purpose, policy: policy, store: store, keys: keys}
	rs.pool.New = func() any { return rs.newRecord() }

	return rs
}

// A record is one address with one Trust at work: where its state lies, what its codes are bound
// to, and the MACs and buffers of one operation. It is not safe for concurrent use.
type record struct {
	*records

	key              string // in the store
	address, binding string
	bindingTag       tag

	recordMAC, bindingMAC, repeatMAC, valueMAC *mac
	codeMACs                                   []*mac // one for each of keyring.codes

	state  state
	sealed []byte // the value of state
}

func (rs *records) newRecord() *record {
	r := &record{
		records:    rs,
		recordMAC:  newMAC(rs.keys.record),
		bindingMAC: newMAC(rs.keys.binding),
		repeatMAC:  newMAC(rs.keys.repeat),
		valueMAC:   newMAC(rs.keys.value),
	}
	for _, key := range rs.keys.codes {
		r.codeMACs = append(r.codeMACs, newMAC(key.key))
	}

	return r
}

// of returns the record of a normalized address. The caller releases it.
func (rs *records) of(address, binding string, trust Trust) *record {
	r := rs.pool.Get().(*record)
	r.address, r.binding = address, binding

	// Rule 8: each Trust is a record of its own.
	r.recordMAC.begin()
	r.recordMAC.field(address)
	r.recordMAC.message = append(r.recordMAC.message, byte(trust))
	id := r.recordMAC.tag()
	var key [22]byte
	base64.RawURLEncoding.Encode(key[:], id[:])
	r.key = string(key[:])

	r.bindingTag = r.tagOf(binding)

	return r
}

// release gives the record back. It keeps no address.
func (r *record) release() {
	r.key, r.address, r.binding = "", "", ""
	r.pool.Put(r)
}

// tagOf returns the tag of a Binding in this record. The empty Binding has the zero tag.
func (r *record) tagOf(binding string) tag {
	if binding == "" {
		return tag{}
	}

	r.bindingMAC.begin()
	r.bindingMAC.field(r.key)
	r.bindingMAC.field(binding)

	return r.bindingMAC.tag()
}

// repeatTag returns the tag of an idempotency key for one code. Rule 1: a submission without a key
// draws one, which nobody can repeat.
func (r *record) repeatTag(c *code, idempotencyKey string) (t tag) {
	if idempotencyKey == "" {
		rand.Read(t[:]) // never fails

		return t
	}

	r.repeatMAC.begin()
	r.repeatMAC.field(r.key)
	r.repeatMAC.field(r.binding)
	r.repeatMAC.byteField(c.seed[:])
	r.repeatMAC.field(idempotencyKey)

	return r.repeatMAC.tag()
}

// text derives the text of a code. It returns false if the key of the code is unknown.
func (r *record) text(c *code) (codeText, bool) {
	i := r.keys.codeKey(c.key)
	if i < 0 {
		return codeText{}, false
	}

	return derive(r.codeMACs[i], c, r.purpose, r.address, r.binding), true
}

const (
	// storeTimeout bounds the store calls of one operation.
	storeTimeout = 10 * time.Second

	// maxRounds bounds the retries after lost swaps. The budgets of attempts and sends keep real
	// contention far below.
	maxRounds = 64

	// maxFaults bounds the retries after a swap whose outcome the store failed to tell.
	maxFaults = 5

	// faultPause is the wait before the first of those retries. It doubles with each.
	faultPause = 10 * time.Millisecond
)

// update applies step to the state of the record until a swap has won, and only then returns the
// outcome of step. step reports whether it has changed the state; no change needs no swap.
//
// After a lost swap, and after an error that leaves open whether the swap has happened, update
// starts over from what the store holds then. A step that must not happen twice recognizes itself
// there by its operation id.
func update[T any](
	ctx context.Context, r *record, step func(*state, time.Time) (outcome T, changed bool),
) (outcome T, err error) {
	inDoubt, faults := false, 0
	for range maxRounds {
		result, end, err := try(ctx, r, step)

		switch {
		case end == settled:
			return result, nil
		case end == overtaken:
			continue
		case end == doubtful:
			inDoubt = true
		}

		faults++
		if !inDoubt || faults > maxFaults || !pause(ctx, faultPause<<(faults-1)) {
			return outcome, err
		}
	}

	return outcome, errContended
}

// An ending is how one round of an update ended.
type ending int

const (
	failed    ending = iota // nothing was written
	doubtful                // the swap may have happened
	overtaken               // the swap was lost
	settled                 // the swap has won, or none was needed
)

// try is one round of update: load, apply, swap.
func try[T any](
	ctx context.Context, r *record, step func(*state, time.Time) (outcome T, changed bool),
) (outcome T, end ending, err error) {
	value, err := r.store.Load(ctx, r.key)
	if err != nil {
		return outcome, failed, fmt.Errorf("store: %w", err)
	}
	if err := r.state.open(r.valueMAC, r.key, value); err != nil {
		return outcome, failed, err
	}

	now := time.Now().UTC()
	outcome, changed := step(&r.state, now)
	if !changed {
		return outcome, settled, nil
	}

	expires := r.state.retain(r.policy, now)
	r.sealed = r.state.seal(r.sealed[:0], r.valueMAC, r.key)

	swapped, err := r.store.CompareAndSwap(ctx, r.key, value, r.sealed, expires)
	if err != nil {
		return outcome, doubtful, fmt.Errorf("store: %w", err)
	}
	if !swapped {
		return outcome, overtaken, nil
	}

	return outcome, settled, nil
}

// contexts are what store and Sender get in place of the caller's context. Rule 14: what has begun
// ends by its own deadlines; neither canceling nor deadline of the caller is passed on.
type contexts struct {
	store, sender timeout
}

// detach returns the contexts of an operation that began then. The caller ends them.
func detach(ctx context.Context, begun time.Time) *contexts {
	return &contexts{
		store:  timeout{parent: ctx, deadline: begun.Add(storeTimeout)},
		sender: timeout{parent: ctx},
	}
}

func (c *contexts) end() {
	c.store.end()
	c.sender.end()
}

// A timeout is a context with the values of the caller's, which ends at a deadline of its own. It is
// context.WithDeadline of context.WithoutCancel, made when somebody first waits for it: a store in
// memory never does, and would take less time than the context.
type timeout struct {
	parent   context.Context
	deadline time.Time

	mu    sync.Mutex
	made  *deadlineContext // nil until somebody waits
	ended bool
}

type deadlineContext struct {
	context.Context
	cancel context.CancelFunc
}

// wait returns the context that those wait for who wait.
func (t *timeout) wait() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()

	if t.made == nil {
		detached := context.WithoutCancel(t.parent)
		ctx, cancel := context.WithDeadline(detached, t.deadline)
		t.made = &deadlineContext{ctx, cancel}
		if t.ended {
			cancel()
		}
	}

	return t.made.Context
}

// end releases what the context holds, as a context.CancelFunc does.
func (t *timeout) end() {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.ended = true
	if t.made != nil {
		t.made.cancel()
	}
}

func (t *timeout) Deadline() (time.Time, bool) { return t.deadline, true }
func (t *timeout) Done() <-chan struct{}       { return t.wait().Done() }
func (t *timeout) Value(key any) any           { return t.wait().Value(key) }

func (t *timeout) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()

	switch {
	case t.made != nil:
		return t.made.Err()
	case t.ended:
		return context.Canceled
	case time.Until(t.deadline) <= 0:
		return context.DeadlineExceeded
	}

	return nil
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
