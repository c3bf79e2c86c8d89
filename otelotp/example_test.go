package otelotp_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otelotp"
	"github.com/seed-5978b5f1/otp/otptest"
)

func Example() {
	reader := metric.NewManualReader() // in production, a periodic one with an exporter
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	observe, err := otelotp.Observe(&otelotp.Options{MeterProvider: provider})
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	t := log.Default() // in a test, its *testing.T
	service, inbox := otptest.New(t, otp.Config{Purpose: "sign-up", Observe: observe})
	service.Send(ctx, otp.Request{To: "ada@example.com"})
	service.Send(ctx, otp.Request{To: "ada@example.com"}) // too soon
	code := inbox.Code(t, "ada@example.com")
	service.Verify(ctx, otp.Submission{To: "ada@example.com", Code: "hello"})
	service.Verify(ctx, otp.Submission{To: "ada@example.com", Code: code})
	service.Verify(ctx, otp.Submission{To: "ada@example.com", Code: code})

	var collected metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &collected); err != nil {
		log.Fatal(err)
	}
	m := collected.ScopeMetrics[0].Metrics[0]
	var lines []string
	for _, point := range m.Data.(metricdata.Histogram[float64]).DataPoints {
		operation, _ := point.Attributes.Value("otp.operation")
		result, _ := point.Attributes.Value("otp.result")
		lines = append(lines,
			fmt.Sprintf("%s %s: %d", operation.AsString(), result.AsString(), point.Count))
	}
	slices.Sort(lines)

	fmt.Println(m.Name)
	for _, line := range lines {
		fmt.Println(line)
	}
	// Output:
	// otp.operation.duration
	// send limited: 1
	// send ok: 1
	// verify malformed: 1
	// verify ok: 1
	// verify used: 1
}
