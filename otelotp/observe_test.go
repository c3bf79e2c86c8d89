package otelotp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/otelotp"
	"github.com/seed-5978b5f1/otp/otptest"
)

const mixedCalls = 1000

// The metrics and spans of a thousand mixed calls count what the caller has counted, and hold no
// address, code or key.
func TestThousandMixedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts, reader, recorder := newProviders()
		tr := newTraffic(t, opts)

		for i := range mixedCalls {
			tr.call(t.Context())
			time.Sleep(time.Duration(i%7) * time.Second) // the bubble's time: codes expire
		}
		require.Greater(t, len(tr.counts), 20, "the calls are not mixed: %v", tr.counts)

		// Metrics.
		counted, total := map[string]int{}, uint64(0)
		for _, point := range histogram(t, reader).DataPoints {
			tr.checkAttributes(point.Attributes.ToSlice())

			operation, _ := point.Attributes.Value("otp.operation")
			outcome, _ := point.Attributes.Value("otp.result")
			counted[operation.AsString()+" "+outcome.AsString()] += int(point.Count)
			total += point.Count
		}
		require.Equal(t, tr.counts, counted)
		require.EqualValues(t, mixedCalls, total)

		// Spans.
		counted = map[string]int{}
		for _, span := range recorder.Ended() {
			checkSpan(t, tr, span)
			if attributes := attributesOf(span); attributes["otp.operation"] != "" {
				require.Equal(t, "otp."+attributes["otp.operation"], span.Name())
				counted[attributes["otp.operation"]+" "+attributes["otp.result"]]++
			}
		}
		require.Equal(t, tr.counts, counted)
	})
}

// checkSpan checks that nothing of a span tells a secret.
func checkSpan(t *testing.T, tr *traffic, span trace.ReadOnlySpan) {
	t.Helper()

	tr.checkText(span.Name())
	tr.checkText(span.Status().Description)
	tr.checkAttributes(span.Attributes())
	require.Empty(t, span.Events())
	require.Empty(t, span.Links())
}

// attributesOf returns the attributes of a span as text.
func attributesOf(span trace.ReadOnlySpan) map[string]string {
	all := map[string]string{}
	for _, a := range span.Attributes() {
		all[string(a.Key)] = a.Value.String()
	}
	return all
}

// One event, to the last attribute.
func TestSpanOfAnOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts, _, recorder := newProviders()
		observe, err := otelotp.Observe(opts)
		require.NoError(t, err)

		ctx, caller := opts.TracerProvider.Tracer("app").Start(t.Context(), "POST /sign-in")
		observe(ctx, otp.Event{Op: "send", Purpose: "sign-in", Pseudonym: "p-1", MessageID: "m-1",
			Err: fmt.Errorf("ada@example.com: %w", otp.ErrNotSent), Trust: otp.Known, Resent: true,
			Duration: 3 * time.Second})

		require.Len(t, recorder.Ended(), 1)
		span := recorder.Ended()[0]
		require.Equal(t, map[string]string{
			"otp.purpose": "sign-in", "otp.operation": "send", "otp.result": "not_sent",
			"otp.trust": "Known", "otp.decoy": "false", "otp.resent": "true",
			"otp.pseudonym": "p-1", "otp.message.id": "m-1", "error.type": "not_sent",
		}, attributesOf(span))

		assert.Equal(t, "otp.send", span.Name())
		assert.Equal(t, trace.Status{Code: codes.Error, Description: "not_sent"}, span.Status())
		assert.Equal(t, caller.SpanContext().SpanID(), span.Parent().SpanID())
		assert.Equal(t, time.Now(), span.EndTime())
		assert.Equal(t, 3*time.Second, span.EndTime().Sub(span.StartTime()))
	})
}

// Proofs are counted by the step in which they have failed.
func TestStepsOfProofs(t *testing.T) {
	opts, reader, _ := newProviders()
	observe, err := otelotp.Observe(opts)
	require.NoError(t, err)
	verifier, err := evp.New(evp.Config{Origins: []string{"https://acme.example"}})
	require.NoError(t, err)
	_, err = verifier.Verify(t.Context(), "no proof", func(string) bool { return true })

	for _, err := range []error{nil, err, err, otp.ErrMismatch} {
		observe(t.Context(), otp.Event{Op: otp.OpProof, Err: err})
	}
	counted := map[string]int{}
	for _, point := range histogram(t, reader).DataPoints {
		outcome, _ := point.Attributes.Value("otp.result")
		step, _ := point.Attributes.Value("otp.proof.step")
		counted[outcome.AsString()+" "+step.AsString()] = int(point.Count)
	}
	require.Equal(t, map[string]int{"ok ": 1, "invalid token": 2, "mismatch ": 1}, counted)
}

// A result is what telemetry says of an error, and whether it is a failure of the service.
type result struct {
	err     error
	want    string
	failure bool
}

// results are the errors of a Service and of evp. The first that an error matches is its own.
var results = []result{
	{nil, "ok", false},
	{otp.ErrInvalid, "invalid", false},
	{otp.ErrRepeated, "repeated", false},
	{otp.ErrMismatch, "mismatch", false},
	{otp.ErrExpired, "expired", false},
	{otp.ErrUsed, "used", false},
	{otp.ErrExhausted, "exhausted", false},
	{otp.ErrNoCode, "no_code", false},
	{otp.ErrMalformed, "malformed", false},
	{otp.ErrLimited, "limited", false},
	{otp.ErrLocked, "locked", false},
	{otp.ErrUndeliverable, "undeliverable", false},
	{otp.ErrNotSent, "not_sent", true},
	{otp.ErrDelivery, "delivery_unknown", true},
	{evp.ErrInvalid, "invalid", false},
	{evp.ErrUnavailable, "unavailable", false},
}

func TestResults(t *testing.T) {
	for _, test := range append(results,
		result{errors.New("store: connection refused"), "error", true},
		result{context.DeadlineExceeded, "error", true},
	) {
		opts, reader, _ := newProviders()
		observe, err := otelotp.Observe(opts)
		require.NoError(t, err)

		if test.err != nil {
			test.err = fmt.Errorf("wrapped: %w", test.err)
		}
		observe(t.Context(), otp.Event{Op: "verify", Err: test.err})

		attributes := histogram(t, reader).DataPoints[0].Attributes
		got, _ := attributes.Value("otp.result")
		require.Equal(t, test.want, got.AsString(), "%v", test.err)
		failure, found := attributes.Value("error.type")
		require.Equal(t, test.failure, found, "%v", test.err)
		if found {
			require.Equal(t, test.want, failure.AsString())
		}
	}
}

// The time that Send waits is not in the metric: it would hide what the store and the sender take.
func TestDurationIsThatOfTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts, reader, _ := newProviders()
		observe, err := otelotp.Observe(opts)
		require.NoError(t, err)

		slow := otp.SenderFunc(func(context.Context, otp.Message) error {
			time.Sleep(300 * time.Millisecond)
			return nil
		})
		service, _ := otptest.New(t, otp.Config{Sender: slow, Observe: observe,
			Policy: otp.Policy{MinSendTime: 5 * time.Second}})
		_, err = service.Send(t.Context(), otp.Request{To: "ada@example.com"})
		require.NoError(t, err)

		point := histogram(t, reader).DataPoints[0]
		require.InDelta(t, 0.3, point.Sum, 1e-9)
		require.Contains(t, point.Bounds, 0.5, "the default of MinSendTime is a bound")
	})
}

// Without options, and with empty ones, the global providers are taken.
func TestGlobalProviders(t *testing.T) {
	global, reader, recorder := newProviders()
	otel.SetMeterProvider(global.MeterProvider)
	otel.SetTracerProvider(global.TracerProvider)
	t.Cleanup(func() {
		otel.SetMeterProvider(noopmetric.NewMeterProvider())
		otel.SetTracerProvider(nooptrace.NewTracerProvider())
	})

	for _, opts := range []*otelotp.Options{nil, {}} {
		observe, err := otelotp.Observe(opts)
		require.NoError(t, err)
		observe(t.Context(), otp.Event{Op: "send"})
	}

	require.EqualValues(t, 2, histogram(t, reader).DataPoints[0].Count)
	require.Len(t, recorder.Ended(), 2)
}
