package sesmail_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"
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

// TestErrorsOfTheAPI has every error type of the SDK's package for SES, and what comes from below it.
func TestErrorsOfTheAPI(t *testing.T) {
	status := func(code int, err error) error {
		return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: code}}, Err: err}
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&types.AccountSuspendedException{}, notSent},
		{&types.AlreadyExistsException{}, notSent},
		{&types.BadRequestException{}, notSent},
		{&types.BadRequestException{Message: aws.String("Illegal address")}, undeliverable},
		{&types.ConcurrentModificationException{}, open}, // a fault of the server's
		{&types.ConflictException{}, notSent},
		{&types.InternalServiceErrorException{}, open},
		{&types.InvalidNextTokenException{}, notSent},
		{&types.LimitExceededException{}, notSent},
		{&types.MailFromDomainNotVerifiedException{}, notSent},
		{&types.MessageRejected{}, notSent},
		{&types.MessageRejected{Message: aws.String("Email address is not verified: ada@example.com")}, notSent},
		{&types.NotFoundException{}, notSent},
		{&types.SendingPausedException{}, notSent},
		{&types.TooManyRequestsException{}, notSent},

		{status(400, &smithy.GenericAPIError{Code: "ThrottlingException"}), notSent},
		{status(503, &smithy.GenericAPIError{Code: "Throttling"}), notSent},
		{status(403, &smithy.GenericAPIError{Code: "AccessDeniedException"}), notSent},
		{status(403, &smithy.GenericAPIError{Code: "InvalidSignatureException"}), notSent},
		{status(403, &smithy.GenericAPIError{Code: "ada@example.com"}), notSent},
		{status(404, errors.New("not JSON")), notSent},
		{status(408, &smithy.GenericAPIError{Code: "RequestTimeout"}), open},
		{status(500, &smithy.GenericAPIError{Code: "InternalFailure"}), open},
		{status(502, errors.New("not JSON")), open},
		{status(503, &smithy.GenericAPIError{Code: "ServiceUnavailable"}), open},
		{status(504, &smithy.GenericAPIError{Code: "UnknownError"}), open},
		{status(200, &smithy.DeserializationError{Err: io.ErrUnexpectedEOF}), open},

		// Without the SDK's client nothing shows how far the request came.
		{&smithyhttp.RequestSendError{Err: &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}}, open},
		{&smithy.CanceledError{Err: context.DeadlineExceeded}, open},
		{context.DeadlineExceeded, open},
		{io.EOF, open},
		{errors.New("something about ada@example.com"), open},
		{valueError{"something about ada@example.com"}, open},
	} {
		t.Run(fmt.Sprintf("%T/%v", test.err, test.err), func(t *testing.T) {
			m := message(t, otp.Request{})
			wrapped := &smithy.OperationError{ServiceID: "SESv2", OperationName: "SendEmail", Err: test.err}
			for _, cause := range []error{test.err, wrapped} {
				err := newSender(t, &fakeAPI{err: cause}, nil).Send(t.Context(), m)
				if got := classOf(err); got != test.want {
					t.Errorf("%v is %q, want %q", err, got, test.want)
				}
				if !errors.Is(err, cause) {
					t.Errorf("%v does not wrap its cause", err)
				}
				for _, printed := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
					if strings.Contains(printed, "ada@") || strings.Contains(printed, m.Code.Reveal()) {
						t.Errorf("the error says too much: %s", printed)
					}
				}
			}
		})
	}
}

func TestErrorOfTheSDKStaysReachable(t *testing.T) {
	api := &fakeAPI{err: &smithy.OperationError{Err: &types.SendingPausedException{Message: aws.String("paused")}}}
	service := newService(t, newSender(t, api, nil))
	_, err := service.Send(t.Context(), otp.Request{To: "ada@example.com"})
	paused, ok := errors.AsType[*types.SendingPausedException](err)
	if !ok || paused.ErrorMessage() != "paused" || !errors.Is(err, otp.ErrDelivery) {
		t.Errorf("got %v", err)
	}
}

// newClient returns the SDK's own client for a server at the URL. It retries, which sesmail must turn off.
func newClient(url string, configure ...func(*sesv2.Options)) *sesv2.Client {
	return sesv2.New(sesv2.Options{
		Region: "eu-central-1", BaseEndpoint: &url, RetryMaxAttempts: 3,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}, configure...)
}

// TestErrorsOnTheWay has the SDK's own client meet real failures.
func TestErrorsOnTheWay(t *testing.T) {
	var requests atomic.Int32
	serve := func(handler http.HandlerFunc) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			io.Copy(io.Discard, r.Body)
			handler(w, r)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	answer := func(code int, kind string) string {
		return serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", kind)
			w.WriteHeader(code)
			io.WriteString(w, `{"message": "about ada@example.com"}`)
		})
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	untrusted := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	untrusted.TLS = &tls.Config{}
	untrusted.StartTLS()
	defer untrusted.Close()
	released := make(chan struct{})
	silent := serve(func(_ http.ResponseWriter, r *http.Request) { <-released })
	defer close(released) // before the servers are closed
	// A listener that nobody accepts from: connections stand, TLS never does.
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	fail := errors.New("fail")

	for name, test := range map[string]struct {
		client   *sesv2.Client
		timeout  time.Duration
		want     string
		requests int32
	}{
		"throttled":          {newClient(answer(429, "TooManyRequestsException")), 0, notSent, 1},
		"limit":              {newClient(answer(400, "LimitExceededException")), 0, notSent, 1},
		"rejected":           {newClient(answer(400, "MessageRejected")), 0, notSent, 1},
		"access denied":      {newClient(answer(403, "AccessDeniedException")), 0, notSent, 1},
		"bad signature":      {newClient(answer(403, "SignatureDoesNotMatch")), 0, notSent, 1},
		"internal failure":   {newClient(answer(500, "InternalFailure")), 0, open, 1},
		"unavailable":        {newClient(answer(503, "ServiceUnavailable")), 0, open, 1},
		"request time-out":   {newClient(answer(408, "RequestTimeout")), 0, open, 1},
		"connection reset":   {newClient(serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })), 0, open, 1},
		"answer is no JSON":  {newClient(serve(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") })), 0, open, 1},
		"no answer in time":  {newClient(silent), 100 * time.Millisecond, open, 1},
		"connection refused": {newClient(closed.URL), 0, notSent, 0},
		"unknown host":       {newClient("http://host.invalid"), 0, notSent, 0},
		"untrusted":          {newClient(untrusted.URL), 0, notSent, 0},
		"no TLS in time":     {newClient("https://" + mute.Addr().String()), 100 * time.Millisecond, notSent, 0},
		"no credentials": {newClient(closed.URL, func(o *sesv2.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, fail })
		}), 0, notSent, 0},
		"no endpoint": {newClient("://"), 0, notSent, 0},
		"other transport": {newClient(closed.URL, func(o *sesv2.Options) {
			o.HTTPClient = smithyhttp.ClientDoFunc(func(*http.Request) (*http.Response, error) { return nil, fail })
		}), 0, open, 0},
	} {
		t.Run(name, func(t *testing.T) {
			requests.Store(0)
			ctx := t.Context()
			if test.timeout != 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, test.timeout)
				defer cancel()
			}
			err := newSender(t, test.client, nil).Send(ctx, message(t, otp.Request{}))
			if got := classOf(err); err == nil || got != test.want {
				t.Errorf("%v is %q, want %q", err, got, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "ada@") {
				t.Errorf("the error says too much: %v", err)
			}
			if got := requests.Load(); got != test.requests {
				t.Errorf("the server got %d requests, want %d", got, test.requests)
			}
		})
	}
}

func TestNothingLeavesInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		s := newSender(t, api, nil)
		m := message(t, otp.Request{})

		time.Sleep(time.Until(m.ExpiresAt)) // the bubble's time
		if err := s.Send(t.Context(), m); classOf(err) != notSent {
			t.Errorf("an expired code: got %v, want ErrNotSent", err)
		}
		m = message(t, otp.Request{})
		done, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Send(done, m); classOf(err) != notSent || !errors.Is(err, context.Canceled) {
			t.Errorf("a context that is done: got %v, want ErrNotSent and context.Canceled", err)
		}
		m.Code = otp.Code{}
		if err := s.Send(t.Context(), m); classOf(err) != notSent {
			t.Errorf("no code: got %v, want ErrNotSent", err)
		}
		if len(api.inputs) != 0 {
			t.Errorf("%d messages were sent", len(api.inputs))
		}
	})
}

// deadlineAPI waits for the end of its context.
type deadlineAPI struct{}

func (deadlineAPI) SendEmail(ctx context.Context, _ *sesv2.SendEmailInput, _ ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTheTryEndsWithTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := message(t, otp.Request{})
		err := newSender(t, deadlineAPI{}, nil).Send(t.Context(), m)
		if !time.Now().Equal(m.ExpiresAt) || !errors.Is(err, context.DeadlineExceeded) || classOf(err) != open {
			t.Errorf("at %v, %v: %v", time.Now(), m.ExpiresAt, err)
		}
	})
}

// TestNoLogHoldsTheCode turns on all that the SDK can log.
func TestNoLogHoldsTheCode(t *testing.T) {
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadRequest)
		w.Write(body) // SES does not repeat the mail, but if it did
	}))
	defer server.Close()
	var log bytes.Buffer
	client := newClient(server.URL, func(o *sesv2.Options) {
		o.ClientLogMode = ^aws.ClientLogMode(0)
		o.Logger = logging.NewStandardLogger(&log)
	})
	m := message(t, otp.Request{})
	s := newSender(t, client, nil)
	err := s.Send(t.Context(), m)
	if !bytes.Contains(body, []byte(m.Code.Reveal())) {
		t.Fatal("the request has no code")
	}
	mail, renderErr := s.Render(m)
	if renderErr != nil {
		t.Fatal(renderErr)
	}
	slog.New(slog.NewJSONHandler(&log, nil)).Info("sent", "mail", mail, "error", err, "sender", s,
		"all", fmt.Sprintf("%v %+v %#v %s %v %+v %#v %v", mail, mail, mail, mail, err, err, err, sesmail.View{Code: m.Code.Reveal()}))
	if strings.Contains(log.String(), m.Code.Reveal()) {
		t.Errorf("a log holds the code:\n%s", &log)
	}

	// The test can fail: without sesmail, the same client logs the same request.
	log.Reset()
	client.SendEmail(t.Context(), &sesv2.SendEmailInput{Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte("x")}}})
	if !strings.Contains(log.String(), "Raw") {
		t.Errorf("the client's own log is off:\n%s", &log)
	}
}
