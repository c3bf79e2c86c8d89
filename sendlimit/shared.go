package sendlimit

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/delivery"
)

// shared is a budget that instances have in common, in a store.
type shared struct {
	store           otp.Store
	key             []byte
	name            string
	total, perGroup []otp.Limit
	log             *slog.Logger

	mu       sync.Mutex
	accounts map[accountID]*account
}

// An accountID is one limit, of all messages (with the empty group) or of one group.
type accountID struct {
	scope  string // "total" or "group"
	group  string
	window time.Duration
}

func newShared(o *Options) (*shared, error) {
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "otp/v1/sendlimit", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("deriving the key: %w", err)
	}
	return &shared{
		store: o.Store, key: key, name: o.Name,
		total: slices.Clone(o.Total), perGroup: slices.Clone(o.PerGroup),
		log: cmp.Or(o.Log, slog.Default()), accounts: map[accountID]*account{},
	}, nil
}

// take takes a message from each limit, or from none. Those of the group come first: they refuse
// more often. But where one of all is known to be used up, the store is not asked group by group.
func (s *shared) take(ctx context.Context, group string) error {
	accounts := s.accountsOf(group)
	if slices.ContainsFunc(accounts, (*account).usedUp) {
		return ErrExceeded
	}

	var taken []part
	err := s.takeAll(ctx, accounts, &taken)
	if err == nil {
		return nil
	}

	for _, p := range taken {
		p.putBack()
	}
	if !errors.Is(err, ErrExceeded) {
		s.log.ErrorContext(ctx, "sendlimit: a message was refused: the store failed",
			"limits", s.name, "error", err)
		return delivery.NotSent("sendlimit", "the store of the limits failed", err)
	}
	return err
}

// takeAll takes from one account after the other. While the store is asked for one, the lease of
// another may end: what is sent after that would count too early.
func (s *shared) takeAll(ctx context.Context, accounts []*account, taken *[]part) error {
	for _, a := range accounts {
		p, err := a.take(ctx, s.store)
		if err != nil {
			return err
		}
		*taken = append(*taken, p)
	}

	now := time.Now()
	for _, p := range *taken {
		if !p.lease.holds(now) {
			return errEnded
		}
	}
	return nil
}

// accountsOf returns the accounts that a message to the group is taken from.
func (s *shared) accountsOf(group string) []*account {
	s.mu.Lock()
	defer s.mu.Unlock()

	var all []*account
	for _, limit := range s.perGroup {
		all = append(all, s.account(accountID{"group", group, limit.Window}, limit))
	}
	for _, limit := range s.total {
		all = append(all, s.account(accountID{"total", "", limit.Window}, limit))
	}
	return all
}

// maxForgotten bounds how many accounts are forgotten for one that is new. It is more than one, so
// that old ones go faster than new ones come.
const maxForgotten = 4

func (s *shared) account(id accountID, limit otp.Limit) *account {
	if a := s.accounts[id]; a != nil {
		return a
	}

	looked := 0
	for old, a := range s.accounts { // in an order that is random enough
		if looked++; looked > maxForgotten {
			break
		}
		if a.idle() {
			delete(s.accounts, old)
		}
	}

	a := newAccount(s.storeKey(id), limit)
	s.accounts[id] = a
	return a
}

// storeKey returns the key in the store: a MAC, so that it tells nothing of the group.
func (s *shared) storeKey(id accountID) string {
	mac := hmac.New(sha256.New, s.key)
	for _, field := range []string{s.name, id.scope, id.group, id.window.String()} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(field))))
		mac.Write([]byte(field))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
