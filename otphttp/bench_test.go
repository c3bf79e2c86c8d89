package otphttp_test

import (
	"encoding/json"
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
			flow := newBenchFlow(b, codes, func(config *otphttp.Config) {
				config.AllowUnbound = true
				find := config.Find
				config.Find = func(r *http.Request, typed string) (otphttp.Recipient, error) {
					to, err := find(r, typed)
					time.Sleep(map[bool]time.Duration{true: c.hit, false: c.miss}[to.Known])
					return to, err
				}
			})

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

// newBenchFlow returns a Flow for the accounts whose address begins with "known".
func newBenchFlow(
	b *testing.B, codes *otp.Service, configure func(*otphttp.Config),
) *otphttp.Flow {
	config := otphttp.Config{
		Codes: codes, Keys: testKeys,
		Find: func(_ *http.Request, typed string) (otphttp.Recipient, error) {
			return otphttp.Recipient{Known: strings.HasPrefix(typed, "known")}, nil
		},
		Accept: func(*http.Request, otphttp.Claim) (otphttp.Done, error) { return nil, nil },
	}
	configure(&config)
	flow, err := otphttp.New(config)
	require.NoError(b, err)
	return flow
}

// A stopwatch has the times of requests for unknown (0) and known addresses (1), in milliseconds.
type stopwatch struct {
	mu   sync.Mutex
	took [2][]float64
}

func (s *stopwatch) stop(known int, begun time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took[known] = append(s.took[known], float64(time.Since(begun))/1e6)
}

// inTurns lets clients ask for known and unknown addresses in turn, 2·b.N in all.
func inTurns(b *testing.B, clients int, ask func(known int, email string)) {
	var all sync.WaitGroup
	next := make(chan int)
	for range clients {
		all.Go(func() {
			for i := range next {
				ask(i%2, fmt.Sprintf("%s%d@example.com", []string{"other", "known"}[i%2], i))
			}
		})
	}
	for i := range 2 * b.N {
		next <- i
	}
	close(next)
	all.Wait()
}

// measureTimes lets sixteen clients ask for codes, enter wrong ones, and look.
func measureTimes(b *testing.B, url string) {
	times := map[string]*stopwatch{"send": {}, "verify": {}, "status": {}}
	post := func(known int, path, body string) (session string) {
		begun := time.Now()
		answer, err := http.Post(url+"/"+path, "application/json", strings.NewReader(body))
		if err != nil {
			b.Error(err)
			return ""
		}
		defer answer.Body.Close()
		var document struct{ Session string }
		json.NewDecoder(answer.Body).Decode(&document)
		times[path].stop(known, begun)
		return document.Session
	}
	inTurns(b, 16, func(known int, email string) {
		session := post(known, "send", `{"session":"","email":"`+email+`"}`)
		with := `{"session":"` + session + `","code":"000000"}`
		post(known, "verify", with)
		post(known, "status", with)
	})

	for path, watch := range times {
		b.ReportMetric(100*watch.toldRight(), path+"-told-%")
		b.ReportMetric(watch.took[1][len(watch.took[1])/2], path+"-p50-ms")
	}
}

// toldRight returns the share of requests that the best threshold puts on the right side.
func (s *stopwatch) toldRight() float64 {
	best := 0.0
	below := func(sorted []float64, at float64) float64 {
		return float64(sort.SearchFloat64s(sorted, at)) / float64(len(sorted))
	}
	slices.Sort(s.took[0])
	slices.Sort(s.took[1])
	for _, at := range slices.Concat(s.took[0], s.took[1]) {
		best = max(best, math.Abs(below(s.took[0], at)-below(s.took[1], at)))
	}
	return 0.5 + best/2
}
