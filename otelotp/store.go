package otelotp

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/isnil"
)

const (
	foundKey   = attribute.Key("otp.store.found")
	swappedKey = attribute.Key("otp.store.swapped")
)

// Store is an [otp.Store] that makes a span for each call of another one. Spans say whether there
// was a value, and whether a swap won. They do not have the key.
type Store struct {
	next   otp.Store
	tracer trace.Tracer
}

var _ otp.Store = (*Store)(nil)

// NewStore returns a Store around next, which is required.
func NewStore(next otp.Store, opts *Options) (*Store, error) {
	if isnil.Value(next) {
		return nil, errors.New("otelotp: next is nil: it is the otp.Store that keeps the values")
	}
	return &Store{next: next, tracer: opts.tracer()}, nil
}

// LoadsFirst reports what the other store reports: whether its refused writes cost more than reads.
func (s *Store) LoadsFirst() bool {
	next, ok := s.next.(interface{ LoadsFirst() bool })
	return ok && next.LoadsFirst()
}

// Load calls Load of the other Store.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	ctx, span := s.tracer.Start(ctx, "otp.store.load")
	defer span.End()

	value, err := s.next.Load(ctx, key)
	if err != nil {
		fail(span, errorType(err))
	} else {
		span.SetAttributes(foundKey.Bool(value != nil))
	}
	return value, err
}

// CompareAndSwap calls CompareAndSwap of the other Store.
func (s *Store) CompareAndSwap(ctx context.Context, key string, old, new []byte,
	expires time.Time) (bool, error) {

	ctx, span := s.tracer.Start(ctx, "otp.store.compare_and_swap")
	defer span.End()

	swapped, err := s.next.CompareAndSwap(ctx, key, old, new, expires)
	if err != nil {
		fail(span, errorType(err))
	} else {
		span.SetAttributes(swappedKey.Bool(swapped))
	}
	return swapped, err
}

// fail marks a span as failed, in a word: the text of the error may hold anything.
func fail(span trace.Span, kind string) {
	span.SetAttributes(errorTypeKey.String(kind))
	span.SetStatus(codes.Error, kind)
}
