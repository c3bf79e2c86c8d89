package background_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/memstore"
)

// deliveryTime is what a mail takes in these tests.
const deliveryTime = 200 * time.Millisecond

// newHandler returns a handler that sends a code to whom it knows, and answers all the same.
func newHandler(sender otp.Sender, minSendTime time.Duration) (http.Handler, error) {
	service, err := otp.New(otp.Config{
		Purpose: "sign-in",
		Secret:  []byte(strings.Repeat("s", 32)),
		Store:   memstore.New(nil),
		Sender:  sender,
		Policy:  otp.Policy{MinSendTime: minSendTime},
	})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := r.FormValue("to")
		known := strings.HasPrefix(to, "known")
		_, err := service.Send(r.Context(), otp.Request{To: to, Decoy: !known})
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "If we know the address, a code is on its way.\n")
	}), nil
}

// ask posts the form, and returns how long the answer took.
func ask(client *http.Client, server, to string) (time.Duration, error) {
	start := time.Now()
	response, err := client.PostForm(server, url.Values{"to": {to}})
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()

	_, err = io.Copy(io.Discard, response.Body)
	if response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return time.Since(start), err
}

// measure has n known and n unknown addresses asked for over HTTP, in random order, by four clients
// at a time.
func measure(t *testing.T, n int, minSendTime time.Duration) (known, unknown []time.Duration) {
	t.Helper()

	sender, err := background.New(otp.SenderFunc(takeTime(deliveryTime)),
		&background.Options{Workers: 200, Capacity: 10_000})
	require.NoError(t, err)
	handler, err := newHandler(sender, minSendTime)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	defer server.Close()

	addresses := make(chan string, 2*n)
	for _, i := range rand.Perm(2 * n) {
		kind := "known"
		if i < n {
			kind = "other" // as long
		}
		addresses <- fmt.Sprintf("%s-%05d@example.com", kind, i%n)
	}
	close(addresses)

	var mu sync.Mutex
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for to := range addresses {
				took, err := ask(server.Client(), server.URL, to)
				if err != nil {
					t.Error(err)
					return
				}

				mu.Lock()
				if strings.HasPrefix(to, "known") {
					known = append(known, took)
				} else {
					unknown = append(unknown, took)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()

	require.Len(t, known, n)
	require.Len(t, unknown, n)
	require.NoError(t, sender.Shutdown(t.Context()))
	return known, unknown
}

func median(of []time.Duration) time.Duration { return slices.Sorted(slices.Values(of))[len(of)/2] }

// A delivery takes 200 ms, an answer no more than 5.
func TestAnswersAtOnce(t *testing.T) {
	known, unknown := measure(t, 300, -1)

	t.Logf("p50: known %v, unknown %v", median(known), median(unknown))
	require.Less(t, median(known), 5*time.Millisecond)
	require.Less(t, median(unknown), 5*time.Millisecond)
}

// With a MinSendTime of 10 ms, nobody can tell from 2,000 answers of each kind which are for known
// addresses. The test is the two-sample test of Kolmogorov and Smirnov, which looks at the whole
// distribution: it fails by chance once in a thousand runs. One millisecond would show.
func TestKnownAndUnknownTakeTheSameTime(t *testing.T) {
	known, unknown := measure(t, 2000, 10*time.Millisecond)

	p := kolmogorovSmirnov(known, unknown)
	t.Logf("p50: known %v, unknown %v; Kolmogorov-Smirnov: p = %.3f",
		median(known), median(unknown), p)
	require.Greater(t, p, 0.001)

	for i := range known {
		known[i] += time.Millisecond
	}
	later := kolmogorovSmirnov(known, unknown)
	t.Logf("with a millisecond more: p = %.2g", later)
	require.Less(t, later, 0.001, "the test could not tell a millisecond")
}

// kolmogorovSmirnov returns the probability that two samples of one distribution differ as much as
// these do (Press et al., Numerical Recipes, 3rd edition, §14.3.3).
func kolmogorovSmirnov(a, b []time.Duration) float64 {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	n, m := float64(len(a)), float64(len(b))

	var distance float64
	for i, j := 0, 0; i < len(a) && j < len(b); {
		at := min(a[i], b[j])
		for i < len(a) && a[i] == at {
			i++
		}
		for j < len(b) && b[j] == at {
			j++
		}
		distance = max(distance, math.Abs(float64(i)/n-float64(j)/m))
	}

	root := math.Sqrt(n * m / (n + m))
	lambda := (root + 0.12 + 0.11/root) * distance
	if lambda < 0.2 {
		return 1 // to twelve digits; the series converges slowly there
	}

	var sum float64
	for k := 1; k <= 100; k++ {
		sign := float64(2*(k%2) - 1)
		sum += 2 * sign * math.Exp(-2*lambda*lambda*float64(k*k))
	}
	return min(1, max(0, sum))
}

// The p value is one: over many pairs of samples of one distribution, it is below a bound as often
// as the bound says.
func TestKolmogorovSmirnov(t *testing.T) {
	const pairs = 4000
	random := rand.New(rand.NewPCG(1, 2))
	sample := func() (all []time.Duration) {
		for range 200 {
			all = append(all, time.Duration(random.ExpFloat64()*1e9))
		}
		return all
	}

	below := map[float64]int{}
	for range pairs {
		p := kolmogorovSmirnov(sample(), sample())
		for _, bound := range []float64{0.5, 0.1, 0.01} {
			if p < bound {
				below[bound]++
			}
		}
	}

	for bound, n := range below {
		// The distance has few values, so that the share is a little below the bound.
		require.InDelta(t, bound, float64(n)/pairs, 0.25*bound+0.003, "p below %v", bound)
	}
	require.Len(t, below, 3)
}

// envServer holds, in the process of the server, the file that its mails go to.
const envServer = "OTP_BACKGROUND_MAILS"

func TestMain(m *testing.M) {
	if file := os.Getenv(envServer); file != "" {
		if err := serve(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}

	os.Exit(m.Run())
}

// serve is a server as the package comment wants it: told to end, it answers what has been asked,
// and then delivers what is queued.
func serve(file string) error {
	told, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	mails, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	sender, err := background.New(otp.SenderFunc(func(_ context.Context, m otp.Message) error {
		time.Sleep(deliveryTime)
		_, err := fmt.Fprintln(mails, m.To)
		return err
	}), &background.Options{Workers: 50, Capacity: 10_000})
	if err != nil {
		return err
	}

	handler, err := newHandler(sender, -1)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())

	server := &http.Server{Handler: handler}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-told.Done():
	}

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(ctx), sender.Shutdown(ctx), mails.Close())
}

// A server that gets SIGTERM under load delivers every mail that it has promised, once.
func TestSIGTERM(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mails")
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), envServer+"="+file)
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	address = strings.TrimSpace(address)

	var mu sync.Mutex
	var promised []string
	terminate := sync.OnceValue(func() error { return server.Process.Signal(syscall.SIGTERM) })
	var all sync.WaitGroup
	for client := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				to := fmt.Sprintf("known-%d-%d@example.com", client, i)
				if _, err := ask(http.DefaultClient, address, to); err != nil {
					return // the server takes no more
				}

				mu.Lock()
				promised = append(promised, to)
				n := len(promised)
				mu.Unlock()
				if n == 500 {
					if err := terminate(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, server.Wait())

	content, err := os.ReadFile(file)
	require.NoError(t, err)
	delivered := strings.Fields(string(content))
	t.Logf("%d mails promised, %d delivered", len(promised), len(delivered))
	require.GreaterOrEqual(t, len(promised), 500)
	require.Subset(t, delivered, promised)

	slices.Sort(delivered)
	require.Len(t, slices.Compact(delivered), len(delivered), "a mail went twice")
}
