package otelotp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/otelotp"
)

// A dashboard is what the test reads of Grafana's model.
type dashboard struct {
	Templating struct {
		List []struct{ Query string }
	}
	Panels []struct {
		Title   string
		Targets []struct{ Expr, LegendFormat string }
	}
}

// expressions returns the queries of the dashboard, with values in place of Grafana's variables.
func (d *dashboard) expressions() map[string]string {
	fill := strings.NewReplacer("$__rate_interval", "1m", "$purpose", ".*")

	all := map[string]string{}
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			all[panel.Title+", "+target.LegendFormat] = fill.Replace(target.Expr)
		}
	}
	return all
}

func readDashboard(t *testing.T) *dashboard {
	t.Helper()
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(text, &d))
	return &d
}

// serveTraffic makes a thousand mixed calls and serves their metrics as Prometheus reads them.
func serveTraffic(t *testing.T) (*traffic, string) {
	t.Helper()

	registry := prometheus.NewRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(registry))
	require.NoError(t, err)
	provider := metric.NewMeterProvider(metric.WithReader(reader))

	opts := &otelotp.Options{MeterProvider: provider}
	tr := newTraffic(t, opts)
	observeQueue(t, opts)
	for range mixedCalls {
		tr.call(t.Context())
	}

	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(server.Close)
	return tr, server.URL
}

// observeQueue makes metrics of a background.Sender with one message that does not leave.
func observeQueue(t *testing.T, opts *otelotp.Options) {
	t.Helper()

	failed := make(chan struct{})
	fail := sync.OnceFunc(func() { close(failed) })
	queue, err := background.New(otp.SenderFunc(func(context.Context, otp.Message) error {
		return otp.NotSent(errors.New("the mail server is off"))
	}), &background.Options{OnError: func(context.Context, background.Failure) { fail() }})
	require.NoError(t, err)
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		assert.ErrorIs(t, queue.Shutdown(ended), context.Canceled)
	})

	require.NoError(t, otelotp.ObserveBackground(opts, queue))
	require.NoError(t, queue.Send(t.Context(), otp.Message{
		Purpose: "sign-in", To: "ada@example.com", Code: otp.NewCode("492013"),
		ExpiresAt: time.Now().Add(time.Hour),
	}))
	<-failed
}

// A query finds something in a Prometheus that has read the metrics, and the alert rules are loaded
// and sound there.
func TestDashboardAndAlertsInPrometheus(t *testing.T) {
	tr, metrics := serveTraffic(t)
	d := readDashboard(t)
	checkNames(t, d, checkExposition(t, tr, metrics))
	server := startPrometheus(t, metrics)

	// All that the test has counted is there.
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Equal(c, fmt.Sprint(mixedCalls),
			server.value(c, "sum(otp_operation_duration_seconds_count)"))
	}, time.Minute, 100*time.Millisecond)
	for outcome, count := range tr.counts {
		operation, result, _ := strings.Cut(outcome, " ")
		query := fmt.Sprintf(
			"sum(otp_operation_duration_seconds_count{otp_operation=%q,otp_result=%q})",
			operation, result)
		require.Equal(t, fmt.Sprint(count), server.value(t, query), outcome)
	}

	// Each query of the dashboard finds series, by the second reading at the latest.
	require.GreaterOrEqual(t, len(d.expressions()), 11)
	require.Equal(t, "1", server.value(t, "otp_background_held"))
	for name, expression := range d.expressions() {
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			assert.NotEmpty(c, server.value(c, expression), "%s: %s", name, expression)
		}, time.Minute, 100*time.Millisecond)
	}

	// A misspelled one does not: the check above can fail.
	require.Empty(t, server.value(t, `sum by (otp_result) (rate(otp_operations_total[1m]))`))

	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Equal(c, 9, strings.Count(server.get(c, "rules"), `"health":"ok"`))
	}, time.Minute, 100*time.Millisecond)
}

// checkExposition checks that the text that Prometheus reads tells no secret. Counts and bounds may
// have the digits of a code by chance, so only names and labels are looked at. It returns the text.
func checkExposition(t *testing.T, tr *traffic, url string) string {
	t.Helper()

	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), "otp_operation_duration_seconds_bucket{")

	for line := range strings.SplitSeq(string(body), "\n") {
		name, _, _ := strings.Cut(line, "} ")
		tr.checkText(name)
	}
	return string(body)
}

// checkNames checks that every name of a metric and of a label in the dashboard and the alert rules
// is one that the exporter makes.
func checkNames(t *testing.T, d *dashboard, exposition string) {
	t.Helper()

	name := regexp.MustCompile(`\botp_[a-z_]+`)
	made := name.FindAllString(exposition, -1)
	alerts, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	used := name.FindAllString(string(alerts), -1)
	for _, expression := range d.expressions() {
		used = append(used, name.FindAllString(expression, -1)...)
	}
	for _, variable := range d.Templating.List {
		used = append(used, name.FindAllString(variable.Query, -1)...)
	}

	require.Greater(t, len(used), 50)
	require.Subset(t, made, used)
}

// The alerts fire where they should, and stay quiet where they should: alerts_test.yml.
func TestAlerts(t *testing.T) {
	for _, args := range []string{"check rules alerts.yml", "test rules alerts_test.yml"} {
		out, err := exec.Command("promtool", strings.Fields(args)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "SUCCESS")
	}
}

// A prometheusServer is a real one, in a process of its own.
type prometheusServer struct{ url string }

// startPrometheus starts a Prometheus that reads the metrics at the URL and evaluates the alerts.
func startPrometheus(t *testing.T, metrics string) *prometheusServer {
	t.Helper()

	alerts, err := filepath.Abs("alerts.yml")
	require.NoError(t, err)
	folder := t.TempDir()
	settings := fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: otp
    metrics_path: /
    static_configs: [{targets: [%q]}]
`, alerts, strings.TrimPrefix(metrics, "http://"))
	file := filepath.Join(folder, "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(settings), 0o600))

	address := freeAddress(t)
	cmd := exec.Command("prometheus", "--config.file="+file,
		"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+address)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start(), "make setup installs prometheus")
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(os.Interrupt))
		assert.NoError(t, cmd.Wait(), "%s", &output)
	})

	server := &prometheusServer{"http://" + address}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		response, err := http.Get(server.url + "/-/ready")
		if assert.NoError(c, err) {
			response.Body.Close()
			assert.Equal(c, http.StatusOK, response.StatusCode)
		}
	}, time.Minute, 100*time.Millisecond)
	return server
}

// freeAddress returns an address of the loopback interface that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// get returns the answer of Prometheus's API.
func (s *prometheusServer) get(t require.TestingT, path string) string {
	response, err := http.Get(s.url + "/api/v1/" + path)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", path, body)
	return string(body)
}

// value returns the first value of a query, or "" if it finds none.
func (s *prometheusServer) value(t require.TestingT, query string) string {
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	text := s.get(t, "query?query="+url.QueryEscape(query))
	require.NoError(t, json.Unmarshal([]byte(text), &answer))
	if len(answer.Data.Result) == 0 {
		return ""
	}
	return answer.Data.Result[0].Value[1].(string)
}
