package otp

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"
)

// The bounds of how far ahead until of [Service.Spend] is.
const (
	minSpendTime = time.Minute
	maxSpendTime = 30 * 24 * time.Hour
)

// Spend spends a token that is no code, such as a signed proof with a nonce, at most once: it
// returns nil for the first call with this id. Later calls return
//
//   - [ErrRepeated] for the key of the first call: its form was sent twice, or its answer was lost;
//   - [ErrUsed] for another key. An empty key is never the same as another.
//   - an error that matches [ErrInvalid]: id is empty, id or key has more than 1024 bytes, or until
//     is less than a minute or more than 30 days ahead;
//   - any other error: ctx was done already, or the store failed. The token may have been spent:
//     call again with the same key.
//
// The store keeps a marker until then. A token must be spent with one id only, and must be refused
// everywhere before until, by clocks that are behind, too: afterwards it could be spent again.
// Neither id nor key can be read from the store.
func (s *Service) Spend(ctx context.Context, id, key string, until time.Time) error {
	return s.spend(ctx, OpSpend, id, key, until)
}

// CheckSpend judges as [Service.Spend] does, but spends nothing: nil says that Spend would accept
// now. It is for work that must not be done for a token that is spent. Its other errors are those
// of Spend.
//
// A nil of CheckSpend allows nothing: other calls may get it at the same time. Only Spend accepts.
func (s *Service) CheckSpend(ctx context.Context, id, key string) error {
	return s.spend(ctx, OpCheckSpend, id, key, time.Now().Add(maxSpendTime))
}

// spend is Spend or CheckSpend.
func (s *Service) spend(ctx context.Context, op Op, id, key string, until time.Time) error {
	start := time.Now()

	err := s.judgeSpend(ctx, op, id, key, until)
	if err != nil && err != ErrRepeated && err != ErrUsed {
		err = fmt.Errorf("otp: %s: %w", op, err)
	}
	s.report(ctx, &Event{Op: op}, "", start, err)
	return err
}

func (s *Service) judgeSpend(ctx context.Context, op Op, id, key string, until time.Time) error {
	ahead := time.Until(until)
	switch {
	case id == "" || len(id) > maxText:
		return errSpendID
	case len(key) > maxText:
		return errSpendKey
	case ahead < minSpendTime || ahead > maxSpendTime:
		return errSpendUntil
	case ctx.Err() != nil:
		return ctx.Err()
	}

	store, cancel := detach(ctx, storeTimeout)
	defer cancel()

	m := newMarker(s, id, key, until)
	m.fresh = op == OpSpend
	verdict, err := update(store, m, func(time.Time) (error, bool) {
		verdict, changed := m.spend()
		return verdict, changed && op == OpSpend
	})
	if err != nil {
		return err
	}
	return verdict
}

// The binary form of a marker, version 1: the version in one byte, the id of the operation that
// spent the token (16), the tag of its key (16), and the MAC over the key of the marker and these.
const (
	markerVersion = 1
	markerSize    = 1 + 16 + 16
)

// A marker is the value that says that a token is spent.
type marker struct {
	store    Store
	at       string // its key in the store
	until    time.Time
	valueMAC *mac
	own      []byte // the value of this operation, without its MAC
	held     []byte // the value in the store, without its MAC; nil for none
	fresh    bool   // take for granted at first that the store holds nothing
	absent   bool   // that was taken for granted last
}

// newMarker makes what Spend writes. Its place and its tag are MACs under a key of their own, so
// that no id meets the record of an address. An empty key gets a tag that nobody can repeat.
func newMarker(s *Service, id, key string, until time.Time) *marker {
	m := newMAC(s.keys.spend)
	m.begin()
	m.field("id")
	m.field(id)
	place := m.tag()

	var t tag
	rand.Read(t[:]) // never fails
	if key != "" {
		m.begin()
		m.field("key")
		m.field(id)
		m.field(key)
		t = m.tag()
	}

	operation := newOperationID()
	own := append([]byte{markerVersion}, operation[:]...)
	return &marker{
		store:    s.records.store,
		at:       base64.RawURLEncoding.EncodeToString(place[:]),
		until:    roundUp(until),
		valueMAC: newMAC(s.keys.value),
		own:      append(own, t[:]...),
	}
}

// spend judges what the store holds. A marker with the id of this operation was written by it.
func (m *marker) spend() (verdict error, changed bool) {
	switch {
	case m.held == nil:
		return nil, true
	case hmac.Equal(m.held, m.own):
		return nil, false
	case hmac.Equal(m.held[markerSize-16:], m.own[markerSize-16:]):
		return ErrRepeated, false
	}
	return ErrUsed, false
}

// load takes it for granted at first that the token is not spent.
func (m *marker) load(ctx context.Context) error {
	if m.absent = m.fresh; m.absent {
		m.fresh = false
		return nil
	}

	value, err := m.store.Load(ctx, m.at)
	if err != nil {
		return storeError(err)
	}
	if m.held = nil; len(value) == 0 {
		return nil
	}

	body, err := authentic(m.valueMAC, m.at, value)
	if err != nil {
		return err
	}
	if len(body) != markerSize || body[0] != markerVersion {
		return errCorrupt
	}
	m.held = body
	return nil
}

func (m *marker) assumed() bool { return m.absent }

func (m *marker) swap(ctx context.Context, _ time.Time) (bool, error) {
	value := append(m.own[:markerSize:markerSize], valueMAC(m.valueMAC, m.at, m.own)...)
	swapped, err := m.store.CompareAndSwap(ctx, m.at, nil, value, m.until)
	if err != nil {
		return false, storeError(err)
	}
	return swapped, nil
}
