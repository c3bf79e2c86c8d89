package otphttp_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otphttp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// How well a stranger tells by the time of one request, over a real connection, whether there is an
// account: 50 % is guessing. Run it with -benchtime=1000x.
func BenchmarkTimesOfLookUps(b *testing.B) {
	const ms = time.Millisecond
	for _, c := range []struct{ hit, miss time.Duration }{
		{3 * ms, 3 * ms}, {10 * ms, 50 * ms}, {18 * ms, 28 * ms}, {5 * ms, 65 * ms},
	} {
		b.Run(fmt.Sprintf("%v and %v", c.hit, c.miss), func(b *testing.B) {
			codes, _ := otptest.New(b, otp.Config{Policy: otp.Policy{MinSendTime: 100 * ms}})
			flow, err := otphttp.New(otphttp.Config{
				Codes: codes, Keys: testKeys, AllowUnbound: true,
				Find: func(_ *http.Request, typed string) (otphttp.Recipient, error) {
					known := strings.HasPrefix(typed, "known")
					if known {
						time.Sleep(c.hit)
					} else {
						time.Sleep(c.miss)
					}
					return otphttp.Recipient{Known: known}, nil
				},
				Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) {
					return nil, nil
				},
			})
			require.NoError(b, err)

			mux := http.NewServeMux()
			mux.HandleFunc("/send", flow.ServeSend)
			mux.HandleFunc("/verify", flow.ServeVerify)
			mux.HandleFunc("/status", flow.ServeStatus)
			server := httptest.NewServer(mux)
			defer server.Close()
			measureTimes(b, server.URL)
		})
	}
}

// measureTimes lets sixteen clients ask for known and unknown addresses in turn.
func measureTimes(b *testing.B, url string) {
	var mu sync.Mutex
	took := map[string]*[2][]float64{}
	post := func(known int, path, body string) string {
		start := time.Now()
		answer, err := http.Post(url+path, "application/json", strings.NewReader(body))
		if err != nil {
			b.Error(err)
			return ""
		}
		defer answer.Body.Close()
		text := make([]byte, 4096)
		n, _ := answer.Body.Read(text)

		mu.Lock()
		defer mu.Unlock()
		if took[path] == nil {
			took[path] = new([2][]float64)
		}
		took[path][known] = append(took[path][known], float64(time.Since(start))/1e6)
		_, session, _ := strings.Cut(string(text[:n]), `"session":"`)
		session, _, _ = strings.Cut(session, `"`)
		return session
	}

	var clients sync.WaitGroup
	next := make(chan int)
	for range 16 {
		clients.Go(func() {
			for i := range next {
				known := i % 2
				email := fmt.Sprintf("%s%d@example.com", []string{"other", "known"}[known], i)
				session := post(known, "/send", `{"session":"","email":"`+email+`"}`)
				with := `{"session":"` + session + `","code":"000000"}`
				post(known, "/verify", with)
				post(known, "/status", with)
			}
		})
	}
	for i := range 2 * b.N {
		next <- i
	}
	close(next)
	clients.Wait()

	for path, times := range took {
		slices.Sort(times[0])
		slices.Sort(times[1])
		b.ReportMetric(100*toldRight(times), path[1:]+"-told-%")
		b.ReportMetric(times[1][len(times[1])/2], path[1:]+"-p50-ms")
	}
}

// toldRight returns the share of requests that the best threshold puts on the right side.
func toldRight(times *[2][]float64) float64 {
	best := 0.0
	below := func(sorted []float64, at float64) float64 {
		return float64(sort.SearchFloat64s(sorted, at)) / float64(len(sorted))
	}
	for _, at := range slices.Concat(times[0], times[1]) {
		best = max(best, math.Abs(below(times[0], at)-below(times[1], at)))
	}
	return 0.5 + best/2
}
