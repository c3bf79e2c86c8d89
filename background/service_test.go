package background_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
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
	sender, err := background.New(otp.SenderFunc(func(ctx context.Context, m otp.Message) error {
		if err := takeTime(deliveryTime)(ctx, m); err != nil {
			return err
		}
		_, err := fmt.Fprintln(mails, m.To)
		return err
	}), &background.Options{Workers: 50, Capacity: 10_000})
	if err != nil {
		return err
	}

	service, _ := otptest.New(log.Default(), otp.Config{Sender: sender})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())

	server := &http.Server{Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			_, err := service.Send(r.Context(), otp.Request{To: r.FormValue("to")})
			if err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
			}
		})}
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
	if testing.Short() {
		t.Skip("starts a server")
	}

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
				to := fmt.Sprintf("%d-%d@example.com", client, i)
				response, err := http.PostForm(address, url.Values{"to": {to}})
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
				n := len(promised)
				mu.Unlock()
				if n == 200 {
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
	require.GreaterOrEqual(t, len(promised), 200)
	require.Subset(t, delivered, promised)

	slices.Sort(delivered)
	require.Len(t, slices.Compact(delivered), len(delivered), "a mail went twice")
}
