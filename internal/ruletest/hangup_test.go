package ruletest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A resetServer is a handler like that of the README, for one address that is known or not. Like
// gRPC, it takes a deadline from the request.
type resetServer struct {
	codes   *otp.Service
	store   *table
	unknown bool

	recorded int // sends, by the events
	mails    int
}

func newResetServer(t *testing.T, unknown bool) *resetServer {
	s := &resetServer{store: newTable(), unknown: unknown}
	s.codes, _ = otptest.New(t, otp.Config{
		Store: slow(s.store, 10*time.Millisecond), Sender: s, Observe: s.observe,
		Policy: otp.Policy{
			MinSendTime: 100 * time.Millisecond,
			SendLimits:  []otp.Limit{{Count: 3, Window: time.Hour}},
		},
	})
	return s
}

func (s *resetServer) observe(_ context.Context, e otp.Event) {
	if e.Err == nil || errors.Is(e.Err, otp.ErrDelivery) {
		s.recorded++
	}
}

// Send takes its time for each mail, unless the Service hangs up.
func (s *resetServer) Send(ctx context.Context, _ otp.Message) error {
	select {
	case <-time.After(50 * time.Millisecond):
		s.mails++
		return nil
	case <-ctx.Done():
		return otp.NotSent(ctx.Err())
	}
}

func (s *resetServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
// deadline, does not tell a known address from an unknown one, gets no free budget, and spends no
// send of the person without a mail.
func TestRule14HangingUp(t *testing.T) {
	for name, c := range map[string]client{
		"hangs up at once":       {hangsUp: true},
		"hangs up after 10 ms":   {hangsUp: true, after: 10 * time.Millisecond},
		"hangs up after 40 ms":   {hangsUp: true, after: 40 * time.Millisecond},
		"hangs up after 70 ms":   {hangsUp: true, after: 70 * time.Millisecond},
		"has a deadline":         {after: 40 * time.Millisecond},
		"has a longer deadline":  {after: 70 * time.Millisecond},
		"has no deadline at all": {after: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				known, unknown := c.attack(t, false), c.attack(t, true)

				assert.Equal(t, known.calls, unknown.calls)
				assert.Equal(t, known.took, unknown.took)
				assert.Equal(t, known.status, unknown.status)
				assert.Equal(t, http.StatusTooManyRequests, known.status)
				assert.Equal(t, 3, known.recorded)
				assert.Equal(t, 3, known.mails)
				assert.Zero(t, unknown.mails)
			})
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
	status          int // of the one that stays
	recorded, mails int
	calls           []string
	took            time.Duration
}

func (c client) attack(t *testing.T, unknown bool) trace {
	s, begin := newResetServer(t, unknown), time.Now()

	for range 5 {
		ctx, hangUp := context.WithCancel(t.Context())
		if c.hangsUp {
			s.store.onSwap = func() { time.AfterFunc(c.after, hangUp) }
		}
		c.ask(ctx, s)
		hangUp()
	}
	s.store.onSwap = nil
	status := client{after: time.Hour}.ask(t.Context(), s)
	return trace{status, s.recorded, s.mails, s.store.took(), time.Since(begin)}
}

// ask posts the form and returns the status.
func (c client) ask(ctx context.Context, s *resetServer) int {
	form := strings.NewReader(url.Values{"email": {ada}}.Encode())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !c.hangsUp {
		r.Header.Set("Timeout", c.after.String())
	}

	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, r)
	return answer.Code
}
