package background_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/background"
	"github.com/seed-5978b5f1/otp/memstore"
	"github.com/seed-5978b5f1/otp/otptest"
)

// deliveryTime is what a slow delivery takes.
const deliveryTime = 200 * time.Millisecond

// Send does the same calls in the same time for known and unknown addresses. It returns before the
// delivery has begun, whether that is slow, fails or panics.
func TestKnownAndUnknownAreAnsweredAlike(t *testing.T) {
	for name, deliver := range map[string]func(context.Context, otp.Message) error{
		"at once": succeed,
		"slow":    takeTime(deliveryTime),
		"fails":   func(context.Context, otp.Message) error { return otp.ErrUndeliverable },
		"panics":  func(context.Context, otp.Message) error { panic("no template") },
	} {
		for _, minSendTime := range []time.Duration{-1, 10 * time.Millisecond} {
			t.Run(fmt.Sprint(name, minSendTime), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					released := make(chan struct{})
					sender, p := newSender(t, background.Options{},
						func(ctx context.Context, m otp.Message) error {
							<-released
							return deliver(ctx, m)
						})
					calls := 0
					service, _ := otptest.New(t, otp.Config{
						Sender: sender, Policy: otp.Policy{MinSendTime: minSendTime},
						Store: &otptest.FaultyStore{
							Store: memstore.New(nil),
							Fault: func(otptest.StoreCall) (none otptest.StoreFault) {
								calls++
								return none
							},
						},
					})

					send := func(to string, decoy bool) (made int, took time.Duration) {
						calls = 0
						start := time.Now()
						_, err := service.Send(t.Context(), otp.Request{To: to, Decoy: decoy})
						require.NoError(t, err)
						return calls, time.Since(start)
					}
					made, took := send("ada@example.com", false)
					decoyMade, decoyTook := send("eve@example.com", true)
					require.Empty(t, p.sent)
					require.Positive(t, made)
					require.Equal(t, decoyMade, made)
					require.Equal(t, max(minSendTime, 0), took)
					require.Equal(t, took, decoyTook)

					close(released)
					require.NoError(t, sender.Shutdown(t.Context()))
					require.Len(t, p.tries, 1, "nothing for the decoy")
				})
			})
		}
	}
}

// A server that is told to end under load answers what it has been asked, and delivers every mail
// that it has promised, once.
func TestServerEndsUnderLoad(t *testing.T) {
	var mu sync.Mutex
	var promised, delivered []string
	sender, _ := newSender(t, background.Options{Workers: 50, Capacity: 10_000},
		func(ctx context.Context, m otp.Message) error {
			err := takeTime(deliveryTime)(ctx, m)
			mu.Lock()
			defer mu.Unlock()
			delivered = append(delivered, m.To)
			return err
		})
	service, _ := otptest.New(t, otp.Config{Sender: sender})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := service.Send(r.Context(), otp.Request{To: r.FormValue("to")})
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()

	enough := make(chan struct{})
	var clients sync.WaitGroup
	for client := range 8 {
		clients.Go(func() {
			for i := 0; ; i++ {
				to := fmt.Sprintf("%d-%d@example.com", client, i)
				response, err := http.PostForm(server.URL, url.Values{"to": {to}})
				if err != nil {
					return // the server takes no more
				}
				response.Body.Close()
				if response.StatusCode != http.StatusOK {
					t.Errorf("the server answers %s", response.Status)
					return
				}

				mu.Lock()
				promised = append(promised, to)
				if len(promised) == 200 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}

	ended := make(chan struct{})
	go func() {
		clients.Wait()
		close(ended)
	}()
	select {
	case <-enough:
	case <-ended:
	}

	require.NoError(t, server.Config.Shutdown(t.Context()))
	require.NoError(t, sender.Shutdown(t.Context()))
	got := slices.Clone(delivered) // nothing is delivered any more
	<-ended

	require.GreaterOrEqual(t, len(promised), 200)
	require.Subset(t, got, promised)
	slices.Sort(got)
	require.Len(t, slices.Compact(got), len(got), "a mail went twice")
}
