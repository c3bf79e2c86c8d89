package otelotp_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/otelotp"
)

// The figures of all queues are added up, by purpose and result.
func TestMetricsOfTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := metric.NewManualReader()
		opts := &otelotp.Options{
			MeterProvider: metric.NewMeterProvider(metric.WithReader(reader)),
		}
		newQueue := func(err error) *background.Sender {
			queue, newErr := background.New(
				otp.SenderFunc(func(context.Context, otp.Message) error { return err }),
				&background.Options{OnError: func(context.Context, background.Failure) {}})
			require.NoError(t, newErr)
			return queue
		}
		up, down := newQueue(nil), newQueue(otp.NotSent(nil))
		require.NoError(t, otelotp.ObserveBackground(opts, up, down))

		for _, queue := range []*background.Sender{up, down, up} {
			require.NoError(t, queue.Send(t.Context(), otp.Message{
				Purpose: "sign-in", ExpiresAt: time.Now().Add(10 * time.Minute),
			}))
		}
		time.Sleep(4 * time.Second) // tries at 0, 1 and 3 s
		synctest.Wait()

		held, tries := collect(t, reader)
		require.EqualValues(t, 1, held)
		require.Equal(t, map[string]int64{"sign-in ok": 2, "sign-in not_sent": 3}, tries)

		time.Sleep(10 * time.Minute)
		require.NoError(t, up.Shutdown(t.Context()))
		require.NoError(t, down.Shutdown(t.Context()))
		held, _ = collect(t, reader)
		require.Zero(t, held)
	})
}

// collect reads the metrics of queues.
func collect(t *testing.T, reader metric.Reader) (held int64, tries map[string]int64) {
	t.Helper()

	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	tries = map[string]int64{}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Gauge[int64]:
			require.Equal(t, "otp.background.held", m.Name)
			held = data.DataPoints[0].Value
		case metricdata.Sum[int64]:
			require.Equal(t, "otp.background.tries", m.Name)
			for _, point := range data.DataPoints {
				purpose, _ := point.Attributes.Value("otp.purpose")
				result, _ := point.Attributes.Value("otp.result")
				tries[purpose.AsString()+" "+result.AsString()] = point.Value
			}
		}
	}
	return held, tries
}
