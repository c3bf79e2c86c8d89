package otelotp

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/metric"

	"github.com/seed-5978b5f1/otp/background"
)

// ObserveBackground makes metrics of the queue and the deliveries of a [background.Sender]; see the
// package comment. The figures of several Senders are added up: name all of them in one call. The
// error is that of the meter.
func ObserveBackground(opts *Options, senders ...*background.Sender) error {
	meter := opts.meter()
	held, err := meter.Int64ObservableGauge("otp.background.held", metric.WithUnit("{message}"),
		metric.WithDescription("Messages that wait or are being delivered."))
	if err != nil {
		return fmt.Errorf("otelotp: %w", err)
	}
	tries, err := meter.Int64ObservableCounter("otp.background.tries", metric.WithUnit("{try}"),
		metric.WithDescription("Deliveries tried, by how they have ended."))
	if err != nil {
		return fmt.Errorf("otelotp: %w", err)
	}

	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		messages, counts := 0, map[background.Try]int64{}
		for _, s := range senders {
			messages += s.Len()
			for try, n := range s.Tries() {
				counts[try] += n
			}
		}

		o.ObserveInt64(held, int64(messages))
		for try, n := range counts {
			o.ObserveInt64(tries, n, metric.WithAttributes(
				purposeKey.String(try.Purpose), resultKey.String(string(try.Class))))
		}
		return nil
	}, held, tries)
	if err != nil {
		return fmt.Errorf("otelotp: %w", err)
	}
	return nil
}
