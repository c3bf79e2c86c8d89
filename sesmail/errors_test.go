package sesmail_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/sesmail"
)

// The classes of errors, weakest first.
const (
	open          = "may have been sent"
	notSent       = "not sent"
	undeliverable = "undeliverable"
)

func classOf(err error) string {
	switch {
	case errors.Is(err, otp.ErrUndeliverable):
		return undeliverable
	case errors.Is(err, otp.ErrNotSent):
		return notSent
	}
	return open
}

// A valueError shows under %#v also where it is wrapped.
type valueError struct{ text string }

func (e valueError) Error() string { return e.text }

// The table has every error type of the SDK's package for SES, and what comes from below it.
func TestErrorsOfTheAPI(t *testing.T) {
	illegal := &types.BadRequestException{Message: aws.String("Illegal address")}
	unverified := &types.MessageRejected{
		Message: aws.String("Email address is not verified: ada@example.com"),
	}
	reset := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	texts := map[string]string{
		open:          `^sesmail: no answer from SES: may have been sent$`,
		notSent:       `^sesmail: not sent: SES refused it: [A-Za-z]+$`,
		undeliverable: `^sesmail: not sent: SES refused it: BadRequestException$`,
	}

	for want, errs := range map[string][]error{
		undeliverable: {illegal},
		notSent: {
			&types.AccountSuspendedException{}, &types.AlreadyExistsException{},
			&types.BadRequestException{}, &types.ConflictException{},
			&types.InvalidNextTokenException{}, &types.LimitExceededException{},
			&types.MailFromDomainNotVerifiedException{}, &types.MessageRejected{}, unverified,
			&types.NotFoundException{}, &types.SendingPausedException{},
			&types.TooManyRequestsException{},
		},
		open: {
			&types.InternalServiceErrorException{},
			&types.ConcurrentModificationException{}, // a fault of the server's

			// Without the SDK's client nothing shows how far the request came.
			&smithyhttp.RequestSendError{Err: reset},
			&smithy.CanceledError{Err: context.DeadlineExceeded},
			context.DeadlineExceeded, io.EOF, errors.New("something about ada@example.com"),
			valueError{"something about ada@example.com"},
		},
	} {
		for _, err := range errs {
			wrapped := &smithy.OperationError{
				ServiceID: "SESv2", OperationName: "SendEmail", Err: err,
			}
			for _, cause := range []error{err, wrapped} {
				err := newSender(t, &fakeAPI{err: cause}, nil).Send(t.Context(), message())
				require.Equal(t, want, classOf(err), "%v", err)
				require.Regexp(t, texts[want], err.Error())
				require.ErrorIs(t, err, cause)
				assertDiscreet(t, err)
			}
		}
	}
}

// assertDiscreet asserts that however err is printed, it shows neither address nor code.
func assertDiscreet(t *testing.T, err error) {
	t.Helper()

	printed := fmt.Sprintf("%v %+v %#v %#v", err, err, err, errors.Unwrap(err))
	assert.NotContains(t, printed, "ada@")
	assert.NotContains(t, printed, code)
}

// The SDK's own client meets 126 combinations, all at the same time by one Sender.
func TestEachStatusWithEachCode(t *testing.T) {
	refusals := []string{ // of the client's making, also with a status of the server's
		"BadRequestException", "TooManyRequestsException", "MessageRejected", "Throttling",
	}
	codes := append([]string{
		"", "AccessDeniedException", "InternalFailure", "ServiceUnavailable", "ada@example.com",
	}, refusals...)
	statuses := []int{400, 401, 403, 404, 408, 409, 413, 429, 500, 502, 503, 504, 507, 529}

	var requests atomic.Int32
	number := regexp.MustCompile(`"number-([0-9]+)"`)
	s := newSender(t, newClient(serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		n, err := strconv.Atoi(string(number.FindSubmatch(body)[1]))
		assert.NoError(t, err)
		w.Header().Set("X-Amzn-ErrorType", codes[n%len(codes)])
		w.WriteHeader(statuses[n/len(codes)])
		io.WriteString(w, `{"message": "about ada@example.com"}`)
	})), &sesmail.Options{Tags: map[string]string{"a": "1", "b": "2", "c": "3"}})

	var all sync.WaitGroup
	for n := range len(statuses) * len(codes) {
		all.Go(func() {
			status, code, want := statuses[n/len(codes)], codes[n%len(codes)], open
			if status != 408 && (status < 500 || slices.Contains(refusals, code)) {
				want = notSent
			}

			m := message()
			m.ID = fmt.Sprintf("number-%d", n)
			err := s.Send(t.Context(), m)
			assert.Equal(t, want, classOf(err), "%d %s: %v", status, code, err)
			assertDiscreet(t, err)
		})
	}
	all.Wait()
	require.EqualValues(t, len(statuses)*len(codes), requests.Load(), "one try each")
}

// newClient returns the SDK's own client for a server at the URL. It retries, which sesmail must
// turn off.
func newClient(url string, configure ...func(*sesv2.Options)) *sesv2.Client {
	return sesv2.New(sesv2.Options{
		Region: "eu-central-1", BaseEndpoint: &url, RetryMaxAttempts: 3,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}, configure...)
}

// serve returns the URL of a server.
func serve(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// The SDK's own client meets real failures.
func TestErrorsOnTheWay(t *testing.T) {
	var requests atomic.Int32
	counting := func(handler http.HandlerFunc) string {
		return serve(t, func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			io.Copy(io.Discard, r.Body)
			handler(w, r)
		})
	}
	reset := counting(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	noJSON := counting(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") })
	half := counting(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"MessageId`)
	})

	released := make(chan struct{})
	silent := counting(func(http.ResponseWriter, *http.Request) { <-released })
	defer close(released) // before the servers are closed

	const nobody = "http://127.0.0.1:1" // where no server listens, also not a moment later
	untrusted := untrustedServer(t, &requests)

	// A listener that nobody accepts from: connections stand, TLS never does.
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer mute.Close()

	fail := errors.New("fail")
	noCredentials := func(o *sesv2.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, fail
		})
	}
	otherTransport := func(o *sesv2.Options) {
		o.HTTPClient = smithyhttp.ClientDoFunc(func(*http.Request) (*http.Response, error) {
			return nil, fail
		})
	}

	const short = 100 * time.Millisecond
	for name, test := range map[string]struct {
		client   *sesv2.Client
		timeout  time.Duration // 0 for none
		want     string
		requests int32
	}{
		"connection reset":   {newClient(reset), 0, open, 1},
		"answer is no JSON":  {newClient(noJSON), 0, open, 1},
		"half an answer":     {newClient(half), 0, open, 1},
		"no answer in time":  {newClient(silent), short, open, 1},
		"connection refused": {newClient(nobody), 0, notSent, 0},
		"unknown host":       {newClient("http://host.invalid"), 0, notSent, 0},
		"untrusted":          {newClient(untrusted), 0, notSent, 0},
		"no TLS in time":     {newClient("https://" + mute.Addr().String()), short, notSent, 0},
		"no credentials":     {newClient(nobody, noCredentials), 0, notSent, 0},
		"no endpoint":        {newClient("://"), 0, notSent, 0},
		"other transport":    {newClient(nobody, otherTransport), 0, open, 0},
	} {
		t.Run(name, func(t *testing.T) {
			requests.Store(0)
			ctx, cancel := context.WithTimeout(t.Context(), max(test.timeout, time.Minute))
			if test.timeout != 0 {
				ctx, cancel = context.WithTimeout(t.Context(), test.timeout)
			}
			defer cancel()

			err := newSender(t, test.client, nil).Send(ctx, message())
			require.Error(t, err)
			require.Equal(t, test.want, classOf(err), "%v", err)
			assertDiscreet(t, err)
			require.Equal(t, test.requests, requests.Load())
		})
	}
}

// untrustedServer returns the URL of a server with a certificate that nobody knows.
func untrustedServer(t *testing.T, requests *atomic.Int32) string {
	server := httptest.NewUnstartedServer(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.TLS = &tls.Config{}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

var _ sesmail.API = (*sesv2.Client)(nil)
