package otp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"sync"
	"time"
)

// records makes the records of a Service. It is the only place that pools memory.
type records struct {
	purpose string
	policy  *Policy
	store   Store
	keys    *keyring
	met     keySet    // keys of records that this process has met in the store
	blind   bool      // whether a Send may assume that there is no record
	pool    sync.Pool // of *record
}

func newRecords(purpose string, policy *Policy, store Store, keys *keyring) *records {
	rs := &records{purpose: purpose, policy: policy, store: store, keys: keys}
	rs.blind = !loadsFirst(store)
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

	fresh  bool   // take for granted at first that the store holds nothing
	absent bool   // that was taken for granted last
	held   []byte // the value that the store holds
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
	r.fresh = false
	return r
}

// assumeFresh takes for granted that the store holds nothing, unless this process has met the
// record before: most addresses have none when they ask for a code.
func (r *record) assumeFresh() { r.fresh = r.blind && !r.met.add(r.key) }

// loadsFirst reports whether a refused swap of the store costs more than a Load, as its method
// LoadsFirst tells.
func loadsFirst(store Store) bool {
	s, ok := store.(interface{ LoadsFirst() bool })
	return ok && s.LoadsFirst()
}

// A keySet remembers keys, the latest 16,384 at least and twice as many at most, in some 3 MB.
type keySet struct {
	mu            sync.Mutex
	latest, older map[string]struct{}
}

const maxLatestKeys = 16_384

// add adds a key and reports whether it was there.
func (s *keySet) add(key string) (known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if _, known = s.latest[key]; known {
		return true
	}
	_, known = s.older[key]

	if len(s.latest) >= maxLatestKeys {
		s.older, s.latest = s.latest, s.older
		clear(s.latest)
	}
	if s.latest == nil {
		s.latest = map[string]struct{}{}
	}
	s.latest[key] = struct{}{}
	return known
}

// release gives the record back. It keeps no address and nothing that a code can be derived from.
func (r *record) release() {
	r.key, r.address, r.binding, r.held = "", "", "", nil
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

// knows reports whether codes of the key can be derived.
func (r *record) knows(key keyID) bool { return r.keys.knows(key) }

// text derives the text of a code. It returns false if the key of the code is unknown.
func (r *record) text(c *code) (codeText, bool) {
	i := r.keys.codeKey(c.key)
	if i < 0 {
		return codeText{}, false
	}
	return derive(r.codeMACs[i], c, r.purpose, r.address, r.binding), true
}

// sendRequest returns what the rules look at for a Send. One without an id asks what a Send would
// do.
func (r *record) sendRequest(id operationID, decoy bool) sendRequest {
	return sendRequest{
		id:      id,
		binding: r.bindingTag,
		decoy:   decoy,
		key:     r.keys.codes[0].id,
		keys:    r,
	}
}

// change makes a change to the record of an address.
func (rs *records) change(ctx context.Context, address string, trust Trust, c change) error {
	r := rs.of(address, "", trust)
	defer r.release()

	store, cancel := detach(ctx, storeTimeout)
	defer cancel()

	_, err := update(store, r, func(now time.Time) (struct{}, bool) {
		return struct{}{}, c(r, now)
	})
	return err
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

// A cell is one value of the store at work.
type cell interface {
	// load reads what the store holds, or takes for granted that it holds nothing.
	load(context.Context) error

	// assumed reports whether the last load has taken that for granted. The swap tells.
	assumed() bool

	// swap replaces what was loaded by what a step has made of it.
	swap(ctx context.Context, now time.Time) (swapped bool, err error)
}

// update applies step to what the store holds until a swap has won, and only then returns the
// outcome of step. step reports whether it has changed anything; no change needs no swap.
//
// After a swap that was lost or that ended in an error, update starts over from what the store
// holds then. A step that must not happen twice recognizes itself there by its operation id.
//
// An error of a load ends the operation while no swap is in doubt. After a swap against nothing,
// which is tried before anything was read, one load tells whether the store is there at all.
func update[T any](
	ctx context.Context, c cell, step func(time.Time) (outcome T, changed bool),
) (outcome T, err error) {
	err = errContended
	inDoubt, faults := false, 0

	for range maxRounds {
		t := try(ctx, c, step)
		if t.told {
			return t.outcome, nil
		}

		inDoubt = inDoubt || t.inDoubt
		if t.failure == nil {
			continue
		}

		faults++
		over := t.loading && !inDoubt || isCertain(t.failure) || faults > maxFaults
		if over || !pause(ctx, faultPause<<(faults-1)) {
			err = t.failure
			break
		}
	}

	if inDoubt { // the last swap may have won after all
		if t := look(ctx, c, step); t.told {
			return t.outcome, nil
		}
	}
	return outcome, err
}

// A tried is what became of one round of an operation.
type tried[T any] struct {
	outcome T
	told    bool // the outcome holds: nothing was to change, or the swap has won
	at      time.Time
	inDoubt bool // a swap against what was read may have won
	failure error
	loading bool // it is that of a load
}

// try is one round: load, apply the step, swap.
func try[T any](
	ctx context.Context, c cell, step func(time.Time) (outcome T, changed bool),
) tried[T] {
	t := look(ctx, c, step)
	if t.told || t.failure != nil {
		return t
	}

	// Rule 1: a swap that was refused may have won, too.
	t.inDoubt = !c.assumed()
	won, err := c.swap(ctx, t.at)
	t.told, t.failure = won && err == nil, err
	return t
}

// look applies the step to what the store holds, and swaps nothing.
func look[T any](
	ctx context.Context, c cell, step func(time.Time) (outcome T, changed bool),
) (t tried[T]) {
	if t.failure = c.load(ctx); t.failure != nil {
		t.loading = true
		return t
	}

	t.at = time.Now().UTC()
	var changed bool
	t.outcome, changed = step(t.at)
	t.told = !changed
	return t
}

// isCertain reports whether the error of a swap tells that it has not happened and never will, as
// memstore.ErrFull does.
func isCertain(err error) bool {
	certain, ok := errors.AsType[interface {
		error
		NotSwapped() bool
	}](err)
	return ok && certain.NotSwapped()
}

func (r *record) load(ctx context.Context) (err error) {
	if r.absent = r.fresh; r.absent {
		r.fresh, r.held = false, nil
		r.state.reset()
		return nil
	}

	if r.held, err = r.store.Load(ctx, r.key); err != nil {
		return storeError(err)
	}
	if len(r.held) > 0 {
		r.met.add(r.key)
	}
	return r.state.unseal(r.valueMAC, r.key, r.held)
}

func (r *record) assumed() bool { return r.absent }

func (r *record) swap(ctx context.Context, now time.Time) (swapped bool, err error) {
	expires := r.state.retain(r.policy, now)
	r.sealed = r.state.seal(r.sealed[:0], r.valueMAC, r.key)

	swapped, err = r.store.CompareAndSwap(ctx, r.key, r.held, r.sealed, expires)
	if err != nil {
		return false, storeError(err)
	}
	return swapped, nil
}

// detach returns what store and Sender get in place of the context of the caller. Rule 14: what has
// begun ends by its own deadline; neither canceling nor deadline of the caller is passed on.
func detach(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), timeout)
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
