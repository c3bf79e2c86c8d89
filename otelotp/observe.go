package otelotp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/evp"
)

// scope names the instrumentation.
const scope = "github.com/seed-5978b5f1/otp/otelotp"

// Options name where metrics and spans go. Nil options and nil fields mean the global providers.
type Options struct {
	MeterProvider  metric.MeterProvider
	TracerProvider trace.TracerProvider
}

func (o *Options) meter() metric.Meter {
	if o == nil || o.MeterProvider == nil {
		return otel.Meter(scope)
	}
	return o.MeterProvider.Meter(scope)
}

func (o *Options) tracer() trace.Tracer {
	if o == nil || o.TracerProvider == nil {
		return otel.Tracer(scope)
	}
	return o.TracerProvider.Tracer(scope)
}

// The attributes, in the form of OpenTelemetry's naming conventions.
const (
	purposeKey   = attribute.Key("otp.purpose")
	operationKey = attribute.Key("otp.operation")
	resultKey    = attribute.Key("otp.result")
	trustKey     = attribute.Key("otp.trust")
	decoyKey     = attribute.Key("otp.decoy")
	resentKey    = attribute.Key("otp.resent")
	proofStepKey = attribute.Key("otp.proof.step")
	pseudonymKey = attribute.Key("otp.pseudonym")
	messageIDKey = attribute.Key("otp.message.id")
	errorTypeKey = attribute.Key("error.type")
)

// buckets are the bounds of the histogram, in seconds: a store in memory answers in microseconds, a
// mail server may take ten seconds.
var buckets = []float64{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10}

// Observe returns a function for [otp.Config].Observe that records a metric and a span for each
// operation. The error is that of the meter.
func Observe(opts *Options) (func(context.Context, otp.Event), error) {
	duration, err := opts.meter().Float64Histogram("otp.operation.duration",
		metric.WithUnit("s"),
		metric.WithDescription("Duration of operations on one-time codes."),
		metric.WithExplicitBucketBoundaries(buckets...))
	if err != nil {
		return nil, fmt.Errorf("otelotp: %w", err)
	}
	tracer := opts.tracer()
	return func(ctx context.Context, e otp.Event) {
		r := resultOf(e.Err)
		attributes := attributesOf(e, r)
		duration.Record(ctx, e.Duration.Seconds(), metric.WithAttributes(attributes...))
		trail(ctx, tracer, e, r, attributes)
	}, nil
}

// attributesOf returns what metrics can be grouped by: few values each.
func attributesOf(e otp.Event, r result) []attribute.KeyValue {
	all := []attribute.KeyValue{
		purposeKey.String(e.Purpose),
		operationKey.String(string(e.Op)),
		resultKey.String(r.name),
		trustKey.String(e.Trust.String()),
		decoyKey.Bool(e.Decoy),
		resentKey.Bool(e.Resent),
	}
	if r.failure {
		all = append(all, errorTypeKey.String(r.name))
	}
	if failure, ok := errors.AsType[*evp.Error](e.Err); ok {
		all = append(all, proofStepKey.String(string(failure.Step)))
	}
	return all
}

// trail records the span of an operation that has just ended.
func trail(ctx context.Context, tracer trace.Tracer, e otp.Event, r result,
	all []attribute.KeyValue) {

	end := time.Now()
	_, span := tracer.Start(ctx, "otp."+string(e.Op), trace.WithTimestamp(end.Add(-e.Duration)),
		trace.WithAttributes(all...))

	if e.Pseudonym != "" {
		span.SetAttributes(pseudonymKey.String(e.Pseudonym))
	}
	if e.MessageID != "" {
		span.SetAttributes(messageIDKey.String(e.MessageID))
	}
	if r.failure {
		span.SetStatus(codes.Error, r.name)
	}

	span.End(trace.WithTimestamp(end))
}
