package evp

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of the directory.
const (
	maxIssuers  = 256
	maxFetches  = 32               // at a time
	keepKeys    = 5 * time.Minute  // from when they were fetched
	keepFailure = 30 * time.Second // and no refresh is forced earlier
)

// A directory keeps the keys of issuers. Strangers choose which issuers are asked for, so all of it
// is bounded: entries, fetches at a time, and the time of each.
type directory struct {
	fetch   func(ctx context.Context, host string) ([]publicKey, error)
	timeout time.Duration
	fetches slots

	mu      sync.Mutex
	entries map[string]*entry // by host
}

// An entry is what is known of an issuer. mu of the directory guards it.
type entry struct {
	keys *answer   // the latest with keys; nil if there was none
	last *answer   // the latest, perhaps on its way
	used time.Time // the latest look
}

// An answer is what one fetch gave, once done is closed.
type answer struct {
	done chan struct{}
	at   time.Time // of its end; zero if the issuer was not asked, for want of a slot
	keys []publicKey
	err  error

	// The place of the key that has verified the latest token. It is tried first: issuers sign
	// with one key for long, and where none has a name, all would be tried.
	latest atomic.Int32
}

// verifies reports whether one of the keys has signed the token.
func (a *answer) verifies(t jws) bool {
	first := int(a.latest.Load())
	for i := range a.keys {
		place := (first + i) % len(a.keys)
		if key := a.keys[place]; key.named(t) && key.verifies(t) {
			a.latest.Store(int32(place))
			return true
		}
	}
	return false
}

func newDirectory(
	timeout time.Duration, fetch func(context.Context, string) ([]publicKey, error),
) *directory {
	return &directory{
		fetch:   fetch,
		timeout: timeout,
		fetches: make(slots, maxFetches),
		entries: map[string]*entry{},
	}
}

// find returns the keys of an issuer, from memory or by a fetch. Callers that come while a fetch is
// on its way wait for it.
func (d *directory) find(ctx context.Context, host string) (*answer, error) {
	return d.wait(ctx, d.start(host, func(e *entry) *answer {
		if e.keys != nil && time.Since(e.keys.at) < keepKeys {
			return e.keys
		}
		return e.recent()
	}))
}

// refresh returns the outcome of the last fetch, or of another where that was not a moment ago.
func (d *directory) refresh(ctx context.Context, host string) (*answer, error) {
	return d.wait(ctx, d.start(host, (*entry).recent))
}

// start returns the answer that choose takes from the entry, or that of a fetch that it starts. It
// returns nil where as many issuers as can be kept are being asked.
func (d *directory) start(host string, choose func(*entry) *answer) *answer {
	d.mu.Lock()
	defer d.mu.Unlock()

	e := d.entries[host]
	if e == nil {
		if len(d.entries) >= maxIssuers && !d.evict() {
			return nil
		}
		e = &entry{}
		d.entries[host] = e
	}
	e.used = time.Now()

	if known := choose(e); known != nil {
		return known
	}
	e.last = &answer{done: make(chan struct{})}
	go d.ask(host, e, e.last)
	return e.last
}

// ask fetches the keys in a time of its own: a caller that hangs up is no failure of the issuer.
func (d *directory) ask(host string, e *entry, a *answer) {
	ctx, cancel := context.WithTimeout(context.Background(), d.timeout)
	defer cancel()
	defer close(a.done)

	if err := d.fetches.take(ctx); err != nil {
		a.err = unavailable(StepMetadata, "too many fetches at a time", err)
		return
	}
	defer d.fetches.give()

	keys, err := d.fetch(ctx, host)

	d.mu.Lock()
	defer d.mu.Unlock()
	a.keys, a.err, a.at = keys, err, time.Now()
	if err == nil {
		e.keys = a
	}
}

// wait returns the answer when it is there.
func (d *directory) wait(ctx context.Context, a *answer) (*answer, error) {
	if a == nil {
		return nil, unavailable(StepMetadata, "too many issuers at a time", nil)
	}
	select {
	case <-a.done:
		return a, a.err
	case <-ctx.Done():
		return nil, failed(StepMetadata, ctx.Err())
	}
}

// evict makes room for one entry: one without keys goes first, then the one that was not looked at
// for the longest. Entries whose fetch is on its way stay.
func (d *directory) evict() bool {
	victim, found := "", false
	for host, e := range d.entries {
		if !e.last.pending() && (!found || e.before(d.entries[victim])) {
			victim, found = host, true
		}
	}
	delete(d.entries, victim)
	return found
}

// recent returns the last answer if it is on its way or came a moment ago, or nil.
func (e *entry) recent() *answer {
	if e.last != nil && (e.last.pending() || time.Since(e.last.at) < keepFailure) {
		return e.last
	}
	return nil
}

// before reports whether the entry goes before another one.
func (e *entry) before(other *entry) bool {
	if (e.keys == nil) != (other.keys == nil) {
		return e.keys == nil
	}
	return e.used.Before(other.used)
}

func (a *answer) pending() bool {
	select {
	case <-a.done:
		return false
	default:
		return true
	}
}
