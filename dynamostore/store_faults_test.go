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
	"github.com/stretchr/testify/assert"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/servers"
	"github.com/seed-5978b5f1/otp/otptest"
)

// A network stands between the SDK and DynamoDB. Some of the requests meet its fault.
type network struct {
	next    http.RoundTripper
	fault   fault
	percent int // of requests that meet the fault
	faults  atomic.Int64
	late    sync.WaitGroup // requests that are under way although their sender has given up
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

var (
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errTimeout = &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
)

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
	return nil, errors.Join(n.deliver(r), errTimeout)
}

// noAnswer lasts until the HTTP client gives up.
func noAnswer(n *network, r *http.Request) (*http.Response, error) {
	err := n.deliver(r)
	<-r.Context().Done()
	return nil, errors.Join(err, r.Context().Err())
}

func answer(r *http.Request, status int, code string) *http.Response {
	body := `{"__type":"com.amazonaws.dynamodb.v20120810#` + code + `"}`
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}
}

// Thousands of operations under each kind of fault. No code is ever accepted twice, a right code is
// never answered with "wrong", a wrong one that was answered has been counted, and every answer
// comes in time.
func TestFaults(t *testing.T) {
	const people, clients = 600, 16

	for _, test := range []struct {
		name    string
		fault   fault
		percent int
	}{
		{"reply lost", replyLost, 20},
		{"request lost", requestLost, 20},
		{"request late", requestLate, 20},
		{"error 500 after the write", error500, 20},
		{"throttled", throttled, 20},
		{"time-out after the write", timedOut, 20},
		{"no answer", noAnswer, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &network{fault: test.fault, percent: test.percent}
			s := newStress(t, n)
			var next atomic.Int64
			var done sync.WaitGroup

			for range clients {
				done.Go(func() {
					for i := next.Add(1); i <= people && !t.Failed(); i = next.Add(1) {
						s.person(t, fmt.Sprintf("person%d@example.com", i), 1+int(i%2))
					}
				})
			}
			done.Wait()

			assert.Greater(t, n.faults.Load(), int64(people/10), "faults that were met")
			t.Logf("%d operations, %d of them in doubt; %d faults",
				s.operations.Load(), s.inDoubt.Load(), n.faults.Load())
		})
	}
}

// A stress runs operations of a Service whose requests meet faults, and checks them by one whose
// requests do not.
type stress struct {
	faulty, sound       *otp.Service
	inbox               *otptest.Inbox
	operations, inDoubt atomic.Int64
}

// newStress returns a stress on a new table, whose faulty Service uses the network.
func newStress(t *testing.T, n *network) *stress {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	n.next = transport
	t.Cleanup(func() {
		n.late.Wait()
		transport.CloseIdleConnections()
	})

	client := servers.DynamoDB(t, func(o *dynamodb.Options) {
		o.HTTPClient = &http.Client{Transport: n, Timeout: time.Second}
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.RateLimiter = ratelimit.None
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) {
				return time.Millisecond, nil
			})
		})
	})
	table := newTable(t, "pk")
	config := otp.Config{
		Secret: []byte(rand.Text() + rand.Text()),
		Policy: otp.Policy{
			MaxAttempts: maxAttempts,
			SendLimits:  []otp.Limit{{Count: 60, Window: time.Hour}},
		},
	}

	s := new(stress)
	config.Store = newStore(t, client, table, nil)
	s.faulty, s.inbox = otptest.New(t, config)
	config.Store, config.Sender = newStore(t, servers.DynamoDB(t), table, nil), s.inbox
	s.sound, _ = otptest.New(t, config)
	return s
}

const (
	maxAttempts = 10
	maxTries    = 10 // of an operation that is left in doubt
)

// do runs one operation and checks that it returns in time: a Service gives the store 10 seconds.
func (s *stress) do(t *testing.T, operation func() error) error {
	s.operations.Add(1)

	start := time.Now()
	err := operation()
	assert.Less(t, time.Since(start), 15*time.Second)
	return err
}

// person asks for a code, mistypes it once, and then submits it by so many clients at once. Each
// client tries again until it is told whether the code is accepted.
func (s *stress) person(t *testing.T, to string, clients int) {
	if err := s.send(t, to); !assert.NoError(t, err) {
		return
	}
	code := s.inbox.Code(t, to)
	s.mistype(t, to, wrong(code))

	var accepted, inDoubt atomic.Int64
	var done sync.WaitGroup
	for client := range clients {
		done.Go(func() {
			key := fmt.Sprint("client ", client)
			submission := otp.Submission{To: to, Code: code, IdempotencyKey: key}
			switch err := s.submit(t, submission); {
			case err == nil, errors.Is(err, otp.ErrRepeated):
				accepted.Add(1) // now, or by a try that was left in doubt
			case !errors.Is(err, otp.ErrRejected):
				inDoubt.Add(1)
			default:
				assert.ErrorIs(t, err, otp.ErrUsed, "the right code")
				assert.Greater(t, clients, 1, "used by nobody else")
			}
		})
	}
	done.Wait()

	err := s.sound.Verify(t.Context(), otp.Submission{To: to, Code: code})
	if err == nil {
		accepted.Add(1)
	} else {
		assert.ErrorIs(t, err, otp.ErrUsed, "the right code in the end")
	}
	assert.LessOrEqual(t, accepted.Load(), int64(1), "times accepted")
	if inDoubt.Load() == 0 {
		assert.EqualValues(t, 1, accepted.Load(), "times accepted")
	}
}

// send asks for a code until it is sent, in the end without faults.
func (s *stress) send(t *testing.T, to string) error {
	for range maxTries {
		err := s.do(t, func() error {
			_, err := s.faulty.Send(t.Context(), otp.Request{To: to})
			return err
		})
		if err == nil {
			return nil
		}
		s.inDoubt.Add(1)
	}

	_, err := s.sound.Send(t.Context(), otp.Request{To: to})
	return err
}

// mistype submits a wrong code once, and checks that the answer was counted.
func (s *stress) mistype(t *testing.T, to, code string) {
	submission := otp.Submission{To: to, Code: code}
	err := s.do(t, func() error { return s.faulty.Verify(t.Context(), submission) })
	if err != nil && !errors.Is(err, otp.ErrRejected) {
		s.inDoubt.Add(1)
		return
	}
	assert.ErrorIs(t, err, otp.ErrMismatch, "a wrong code")

	status, err := s.sound.Status(t.Context(), otp.Request{To: to})
	assert.NoError(t, err)
	assert.Less(t, status.AttemptsLeft, maxAttempts, "attempts left after a wrong code")
}

// submit submits until there is an answer, and returns it, or the last error.
func (s *stress) submit(t *testing.T, submission otp.Submission) (err error) {
	for range maxTries {
		err = s.do(t, func() error { return s.faulty.Verify(t.Context(), submission) })
		if err == nil || errors.Is(err, otp.ErrRejected) || errors.Is(err, otp.ErrRepeated) {
			return err
		}
		s.inDoubt.Add(1)
	}
	return err
}
