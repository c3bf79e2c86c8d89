package dynamostore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A network stands between the SDK and DynamoDB and lets fault deal with some of the requests.
type network struct {
	next    http.RoundTripper
	fault   fault
	percent int // of requests that meet the fault
	faults  atomic.Int64
	late    sync.WaitGroup // requests that are still under way though their sender has given up
}

type fault func(*network, *http.Request) (*http.Response, error)

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	if mathrand.N(100) >= n.percent {
		return n.next.RoundTrip(r)
	}
	n.faults.Add(1)
	return n.fault(n, r)
}

// deliver has the request carried out and drops the reply.
func (n *network) deliver(r *http.Request) error {
	reply, err := n.next.RoundTrip(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	_, err = io.Copy(io.Discard, reply.Body)
	return err
}

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

func replyLost(n *network, r *http.Request) (*http.Response, error) {
	return nil, errors.Join(n.deliver(r), errReset)
}

func requestLost(_ *network, r *http.Request) (*http.Response, error) {
	r.Body.Close()
	return nil, errReset
}

func requestLate(n *network, r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	late := r.Clone(context.WithoutCancel(r.Context()))
	late.Body = io.NopCloser(bytes.NewReader(body))
	n.late.Go(func() { n.deliver(late) })
	return nil, errors.Join(err, errReset)
}

func error500(n *network, r *http.Request) (*http.Response, error) {
	return answer(r, 500, "InternalServerError"), n.deliver(r)
}

func throttled(_ *network, r *http.Request) (*http.Response, error) {
	r.Body.Close()
	return answer(r, 400, "ProvisionedThroughputExceededException"), nil
}

func timedOut(n *network, r *http.Request) (*http.Response, error) {
	return nil, errors.Join(n.deliver(r), &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded})
}

func noAnswer(n *network, r *http.Request) (*http.Response, error) {
	err := n.deliver(r)
	<-r.Context().Done()
	return nil, errors.Join(err, r.Context().Err())
}

func cancelled(n *network, r *http.Request) (*http.Response, error) {
	err := n.deliver(r)
	r.Context().Value(cancelKey{}).(context.CancelFunc)()
	return nil, errors.Join(err, r.Context().Err())
}

// cancelKey is the key under which a context holds its own cancel function.
type cancelKey struct{}

func answer(r *http.Request, status int, code string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:   io.NopCloser(strings.NewReader(`{"__type":"com.amazonaws.dynamodb.v20120810#` + code + `"}`)),
	}
}

// Thousands of operations under each kind of fault: no code is ever accepted twice, a right code is never answered with
// "wrong", an answered wrong one has been counted, and every answer comes in time.
func TestFaults(t *testing.T) {
	const inTime = 10 * time.Second
	for _, test := range []struct {
		name     string
		fault    fault
		percent  int           // lower where the SDK does not try again
		deadline time.Duration // of each operation
	}{
		{"reply lost", replyLost, 20, inTime},
		{"request lost", requestLost, 20, inTime},
		{"request late", requestLate, 20, inTime},
		{"error 500 after the write", error500, 20, inTime},
		{"throttled", throttled, 20, inTime},
		{"time-out after the write", timedOut, 20, inTime},
		{"no answer", noAnswer, 5, 200 * time.Millisecond},
		{"context cancelled after the write", cancelled, 10, inTime},
	} {
		t.Run(test.name, func(t *testing.T) {
			transport := http.DefaultTransport.(*http.Transport).Clone()
			transport.MaxIdleConnsPerHost = 64
			defer transport.CloseIdleConnections()
			n := &network{next: transport, fault: test.fault, percent: test.percent}
			defer n.late.Wait()
			client := servers.DynamoDB(t, func(o *dynamodb.Options) {
				o.HTTPClient = &http.Client{Transport: n}
				o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
					o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Millisecond, nil })
					o.RateLimiter = ratelimit.None
				})
			})
			table, secret := newTable(t, "pk"), []byte(rand.Text()+rand.Text())
			policy := otp.Policy{MaxAttempts: 10, SendLimits: []otp.Limit{{Count: 20, Window: time.Hour}}}
			s := stress{deadline: test.deadline}
			s.faulty, s.inbox = otptest.New(t, otp.Config{Secret: secret, Policy: policy, Store: newStore(t, client, table, nil)})
			s.sound, _ = otptest.New(t, otp.Config{Secret: secret, Policy: policy, Store: newStore(t, servers.DynamoDB(t), table, nil), Sender: s.inbox})

			people := 600
			if testing.Short() {
				people = 50
			}
			var next atomic.Int64
			var wg sync.WaitGroup
			for range 16 {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(people) && !t.Failed(); i = next.Add(1) {
						s.person(t, fmt.Sprintf("person%d@example.com", i), 1+int(i%2))
					}
				})
			}
			wg.Wait()
			t.Logf("%d operations, %d of them in doubt; %d faults", s.operations.Load(), s.inDoubt.Load(), n.faults.Load())
			if n.faults.Load() < int64(people)/10 {
				t.Error("there were hardly any faults: this tests nothing")
			}
		})
	}
}

// A stress runs operations of a Service whose requests meet faults, and checks them by one whose requests do not.
type stress struct {
	faulty, sound       *otp.Service
	inbox               *otptest.Inbox
	deadline            time.Duration
	operations, inDoubt atomic.Int64
}

// do runs one operation and checks that it returns in time.
func (s *stress) do(t *testing.T, operation func(context.Context) error) error {
	s.operations.Add(1)
	ctx, cancel := context.WithTimeout(t.Context(), s.deadline)
	defer cancel()
	start := time.Now()
	err := operation(context.WithValue(ctx, cancelKey{}, cancel))
	if late := time.Since(start) - s.deadline; late > 5*time.Second {
		t.Errorf("an operation returned %v after its deadline", late)
	}
	return err
}

// person asks for a code, mistypes it once, and then submits it, as so many clients at once. Each tries again
// until it is told whether the code is accepted.
func (s *stress) person(t *testing.T, to string, clients int) {
	send := func(ctx context.Context) error { _, err := s.faulty.Send(ctx, otp.Request{To: to}); return err }
	err := s.do(t, send)
	for range 10 {
		if err == nil {
			break
		}
		s.inDoubt.Add(1)
		err = s.do(t, send)
	}
	if err != nil {
		_, err = s.sound.Send(t.Context(), otp.Request{To: to})
	}
	if err != nil {
		t.Errorf("Send: %v", err)
		return
	}
	code := s.inbox.Code(t, to)
	verify := func(code string) error {
		return s.do(t, func(ctx context.Context) error { return s.faulty.Verify(ctx, otp.Submission{To: to, Code: code}) })
	}

	switch err := verify(another(code)); {
	case errors.Is(err, otp.ErrMismatch):
		status, err := s.sound.Status(t.Context(), otp.Request{To: to})
		if err != nil || status.AttemptsLeft > 9 {
			t.Errorf("a wrong code was answered and %d of 10 attempts are left, %v", status.AttemptsLeft, err)
		}
	case err == nil, errors.Is(err, otp.ErrRejected):
		t.Errorf("a wrong code is answered with %v", err)
	default:
		s.inDoubt.Add(1)
	}

	var accepted, inDoubt atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for tries := 0; tries < 10; tries++ {
				switch err := verify(code); {
				case err == nil:
					accepted.Add(1)
					return
				case errors.Is(err, otp.ErrUsed) && (tries > 0 || clients > 1):
					return // by a submission before or beside this one
				case errors.Is(err, otp.ErrRejected):
					t.Errorf("the right code is answered with %v", err)
					return
				}
				inDoubt.Add(1)
			}
		})
	}
	wg.Wait()
	s.inDoubt.Add(inDoubt.Load())
	err = s.sound.Verify(t.Context(), otp.Submission{To: to, Code: code})
	if err == nil {
		accepted.Add(1)
	} else if !errors.Is(err, otp.ErrUsed) {
		t.Errorf("in the end the right code is answered with %v", err)
	}
	if accepted.Load() > 1 {
		t.Errorf("the code was accepted %d times", accepted.Load())
	}
	if accepted.Load() == 0 && inDoubt.Load() == 0 {
		t.Error("the code was never accepted, though nobody was left in doubt")
	}
}
