package otelotp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otelotp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// An answer is a Store that gives one answer.
type answer struct {
	value   []byte
	swapped bool
	err     error
}

func (a answer) Load(context.Context, string) ([]byte, error) { return a.value, a.err }

func (a answer) CompareAndSwap(context.Context, string, []byte, []byte, time.Time) (bool, error) {
	return a.swapped, a.err
}

// Each answer comes back as it is, and the span says what it was.
func TestSpansOfTheStore(t *testing.T) {
	const key = "secret-key"
	wrap := func(err error) error { return fmt.Errorf("the key %s: %w", key, err) }

	for name, test := range map[string]struct {
		next                answer
		found, swapped, err string
	}{
		"a value":   {answer{value: []byte("v"), swapped: true}, "true", "true", ""},
		"none":      {answer{}, "false", "false", ""},
		"a failure": {answer{err: wrap(errors.New("refused"))}, "", "", "_OTHER"},
		"too late":  {answer{err: wrap(context.DeadlineExceeded)}, "", "", "timeout"},
		"canceled":  {answer{err: wrap(context.Canceled)}, "", "", "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			opts, _, recorder := newProviders()
			store, err := otelotp.NewStore(test.next, opts)
			require.NoError(t, err)

			value, err := store.Load(t.Context(), key)
			require.Equal(t, test.next.value, value)
			require.Equal(t, test.next.err, err)
			swapped, err := store.CompareAndSwap(t.Context(), key, nil, []byte("v"), time.Time{})
			require.Equal(t, test.next.swapped, swapped)
			require.Equal(t, test.next.err, err)

			spans := recorder.Ended()
			require.Len(t, spans, 2)
			checkStoreSpan(t, spans[0], "otp.store.load", "otp.store.found", test.found, test.err)
			checkStoreSpan(t, spans[1], "otp.store.compare_and_swap", "otp.store.swapped",
				test.swapped, test.err)
		})
	}

	_, err := otelotp.NewStore(nil, nil)
	require.ErrorContains(t, err, "next is nil")
}

// checkStoreSpan checks all that a span of a store has.
func checkStoreSpan(t *testing.T, span trace.ReadOnlySpan, name, attribute, value, failure string) {
	t.Helper()

	require.Equal(t, name, span.Name())
	if failure == "" {
		require.Equal(t, map[string]string{attribute: value}, attributesOf(span))
		require.Equal(t, codes.Unset, span.Status().Code)
		return
	}

	require.Equal(t, map[string]string{"error.type": failure}, attributesOf(span))
	require.Equal(t, trace.Status{Code: codes.Error, Description: failure}, span.Status())
}

// The calls of one operation are children of the caller's span, beside the span of the operation.
func TestSpansStandInOneTrace(t *testing.T) {
	opts, _, recorder := newProviders()
	observe, err := otelotp.Observe(opts)
	require.NoError(t, err)
	store, err := otelotp.NewStore(memstore.New(nil), opts)
	require.NoError(t, err)
	sender, err := otelotp.NewSender(
		otp.SenderFunc(func(context.Context, otp.Message) error { return nil }), opts)
	require.NoError(t, err)
	service, _ := otptest.New(t, otp.Config{Store: store, Sender: sender, Observe: observe})

	ctx, caller := opts.TracerProvider.Tracer("app").Start(t.Context(), "POST /sign-in")
	_, err = service.Send(ctx, otp.Request{To: "ada@example.com"})
	require.NoError(t, err)
	caller.End()

	var names []string
	for _, span := range recorder.Ended() {
		names = append(names, span.Name())
		require.Equal(t, caller.SpanContext().TraceID(), span.SpanContext().TraceID())
		if span.Name() != "POST /sign-in" {
			require.Equal(t, caller.SpanContext().SpanID(), span.Parent().SpanID(), span.Name())
		}
	}
	require.Equal(t, []string{"otp.store.compare_and_swap", "otp.sender.send", "otp.send",
		"POST /sign-in"}, names)
}
