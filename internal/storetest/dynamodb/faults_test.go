package dynamodb

import (
	"bytes"
	"context"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/seed-5978b5f1/otp/internal/storetest/harness"
)

// A fault is what some of the requests to DynamoDB meet.
type fault struct {
	name    string
	percent int // of the requests
	meet    func(next http.RoundTripper, r *http.Request) (*http.Response, error)
}

var faults = []fault{
	{"reply lost", 20, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		return nil, errors.Join(deliver(next, r), errReset)
	}},
	{"request lost", 20, func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
		return nil, errors.Join(r.Body.Close(), errReset)
	}},
	{"request late", 20, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		r.Body.Close()

		late := r.Clone(context.WithoutCancel(r.Context()))
		late.Body = io.NopCloser(bytes.NewReader(body))
		go deliver(next, late)
		return nil, errors.Join(err, errReset)
	}},
	{"error 500 after the write", 20,
		func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			return answer(r, 500, "InternalServerError"), deliver(next, r)
		}},
	{"throttled", 20, func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
		return answer(r, 400, "ProvisionedThroughputExceededException"), r.Body.Close()
	}},
	{"time-out after the write", 20,
		func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			return nil, errors.Join(deliver(next, r), errTimeout)
		}},
	{"no answer", 25, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		err := deliver(next, r)
		<-r.Context().Done() // the HTTP client gives up
		return nil, errors.Join(err, r.Context().Err())
	}},
}

var (
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errTimeout = &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
)

// deliver has the request carried out and drops the reply.
func deliver(next http.RoundTripper, r *http.Request) error {
	reply, err := next.RoundTrip(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()

	_, err = io.Copy(io.Discard, reply.Body)
	return err
}

func answer(r *http.Request, status int, code string) *http.Response {
	body := `{"__type":"com.amazonaws.dynamodb.v20120810#` + code + `"}`
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}
}

// install puts the fault between the SDK, which tries again, and DynamoDB.
func (f fault) install(o *dynamodb.Options) {
	tries(3)(o)
	client := o.HTTPClient.(*http.Client)
	next := client.Transport

	client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if mathrand.N(100) >= f.percent {
			return next.RoundTrip(r)
		}
		return f.meet(next, r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Whatever happens to requests and replies, no code is accepted twice, no right code is called
// wrong, and no guess is given back.
func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			db := newTable(t, f.name)
			calm := harness.Database{Opener: bySDK, Source: db.Source}
			nothing := func(context.Context) error { return nil }

			harness.Disturbed(t, db, calm,
				harness.Disturbance{Do: nothing, Rounds: 1, Between: 150})
		})
	}
}
