package sendlimit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/lease"
)

const (
	// storeTimeout bounds the calls of the store for one lease.
	storeTimeout = 10 * time.Second

	// maxRounds bounds how often a lost swap is tried again.
	maxRounds = 32

	// The wait before such a try is random. Its bound begins with four times what the store has
	// taken, so that others fit in between, and doubles from one to the next.
	shortestPause = time.Millisecond
	longestPause  = time.Second
	maxDoubled    = 10
)

var (
	errContended = errors.New("too many instances ask at once")
	errLost      = errors.New("another instance has swapped")
	errEnded     = errors.New("the store took longer than a lease lasts")
)

// An account is what one instance has of one limit.
type account struct {
	key   string
	limit otp.Limit

	// turn is held by whoever asks the store, so that the others wait for that answer.
	turn chan struct{}

	mu       sync.Mutex
	lease    *localLease
	exceeded time.Time // until when the limit is used up, as far as this instance knows
}

// A localLease is a lease and what was spent of it.
type localLease struct {
	lease.Lease
	spent int
	until time.Time // by the monotonic clock
	end   time.Time // by the wall clock, which goes on while a machine sleeps
}

// holds reports whether messages may be spent now.
func (l *localLease) holds(now time.Time) bool {
	return now.Before(l.until) && now.Round(0).Before(l.end)
}

// A part is one message, taken from an account.
type part struct {
	account *account
	lease   *localLease
}

func newAccount(key string, limit otp.Limit) *account {
	return &account{key: key, limit: limit, turn: make(chan struct{}, 1), lease: &localLease{}}
}

// putBack gives the message back, if its lease can still be spent or given back.
func (p part) putBack() {
	p.account.mu.Lock()
	defer p.account.mu.Unlock()
	p.lease.spent--
}

// take takes one message from the lease, and takes another lease for it if it must.
func (a *account) take(ctx context.Context, store otp.Store) (part, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()

	if p, err := a.spend(); !errors.Is(err, errEnded) {
		return p, err
	}

	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return part{}, ctx.Err()
	}

	if p, err := a.spend(); !errors.Is(err, errEnded) { // somebody else has asked
		return p, err
	}
	return a.renew(ctx, store)
}

// spend takes one message from the lease. The error is errEnded if another lease is needed.
func (a *account) spend() (part, error) {
	a.mu.Lock()
	defer a.mu.Unlock()

	now := time.Now()
	switch {
	case a.spendable(now):
		a.lease.spent++
		return part{a, a.lease}, nil
	case now.Before(a.exceeded):
		return part{}, ErrExceeded
	}
	return part{}, errEnded
}

// spendable reports whether the lease has a message left. It is called with mu held.
func (a *account) spendable(now time.Time) bool {
	return a.lease.spent < a.lease.Size && a.lease.holds(now)
}

// usedUp reports whether a message would be refused without a call of the store.
func (a *account) usedUp() bool {
	a.mu.Lock()
	defer a.mu.Unlock()

	now := time.Now()
	return now.Before(a.exceeded) && !a.spendable(now)
}

// retire ends the lease and returns what is left of it, to be given back, and how much was spent.
func (a *account) retire() (back lease.Lease, spent int) {
	a.mu.Lock()
	defer a.mu.Unlock()

	old := a.lease
	a.lease = &localLease{}
	return lease.Lease{Slot: old.Slot, Size: old.Size - old.spent}, old.spent
}

// renew takes a lease from the store, four times what was spent of the one before, and the message
// from it.
//
// A swap that was lost may have won all the same, where the client of the store tries again by
// itself. So the rest of the former lease is given back by one swap only, and a lease that may have
// been taken is never spent.
func (a *account) renew(ctx context.Context, store otp.Store) (part, error) {
	back, spent := a.retire()
	want := max(1, 4*spent)

	for round := range maxRounds {
		begun := time.Now()
		p, err := a.swap(ctx, store, want, back)
		if !errors.Is(err, errLost) {
			return p, err
		}

		back = lease.Lease{}
		if err := pause(ctx, time.Since(begun), round); err != nil {
			return part{}, err
		}
	}
	return part{}, errContended
}

// swap makes one try to take a lease.
func (a *account) swap(ctx context.Context, store otp.Store, want int, back lease.Lease) (
	part, error) {
	old, err := store.Load(ctx, a.key)
	if err != nil {
		return part{}, fmt.Errorf("loading: %w", err)
	}
	record, err := lease.Decode(old)
	if err != nil {
		return part{}, err
	}

	now := time.Now()
	slot := lease.SlotOf(now, a.limit.Window)
	taken := record.Take(slot, want, a.limit.Count, back)
	if taken.Size == 0 {
		a.exceed(slot)
		return part{}, ErrExceeded
	}

	swapped, err := store.CompareAndSwap(ctx, a.key, old, record.Encode(),
		record.Expires(a.limit.Window))
	switch {
	case err != nil:
		return part{}, fmt.Errorf("swapping: %w", err)
	case !swapped:
		return part{}, errLost
	}
	return a.begin(taken, now), nil
}

// exceed remembers that the limit is used up. Little comes back before the slot ends.
func (a *account) exceed(slot lease.Slot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.exceeded = slot.End(a.limit.Window)
}

// begin begins a lease that was taken at a time, with the message that it was taken for.
func (a *account) begin(taken lease.Lease, at time.Time) part {
	a.mu.Lock()
	defer a.mu.Unlock()

	a.lease = &localLease{
		Lease: taken,
		spent: 1,
		until: at.Add(a.limit.Window / lease.Slots),
		end:   taken.Slot.End(a.limit.Window),
	}
	return part{a, a.lease}
}

// idle reports whether the account can be forgotten: it has no lease that can be spent, and knows
// of no limit that is used up.
func (a *account) idle() bool {
	a.mu.Lock()
	defer a.mu.Unlock()

	now := time.Now()
	return !a.lease.holds(now) && !now.Before(a.exceeded)
}

// pause waits before the next round, after one that took so long.
func pause(ctx context.Context, took time.Duration, round int) error {
	longest := min(4*max(took, shortestPause)<<min(round, maxDoubled), longestPause)
	var random [1]byte
	rand.Read(random[:]) // never fails
	timer := time.NewTimer(longest * time.Duration(random[0]) / 256)
	defer timer.Stop()

	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
