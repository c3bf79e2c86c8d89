package otelotp_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otelotp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A traffic is a service under all kinds of use, with what its telemetry must not tell.
type traffic struct {
	t       *testing.T
	service *otp.Service
	inbox   *otptest.Inbox
	random  *rand.Rand

	keys map[string]bool // that the store was given

	// counts are the calls by operation and outcome, as the caller saw them.
	counts map[string]int

	used map[string]string // codes that were accepted and their idempotency keys, by address

	// secrets are what no telemetry may hold, and ids what may be unique. They are listed once,
	// when they are first asked for: after the last call.
	secrets func() []string
	ids     func() map[string]bool
}

// fault fails at times with an error that tells too much.
func (tr *traffic) fault(c otptest.StoreCall) (f otptest.StoreFault) {
	tr.keys[c.Key] = true
	if tr.random.IntN(50) == 0 {
		f.Before = fmt.Errorf("no connection for the key %s", c.Key)
	}
	return f
}

// deliver fails at times, in every way, with errors that tell too much.
func (tr *traffic) deliver(_ context.Context, m otp.Message) error {
	text := m.To + " " + m.Code.Reveal()

	switch tr.random.IntN(8) {
	case 0:
		return errors.New(text)
	case 1:
		return fmt.Errorf("%w: %s", otp.ErrNotSent, text)
	case 2:
		return fmt.Errorf("%w: %s", otp.ErrUndeliverable, text)
	}
	return nil
}

// newTraffic returns a service whose telemetry goes to the providers of the options.
func newTraffic(t *testing.T, opts *otelotp.Options) *traffic {
	t.Helper()
	tr := &traffic{t: t, random: rand.New(rand.NewPCG(3, 4)), counts: map[string]int{},
		keys: map[string]bool{}, used: map[string]string{}}
	tr.secrets, tr.ids = sync.OnceValue(tr.listSecrets), sync.OnceValue(tr.listIDs)

	observe, err := otelotp.Observe(opts)
	require.NoError(t, err)
	store, err := otelotp.NewStore(
		&otptest.FaultyStore{Store: memstore.New(nil), Fault: tr.fault}, opts)
	require.NoError(t, err)
	sender, err := otelotp.NewSender(otp.SenderFunc(tr.deliver), opts)
	require.NoError(t, err)

	tr.service, tr.inbox = otptest.New(t, otp.Config{Purpose: "sign-in", Store: store,
		Sender: sender, Observe: observe, Policy: otp.Policy{
			Lock: true, MaxAttempts: 2, MaxLiveCodes: 2, MaxFailures: 6,
			SendLimits: []otp.Limit{{Count: 6, Window: time.Hour}},
		}})
	return tr
}

// count notes how a call ended.
func (tr *traffic) count(operation string, err error) {
	first := slices.IndexFunc(results, func(r result) bool { return errors.Is(err, r.err) })
	outcome := "error"
	if first >= 0 {
		outcome = results[first].want
	}
	tr.counts[operation+" "+outcome]++
}

// call makes one call of any kind.
func (tr *traffic) call(ctx context.Context) {
	to := fmt.Sprintf("ada.lovelace%d@example.com", tr.random.IntN(12))
	if tr.random.IntN(40) == 0 {
		to = ""
	}

	switch n := tr.random.IntN(100); {
	case n < 40:
		_, err := tr.service.Send(ctx, otp.Request{To: to, Decoy: n < 4})
		tr.count("send", err)
	case n < 85:
		tr.count("verify", tr.verify(ctx, to))
	case n < 90:
		_, err := tr.service.Status(ctx, otp.Request{To: to})
		tr.count("status", err)
	case n < 93:
		tr.count("revoke", tr.service.Revoke(ctx, to, ""))
	case n < 96:
		tr.count("revoke-all", tr.service.RevokeAll(ctx, to))
	default:
		tr.count("unlock", tr.service.Unlock(ctx, to))
	}
}

// verify submits a right code, a wrong one, or something else.
func (tr *traffic) verify(ctx context.Context, to string) error {
	code, key := "not a code", "idempotency-key-of-a-form"
	if latest := tr.latest(to); latest != "" {
		code = latest
		if tr.random.IntN(2) == 0 {
			code = strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, latest)
		}
	}
	if tr.random.IntN(4) == 0 && tr.used[to] != "" {
		code = tr.used[to]
	}
	if tr.random.IntN(4) == 0 {
		key = "idempotency-key-of-another-form"
	}

	err := tr.service.Verify(ctx, otp.Submission{To: to, Code: code, IdempotencyKey: key})
	if err == nil {
		tr.used[to] = code
	}
	return err
}

// latest returns the code in the latest message to the address, or "".
func (tr *traffic) latest(to string) (code string) {
	for _, m := range tr.inbox.Messages() {
		if m.To == to {
			code = m.Code.Reveal()
		}
	}
	return code
}

func (tr *traffic) listSecrets() []string {
	all := []string{"ada.", "lovelace", "@", "idempotency-key", "not a code", "no connection"}
	for _, m := range tr.inbox.Messages() {
		all = append(all, m.Code.Reveal())
	}
	for key := range tr.keys {
		all = append(all, key)
	}
	return all
}

// listIDs returns the ids of messages and the pseudonyms of addresses.
func (tr *traffic) listIDs() map[string]bool {
	all := map[string]bool{}
	for _, m := range tr.inbox.Messages() {
		all[m.ID] = true
	}
	for i := range 12 {
		all[tr.service.Pseudonym(fmt.Sprintf("ada.lovelace%d@example.com", i))] = true
	}
	return all
}

// checkAttributes checks that no attribute tells a secret.
func (tr *traffic) checkAttributes(all []attribute.KeyValue) {
	ids := tr.ids()
	for _, a := range all {
		value := a.Value.String()
		if a.Key == "otp.message.id" || a.Key == "otp.pseudonym" {
			require.True(tr.t, ids[value], "%s is %s", a.Key, value)
			continue
		}

		tr.checkText(string(a.Key) + "=" + value)
	}
}

// checkText checks that a text of the telemetry tells no secret.
func (tr *traffic) checkText(text string) {
	for _, secret := range tr.secrets() {
		require.False(tr.t, strings.Contains(text, secret), "%s holds %s", text, secret)
	}
}

// newProviders returns options whose metrics and spans a test can read.
func newProviders() (*otelotp.Options, *metric.ManualReader, *tracetest.SpanRecorder) {
	reader, recorder := metric.NewManualReader(), tracetest.NewSpanRecorder()
	return &otelotp.Options{
		MeterProvider:  metric.NewMeterProvider(metric.WithReader(reader)),
		TracerProvider: trace.NewTracerProvider(trace.WithSpanProcessor(recorder)),
	}, reader, recorder
}

// histogram collects the one histogram that there is.
func histogram(t *testing.T, reader *metric.ManualReader) metricdata.Histogram[float64] {
	t.Helper()

	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	require.Len(t, collected.ScopeMetrics, 1)
	require.Len(t, collected.ScopeMetrics[0].Metrics, 1)
	m := collected.ScopeMetrics[0].Metrics[0]
	require.Equal(t, "otp.operation.duration", m.Name)
	require.Equal(t, "s", m.Unit)
	return m.Data.(metricdata.Histogram[float64])
}
