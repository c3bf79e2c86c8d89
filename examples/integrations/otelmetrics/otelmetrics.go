// Package otelmetrics counts what a service for one-time codes does, as metrics of OpenTelemetry.
package otelmetrics

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/seed-5978b5f1/otp"
)

// Observe returns a function for otp.Config.Observe. It records one histogram, otp.operation.duration in seconds, whose
// count is the number of operations, with the attributes otp.purpose, otp.operation and otp.result. It leaves out the
// subject and the id of the message: each person would be a time series.
func Observe(meter metric.Meter) (func(context.Context, otp.Event), error) {
	duration, err := meter.Float64Histogram("otp.operation.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of the operations on one-time codes."),
		metric.WithExplicitBucketBoundaries(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, e otp.Event) {
		duration.Record(ctx, e.Took.Seconds(), metric.WithAttributes(
			attribute.String("otp.purpose", e.Purpose),
			attribute.String("otp.operation", e.Op),
			attribute.String("otp.result", result(e)),
		))
	}, nil
}

// result says in a word how an operation ended: the first that matches.
func result(e otp.Event) string {
	for _, r := range []struct {
		err  error
		name string
	}{
		{nil, "ok"},
		{otp.ErrMismatch, "mismatch"},
		{otp.ErrExpired, "expired"},
		{otp.ErrUsed, "used"},
		{otp.ErrExhausted, "exhausted"},
		{otp.ErrNoCode, "no_code"},
		{otp.ErrMalformed, "malformed"},
		{otp.ErrLimited, "limited"},
		{otp.ErrLocked, "locked"},
		{otp.ErrUndeliverable, "undeliverable"},
		{otp.ErrNotSent, "not_sent"},
		{otp.ErrDelivery, "delivery_unknown"},
	} {
		if errors.Is(e.Err, r.err) {
			return r.name
		}
	}
	return "error" // the store failed, say: the one to be woken up for
}
