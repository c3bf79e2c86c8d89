package otp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
	"github.com/seed-5978b5f1/otp/sesmail"
)

// A slowSES takes its time for each mail and counts them.
type slowSES struct {
	*httptest.Server
	mails atomic.Int64
}

func newSlowSES(t *testing.T, takes time.Duration) *slowSES {
	ses := &slowSES{}
	ses.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(takes)
		defer timer.Stop()

		select {
		case <-timer.C:
			ses.mails.Add(1)
			fmt.Fprint(w, `{"MessageId":"1"}`)
		case <-r.Context().Done(): // the Sender has hung up
		}
	}))
	t.Cleanup(ses.Close)
	return ses
}

func (s *slowSES) client() *sesv2.Client {
	return sesv2.New(sesv2.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(s.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	})
}

// A resetServer is a handler like that of the README, for one address that is known or not. Like
// gRPC, it takes a deadline from the request.
type resetServer struct {
	codes   *otp.Service
	store   *table
	unknown bool
	busy    sync.WaitGroup

	mu       sync.Mutex
	recorded int // sends, by the events
}

func (s *resetServer) observe(_ context.Context, e otp.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if e.Err == nil || errors.Is(e.Err, otp.ErrDelivery) {
		s.recorded++
	}
}

func (s *resetServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.busy.Add(1)
	defer s.busy.Done()

	to, ctx := r.FormValue("email"), r.Context()
	if timeout, err := time.ParseDuration(r.Header.Get("Timeout")); err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}

	switch _, err := s.codes.Send(ctx, otp.Request{To: to, Decoy: s.unknown}); {
	case err == nil, errors.Is(err, otp.ErrDelivery):
		w.WriteHeader(http.StatusAccepted)
	case errors.Is(err, otp.ErrLimited):
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// Rule 14: a client that hangs up while its code is being recorded or sent, or that sends a short
// deadline, over HTTP and with a slow SES, does not tell a known address from an unknown one, gets
// no free budget, and spends no send of the person without a mail.
func TestRule14HangingUpOverHTTP(t *testing.T) {
	for name, client := range map[string]client{
		"hangs up at once":       {hangsUp: true},
		"hangs up after 10 ms":   {hangsUp: true, after: 10 * time.Millisecond},
		"hangs up after 40 ms":   {hangsUp: true, after: 40 * time.Millisecond},
		"hangs up after 70 ms":   {hangsUp: true, after: 70 * time.Millisecond},
		"has a deadline":         {after: 40 * time.Millisecond},
		"has a longer deadline":  {after: 70 * time.Millisecond},
		"has no deadline at all": {after: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known, unknown := client.attack(t, false), client.attack(t, true)

			assert.Equal(t, known.calls, unknown.calls)
			assert.Equal(t, known.status, unknown.status)
			assert.Equal(t, http.StatusTooManyRequests, known.status)
			assert.EqualValues(t, 3, known.recorded)
			assert.EqualValues(t, 3, known.mails)
			assert.Zero(t, unknown.mails)
		})
	}
}

// A client either hangs up some time after its code begins to be recorded, or sends a deadline.
type client struct {
	hangsUp bool
	after   time.Duration
}

// A trace is what five requests of such a client, and one that stays, leave behind.
type trace struct {
	status   int // of the one that stays
	recorded int
	mails    int64
	calls    []string
}

func (c client) attack(t *testing.T, unknown bool) trace {
	ses := newSlowSES(t, 50*time.Millisecond)
	sender, err := sesmail.New(ses.client(), "otp@example.com", nil)
	require.NoError(t, err)

	s := &resetServer{store: newTable(), unknown: unknown}
	s.codes, _ = otptest.New(t, otp.Config{
		Store: s.store, Sender: sender, Observe: s.observe,
		Policy: otp.Policy{
			MinSendTime: 100 * time.Millisecond,
			SendLimits:  []otp.Limit{{Count: 3, Window: time.Hour}},
		},
	})
	server := httptest.NewServer(s)
	defer server.Close()

	for range 5 {
		ctx, hangUp := context.WithCancel(t.Context())
		if c.hangsUp {
			s.store.onSwap = func() { time.AfterFunc(c.after, hangUp) }
		}
		ask(t, ctx, server.URL, c)
		s.busy.Wait()
		hangUp()
	}
	s.store.onSwap = nil
	status := ask(t, t.Context(), server.URL, client{after: time.Hour})
	s.busy.Wait()
	return trace{status, s.recorded, ses.mails.Load(), s.store.took()}
}

// ask posts the form and returns the status, 0 if there was no answer.
func ask(t *testing.T, ctx context.Context, server string, c client) int {
	t.Helper()

	form := url.Values{"email": {ada}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server, strings.NewReader(form))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !c.hangsUp {
		r.Header.Set("Timeout", c.after.String())
	}

	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}
