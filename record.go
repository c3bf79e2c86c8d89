package otp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
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

// release gives the record back. It keeps no address and nothing that a code can be derived from.
func (r *record) release() {
	r.key, r.address, r.binding = "", "", ""
	for _, m := range r.codeMACs {
		clear(m.out) // what the last code was derived from
	}
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
// After a swap that was lost or that ended in an error, update starts over from what the store
// holds then. A step that must not happen twice recognizes itself there by its operation id.
func update[T any](
	ctx context.Context, r *record, step func(*state, time.Time) (outcome T, changed bool),
) (outcome T, err error) {
	err = errContended
	inDoubt, faults := false, 0

	for range maxRounds {
		seen, failure := look(ctx, r, step)
		if failure == nil && !seen.changed {
			return seen.outcome, nil
		}

		if failure == nil {
			var swapped bool
			if swapped, failure = r.swap(ctx, seen.value, seen.at); swapped && failure == nil {
				return seen.outcome, nil
			}
			inDoubt = true // Rule 1: a swap that was refused may have won, too
		}
		if failure == nil {
			continue
		}

		faults++
		if !inDoubt || faults > maxFaults || !pause(ctx, faultPause<<(faults-1)) {
			err = failure

			break
		}
	}

	// The last swap may have won after all.
	if inDoubt {
		if seen, failure := look(ctx, r, step); failure == nil && !seen.changed {
			return seen.outcome, nil
		}
	}
	return outcome, err
}

// A sight is what a step makes of the value that the store holds.
type sight[T any] struct {
	value   []byte
	at      time.Time
	outcome T
	changed bool
}

// look loads the value and applies step to its state.
func look[T any](
	ctx context.Context, r *record, step func(*state, time.Time) (outcome T, changed bool),
) (seen sight[T], err error) {
	seen.value, err = r.store.Load(ctx, r.key)
	if err != nil {
		return seen, storeError(err)
	}
	if err := r.state.open(r.valueMAC, r.key, seen.value); err != nil {
		return seen, err
	}

	seen.at = time.Now().UTC()
	seen.outcome, seen.changed = step(&r.state, seen.at)
	return seen, nil
}

// swap replaces the value old by that of the state.
func (r *record) swap(ctx context.Context, old []byte, now time.Time) (swapped bool, err error) {
	expires := r.state.retain(r.policy, now)
	r.sealed = r.state.seal(r.sealed[:0], r.valueMAC, r.key)

	swapped, err = r.store.CompareAndSwap(ctx, r.key, old, r.sealed, expires)
	if err != nil {
		return false, storeError(err)
	}
	return swapped, nil
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

// A timeout is a context with the values of the caller's and a deadline of its own. It makes
// context.WithDeadline of context.WithoutCancel only when a store or Sender waits for it. A store
// in memory never waits, and would take less time than making that context.
type timeout struct {
	parent   context.Context
	deadline time.Time

	mu     sync.Mutex
	made   context.Context // nil until somebody waits
	cancel context.CancelFunc
	err    error // how the context ended before somebody waited
}

// wait returns the context that Done and Value belong to.
func (t *timeout) wait() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()

	if t.made == nil {
		deadline := t.deadline
		if t.err == context.Canceled {
			deadline = time.Now().Add(storeTimeout) // has not passed
		}

		detached := context.WithoutCancel(t.parent)
		t.made, t.cancel = context.WithDeadline(detached, deadline)
		if t.err != nil {
			t.cancel()
		}
	}
	return t.made
}

// end releases what the context holds, as a context.CancelFunc does.
func (t *timeout) end() {
	t.mu.Lock()
	defer t.mu.Unlock()

	switch {
	case t.made != nil:
		t.cancel()
	case t.err == nil:
		t.err = context.Canceled
	}
}

func (t *timeout) Deadline() (time.Time, bool) { return t.deadline, true }
func (t *timeout) Done() <-chan struct{}       { return t.wait().Done() }
func (t *timeout) Value(key any) any           { return t.wait().Value(key) }

func (t *timeout) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()

	if t.made != nil {
		return t.made.Err()
	}
	if t.err == nil && time.Until(t.deadline) <= 0 {
		t.err = context.DeadlineExceeded
	}
	return t.err
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
